"""What came of judging reports again, in the store.

A report that differs ceases to count from then on, as one that was never asked for
(`server.counting`): the newest that counts before it takes its place, and what the false one had
changed in the history of verdicts is taken back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, false, insert, select, true, update

from evidence.statement import Report, Verdict, decode_statement
from server import clock, history
from server.rejudging.once import Rejudgement
from server.store import envelopes
from server.store.schema import WAITING, hosts, rejudgings, reports

OPEN: Final = ("waiting", "failed", "unchecked")
"""What can still become something else, when it is asked for or another version judges."""


def waiting(connection: Connection, most: int) -> list[str]:
    """The reports to be judged next, at most so many.

    First those that say how their hosts stand now, then what else counts, then the rest; in each
    the oldest first.
    """
    if connection.scalar(select(reports.c.digest).where(WAITING).limit(1)) is None:
        return []
    found: dict[str, None] = {}
    # Written so that each is a search by index, however much waits: this is asked again and again.
    every: tuple[ColumnElement[bool], ...] = (
        reports.c.digest.in_(select(hosts.c.head).where(hosts.c.head.is_not(None))),
        reports.c.scored == true(),
        reports.c.scored == false(),
    )
    for which in every:
        if len(found) < most:
            query = (
                select(reports.c.digest)
                .where(WAITING, which)
                .order_by(reports.c.received_at)
                .limit(most)
            )
            found |= dict.fromkeys(connection.scalars(query))
    return list(found)[:most]


def open_reports(connection: Connection, unit_id: int | None) -> list[str]:
    """Every report that waits, or could not be judged again before; of that unit, or of all."""
    query = (
        select(reports.c.digest)
        .join(hosts, hosts.c.id == reports.c.host_id)
        .where(reports.c.rejudged.in_(OPEN))
        .order_by(reports.c.received_at)
    )
    if unit_id is not None:
        query = query.where(hosts.c.unit_id == unit_id)
    return list(connection.scalars(query))


def note(connection: Connection, answers: Iterable[Rejudgement], now: datetime) -> None:
    """Store what came of judging reports again; what another process settled stays as it is."""
    for answer in answers:
        this = reports.c.digest == answer.report
        settled = connection.execute(
            update(reports).where(this, reports.c.rejudged.in_(OPEN)).values(rejudged=answer.result)
        )
        if settled.rowcount == 0:
            continue
        connection.execute(delete(rejudgings).where(rejudgings.c.report == answer.report))
        if answer.result != "equal":
            connection.execute(insert(rejudgings), _row(answer, now))
        if answer.result == "differs":
            _discount(connection, answer.report, now)


def _row(answer: Rejudgement, now: datetime) -> dict[str, str | int]:
    return {
        "report": answer.report,
        "judged_at": clock.stamp(now),
        "different": answer.different,
        "differences": msgspec.json.encode(answer.differences).decode(),
        "unchecked": msgspec.json.encode(answer.unchecked).decode(),
    }


def _discount(connection: Connection, digest: str, now: datetime) -> None:
    """Let the report `digest` count no more."""
    connection.execute(update(reports).where(reports.c.digest == digest).values(scored=False))
    said = connection.execute(
        select(reports.c.host_id, reports.c.received_at, hosts.c.head)
        .join(hosts, hosts.c.id == reports.c.host_id)
        .where(reports.c.digest == digest)
    ).one()
    if said.head != digest:
        return
    before = connection.execute(
        select(reports.c.digest, reports.c.sequence)
        .where(reports.c.host_id == said.host_id, reports.c.scored)
        .order_by(reports.c.sequence.desc())
        .limit(1)
    ).first()
    history.retract(connection, said.host_id, digest, said.received_at)
    counts: dict[str, Any] = {"head": None, "head_sequence": 0, "outcomes": None}
    verdicts: Sequence[Verdict] = ()
    if before is not None:
        report = decode_statement(envelopes.payload(connection, before.digest), Report).predicate
        verdicts = report.verdicts
        counts = {
            "head": before.digest,
            "head_sequence": before.sequence,
            "outcomes": history.outcomes(report),
        }
    now_counts = counts["head"] or digest
    history.advance(connection, [(said.host_id, now_counts, verdicts)], clock.stamp(now))
    connection.execute(update(hosts).where(hosts.c.id == said.host_id).values(counts))
