"""What was plugged into a host and out again, as its reports of events tell it."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from evidence.canonical import Cell
from evidence.statement import Report, Statement, TableEntry, decode_statement
from facts.errors import MalformedTableError
from facts.snapshot import from_wire
from server.store import envelopes
from server.store.schema import reports

TABLE = "hardware_events"
MAX_REPORTS = 20
"""How many reports of events are looked at, the newest."""
MAX_CANDIDATES = 500
"""How many reports that nothing was asked of are looked at to find them."""


@dataclass(frozen=True, slots=True)
class EventReport:
    """One report of events."""

    digest: str
    sequence: int
    received_at: str
    entry: TableEntry
    """How well it was watched."""
    rows: tuple[Mapping[str, Cell], ...] | None
    """In the order in which they happened; None if the table is not here, or no table."""


def recent(connection: Connection, host_id: str) -> tuple[EventReport, ...]:
    """The newest reports of events of that host, the newest first."""
    # A report of events judges nothing, so that nothing is expected of it; others may be so, too.
    candidates = connection.execute(
        select(reports.c.digest, reports.c.sequence, reports.c.received_at)
        .where(reports.c.host_id == host_id, reports.c.expected == 0, reports.c.scored.is_(False))
        .order_by(reports.c.sequence.desc())
        .limit(MAX_CANDIDATES)
    ).all()
    found: list[EventReport] = []
    for row in candidates:
        said = decode_statement(envelopes.payload(connection, row.digest), Report)
        if not said.predicate.is_of_events:
            continue
        found.extend(
            EventReport(row.digest, row.sequence, row.received_at, entry, rows)
            for entry, rows in _tables(connection, said)
        )
        if len(found) >= MAX_REPORTS:
            break
    return tuple(found)


def _tables(
    connection: Connection, said: Statement[Report]
) -> Iterator[tuple[TableEntry, tuple[Mapping[str, Cell], ...] | None]]:
    """The table of events in `said`, if it has one."""
    digests = {subject.name: subject.digest.sha256 for subject in said.subject}
    for entry in said.predicate.tables:
        if entry.name == TABLE:
            yield entry, _rows(connection, entry, digests[f"tables/{TABLE}"])


def _rows(
    connection: Connection, entry: TableEntry, digest: str
) -> tuple[Mapping[str, Cell], ...] | None:
    try:
        data = envelopes.blob_contents(connection, [digest]).get(digest)
        if data is None:
            return None
        rows = from_wire(entry, data).rows
    except (MalformedTableError, zlib.error):
        return None
    named = [dict(zip(entry.columns, row, strict=True)) for row in rows]
    return tuple(sorted(named, key=lambda row: str(row.get("eid"))))
