"""Storing deliveries: report, tables, log entry and receipt in one durable transaction.

    with store.write() as connection:
        outcomes = take(connection, log, deliveries, now)

Many deliveries share one transaction, and so one wait for the disk. Each is taken whole or
refused whole; one that is refused does not touch the others. What is in the log already is not
stored again and gets the receipt it got before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from evidence.statement import Report
from server import clock, history, places
from server import log as logs
from server.counting import Asked
from server.delivery import Delivery, Examined
from server.errors import RefusedError
from server.log import Log
from server.places import SCORED, Last, Link, New
from server.store import envelopes
from server.store.schema import blobs, hosts, reports
from server.units import Assigned, newest_assignments

MAX_INTERVAL = 7 * 24 * 3600
"""The longest interval between two reports, in seconds."""

SILENT_WITHOUT_PROMISE = timedelta(days=1)
"""When a host that has no assigned interval counts as silent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one delivery."""

    receipts: Mapping[str, str]
    """By payload digest, for every report in it."""
    newer_assignment: str | None
    """Digest of the unit's assignment, if the last report was made under another one."""
    stored: frozenset[str]
    """Digests of blobs that are stored for certain once this is committed."""
    taken: tuple[tuple[Report, Link], ...]
    """Its reports that were new, and how each follows on."""


_BLOBS = select(blobs.c.sha256).where(blobs.c.sha256.in_(bindparam("digests", expanding=True)))
_HOSTS = select(hosts).where(hosts.c.id.in_(bindparam("host_ids", expanding=True)))


@dataclass(slots=True)
class _Host:
    """A host's row, as far as reports change it."""

    head: str | None
    head_sequence: int
    last_sequence: int
    outcomes: bytes | None
    name: str
    due_at: str


def take(
    connection: Connection,
    log: Log,
    deliveries: Sequence[Delivery],
    now: datetime,
    *,
    is_stored: Callable[[str], bool] = lambda _: False,
) -> list[Outcome | RefusedError]:
    """Store `deliveries`, in order; what becomes of each when the transaction is committed.

    `is_stored` knows some of the blobs that are stored, and so saves looking for them.
    """
    received_at = clock.stamp(now)
    known = dict(logs.receipts(connection, _digests(deliveries)))
    stored = _stored_blobs(connection, deliveries, is_stored)
    accepted: list[tuple[Delivery, list[Examined]] | RefusedError] = []
    fresh: dict[str, tuple[Delivery, Examined]] = {}
    new_blobs: list[dict[str, Any]] = []
    for delivery in deliveries:
        new = [r for r in delivery.reports if r.entry.digest not in known | fresh.keys()]
        needed = frozenset[str]().union(*(r.needs for r in new))
        wanted = needed - stored - delivery.blobs.keys()
        if wanted:
            accepted.append(_blobs_missing(wanted))
            continue
        accepted.append((delivery, new))
        fresh |= {r.entry.digest: (delivery, r) for r in new}
        for digest in delivery.blobs.keys() - stored:
            blob = delivery.blobs[digest]
            new_blobs.append(
                {"sha256": digest, "data": blob.packed, "size": blob.size, "stored_at": received_at}
            )
        stored |= delivery.blobs.keys()
    if new_blobs:
        connection.execute(insert(blobs), new_blobs)
    assigned = newest_assignments(connection, {delivery.sender.unit_id for delivery in deliveries})
    entries = [examined.entry for _, examined in fresh.values()]
    known |= logs.append(connection, log, entries, received_at)
    links = _store_reports(connection, fresh, assigned, now)
    return [
        item
        if isinstance(item, RefusedError)
        else _outcome(*item, receipts=known, links=links, assigned=assigned)
        for item in accepted
    ]


def due_at(now: datetime, interval_s: int | None) -> str:
    """When a host heard of at `now` becomes silent: its interval and a quarter, or a day.

    No host can promise itself more than `MAX_INTERVAL`.
    """
    if interval_s is None:
        return clock.stamp(now + SILENT_WITHOUT_PROMISE)
    seconds = min(interval_s, MAX_INTERVAL)
    return clock.stamp(now + timedelta(seconds=seconds + max(seconds // 4, 300)))


def _digests(deliveries: Iterable[Delivery]) -> list[str]:
    return [report.entry.digest for delivery in deliveries for report in delivery.reports]


def _stored_blobs(
    connection: Connection, deliveries: Iterable[Delivery], is_stored: Callable[[str], bool]
) -> set[str]:
    """Which of all blobs that `deliveries` name or bring are stored."""
    named: set[str] = set()
    for delivery in deliveries:
        named |= delivery.blobs.keys()
        named.update(*(report.needs for report in delivery.reports))
    known = {digest for digest in named if is_stored(digest)}
    for some in envelopes.in_parts(named - known):
        known.update(connection.scalars(_BLOBS, {"digests": some}))
    return known


def _store_reports(
    connection: Connection,
    fresh: Mapping[str, tuple[Delivery, Examined]],
    assigned: Mapping[int, Assigned],
    now: datetime,
) -> dict[str, Link]:
    """Store the queryable copy of each report; how each follows on in its chain."""
    if not fresh:
        return {}
    host_ids = {delivery.sender.host_id for delivery, _ in fresh.values()}
    known = {
        row.id: _Host(
            row.head, row.head_sequence, row.last_sequence, row.outcomes, row.name, row.due_at
        )
        for row in connection.execute(_HOSTS, {"host_ids": list(host_ids)})
    }
    news = [New(d.sender.host_id, digest, r.report.chain) for digest, (d, r) in fresh.items()]
    links = places.links(
        connection,
        news,
        {i: Last(h.head, h.head_sequence, h.last_sequence) for i, h in known.items()},
    )
    received_at = clock.stamp(now)
    asked = Asked(connection, (e.report for _, e in fresh.values()), assigned)
    rows, changed = [], []
    for digest, (delivery, examined) in fresh.items():
        host_id, report = delivery.sender.host_id, examined.report
        link = links[digest]
        asked_for = asked.for_this(delivery.sender.unit_id, report)
        counts = asked_for and link in SCORED
        rows.append(_row(digest, delivery, report, link, received_at) | {"scored": counts})
        host = known[host_id]
        host.last_sequence = max(host.last_sequence, report.chain.sequence)
        if asked_for:
            promise = assigned.get(delivery.sender.unit_id)
            host.due_at = due_at(now, promise.interval_s if promise else report.chain.interval_s)
        if counts and report.chain.sequence > host.head_sequence:
            if examined.outcomes != host.outcomes:
                changed.append((host_id, digest, report.verdicts))
            host.head, host.head_sequence = digest, report.chain.sequence
            host.outcomes, host.name = examined.outcomes, report.host.name
    connection.execute(insert(reports), rows)
    history.advance(connection, changed, received_at)
    connection.execute(
        update(hosts)
        .where(hosts.c.id == bindparam("host"))
        .values(
            head=bindparam("at_head"),
            head_sequence=bindparam("at_sequence"),
            last_sequence=bindparam("up_to"),
            outcomes=bindparam("all_outcomes"),
            name=bindparam("called"),
            reported_at=received_at,
            due_at=bindparam("due"),
        ),
        [
            {
                "host": host_id,
                "at_head": host.head,
                "at_sequence": host.head_sequence,
                "up_to": host.last_sequence,
                "all_outcomes": host.outcomes,
                "called": host.name,
                "due": host.due_at,
            }
            for host_id, host in known.items()
        ],
    )
    late = [n for n in news if n.chain.sequence < known[n.host_id].last_sequence]
    places.close_gaps(connection, [n for n in late if links[n.digest] in SCORED])
    return links


def _row(
    digest: str, delivery: Delivery, report: Report, link: Link, received_at: str
) -> dict[str, Any]:
    return {
        "digest": digest,
        "host_id": delivery.sender.host_id,
        "sequence": report.chain.sequence,
        "previous": report.chain.previous,
        "link": link,
        "received_at": received_at,
        "skew_s": delivery.skew_s,
        "scan_started": report.scan.started,
        "scan_ended": report.scan.ended,
        "pass_weight": report.score.pass_weight,
        "applicable_weight": report.score.applicable_weight,
        "not_applicable_weight": report.score.not_applicable_weight,
        "evaluated": report.score.evaluated,
        "expected": report.score.expected,
        "oldest_fact": report.score.oldest_fact,
        "grade": report.score.grade,
        "assignment": report.assignment.sha256 if report.assignment else None,
    }


def _outcome(
    delivery: Delivery,
    new: Sequence[Examined],
    *,
    receipts: Mapping[str, str],
    links: Mapping[str, Link],
    assigned: Mapping[int, Assigned],
) -> Outcome:
    current = assigned.get(delivery.sender.unit_id)
    under = delivery.reports[-1].report.assignment if delivery.reports else None
    newer = (
        current.digest
        if current and delivery.reports and (under is None or under.sha256 != current.digest)
        else None
    )
    return Outcome(
        receipts={r.entry.digest: receipts[r.entry.digest] for r in delivery.reports},
        newer_assignment=newer,
        stored=frozenset(delivery.blobs).union(*(report.needs for report in new)),
        taken=tuple((r.report, links[r.entry.digest]) for r in new),
    )


def _blobs_missing(wanted: frozenset[str]) -> RefusedError:
    return RefusedError(
        409,
        "blobs_missing",
        f"缺少 {len(wanted)} 个数据块，本次发送未保存；请连同 wanted 所列数据块重新发送",
        f"{len(wanted)} blobs are missing and nothing was stored; send it again with those "
        "named in `wanted`",
        wanted=sorted(wanted),
    )
