"""What each check said on each host, from when to when.

A row of `verdicts` begins when an outcome changes and ends when it changes again; a report that
says what the one before said writes nothing. Times are the server's.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from evidence.statement import Report, Verdict
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


def outcomes(report: Report) -> bytes:
    """A digest over all that `report` says of its checks; equal if no outcome differs."""
    said = [
        (v.policy, v.check, v.verdict, v.rows_digest.sha256, v.reasons) for v in report.verdicts
    ]
    return hashlib.sha256(_encoder.encode(said)).digest()


def advance(
    connection: Connection, changes: Sequence[tuple[str, str, Sequence[Verdict]]], now: str
) -> None:
    """Note what hosts said anew, in this order: host, digest of the report, its verdicts.

    A check that a report does not name ends.
    """
    if not changes:
        return
    holding = _holding(connection, {host_id for host_id, _, _ in changes})
    new: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []

    def end(outcome: _Open) -> None:
        if outcome.row is not None:
            outcome.row["until"] = now
        else:
            ended.append({"ended": outcome.id, "at": now})

    for host_id, report, said in changes:
        open_here = holding[host_id]
        gone = set(open_here)
        for verdict in said:
            check = (verdict.policy, verdict.check)
            gone.discard(check)
            reasons = _encoder.encode(verdict.reasons).decode()
            outcome = (verdict.verdict, verdict.rows_digest.sha256, reasons)
            before = open_here.get(check)
            if before is not None and before.said == outcome:
                continue
            since = now
            if before is not None:
                end(before)
                if before.said[0] == verdict.verdict:
                    since = before.verdict_since
            row = _row(host_id, report, verdict, reasons) | {"since": now, "verdict_since": since}
            new.append(row)
            open_here[check] = _Open(outcome, since, None, row)
        for check in gone:
            end(open_here.pop(check))
    if ended:
        connection.execute(
            update(verdicts)
            .where(verdicts.c.id == bindparam("ended"))
            .values(until=bindparam("at")),
            ended,
        )
    if new:
        connection.execute(insert(verdicts), new)


def retract(connection: Connection, host_id: str, report: str, received_at: str) -> None:
    """Take back what `report` changed on that host when it came at `received_at`, as the last.

    Where it was one of several that came at that moment, `advance` sets right what is left over.
    """
    here = verdicts.c.host_id == host_id
    connection.execute(delete(verdicts).where(here, verdicts.c.first_report == report))
    ended = connection.execute(
        select(verdicts.c.id, verdicts.c.policy, verdicts.c.check_id)
        .where(here, verdicts.c.until == received_at)
        .order_by(verdicts.c.id)
    )
    last = {(policy, check): row_id for row_id, policy, check in ended}
    holding = _holding(connection, {host_id})[host_id]
    again = [row_id for check, row_id in last.items() if check not in holding]
    if again:
        connection.execute(update(verdicts).where(verdicts.c.id.in_(again)).values(until=None))


def _holding(connection: Connection, host_ids: set[str]) -> dict[str, dict[_Check, _Open]]:
    """The outcomes that hold on these hosts."""
    holding: dict[str, dict[_Check, _Open]] = {host_id: {} for host_id in host_ids}
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
        ).where(verdicts.c.host_id.in_(list(host_ids)), verdicts.c.until.is_(None))
    )
    for row_id, host_id, policy, check, verdict, rows_digest, reasons, since in found:
        said = (verdict, rows_digest, reasons)
        holding[host_id][policy, check] = _Open(said, since, row_id, None)
    return holding


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
