"""What each check said on each host, from when to when.

A row of `verdicts` begins when an outcome changes and ends when it changes again; a report that
says what the one before said writes nothing. Times are the server's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from evidence.statement import Verdict
from server.store.schema import verdicts

_Check: TypeAlias = tuple[str, str]
_Said: TypeAlias = tuple[str, str, str]

_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(slots=True)
class _Open:
    """An outcome that holds."""

    said: _Said
    verdict_since: str
    id: int | None
    """None: not stored yet, see `row`."""
    row: dict[str, Any] | None


class History:
    """The outcomes that hold on some hosts, and how they change in one transaction."""

    def __init__(self, connection: Connection, host_ids: Iterable[str]) -> None:
        self._connection = connection
        self._open: dict[str, dict[_Check, _Open]] = {host_id: {} for host_id in host_ids}
        self._new: list[dict[str, Any]] = []
        self._ended: list[dict[str, Any]] = []
        found = connection.execute(
            select(
                verdicts.c.id,
                verdicts.c.host_id,
                verdicts.c.policy,
                verdicts.c.check_id,
                verdicts.c.verdict,
                verdicts.c.rows_digest,
                verdicts.c.reasons,
                verdicts.c.verdict_since,
            ).where(verdicts.c.host_id.in_(list(self._open)), verdicts.c.until.is_(None))
        )
        for row_id, host_id, policy, check, verdict, rows_digest, reasons, since in found:
            said = (verdict, rows_digest, reasons)
            self._open[host_id][policy, check] = _Open(said, since, row_id, None)

    def advance(self, host_id: str, report: str, said: Iterable[Verdict], now: str) -> None:
        """Note what the report with this digest says of its host; a check it does not name ends."""
        holding = self._open[host_id]
        gone = set(holding)
        for verdict in said:
            check = (verdict.policy, verdict.check)
            gone.discard(check)
            reasons = _encoder.encode(verdict.reasons).decode()
            outcome = (verdict.verdict, verdict.rows_digest.sha256, reasons)
            before = holding.get(check)
            if before is not None and before.said == outcome:
                continue
            since = now
            if before is not None:
                self._end(before, now)
                if before.said[0] == verdict.verdict:
                    since = before.verdict_since
            row = _row(host_id, report, verdict, reasons) | {"since": now, "verdict_since": since}
            self._new.append(row)
            holding[check] = _Open(outcome, since, None, row)
        for check in gone:
            self._end(holding.pop(check), now)

    def flush(self) -> None:
        """Store the changes."""
        if self._ended:
            self._connection.execute(
                update(verdicts)
                .where(verdicts.c.id == bindparam("ended"))
                .values(until=bindparam("at")),
                self._ended,
            )
        if self._new:
            self._connection.execute(insert(verdicts), self._new)

    def _end(self, outcome: _Open, now: str) -> None:
        if outcome.row is not None:
            outcome.row["until"] = now
        else:
            self._ended.append({"ended": outcome.id, "at": now})


def _row(host_id: str, report: str, verdict: Verdict, reasons: str) -> dict[str, Any]:
    evidence = {"columns": verdict.columns, "rows": verdict.rows}
    return {
        "host_id": host_id,
        "policy": verdict.policy,
        "check_id": verdict.check,
        "verdict": verdict.verdict,
        "row_count": verdict.row_count,
        "rows_digest": verdict.rows_digest.sha256,
        "reasons": reasons,
        "evidence": _encoder.encode(evidence).decode(),
        "first_report": report,
        "until": None,
    }
