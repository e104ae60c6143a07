"""What the watcher recorded, as the table `hardware_events`, and how well it was watched."""

from collections.abc import Sequence

from agent.clock import stamp
from agent.journal import Journal, Row
from collectors.interface import Observed
from facts.status import COMPLETE, Condition, Reason, Status, condition

TABLE = "hardware_events"
_NOT_WATCHING = Reason("not_watching")
_IDENTITY = ("vendor", "model", "serial")


def recorded(journal: Journal, since: int) -> Observed:
    """All that is recorded; how well it was watched since `since`, in seconds since 1970.

    `since` is when the table was last asked for: what was not watched before that was told then.
    """
    if not journal.exists:
        return Observed((), Condition(Status.UNSUPPORTED, _NOT_WATCHING))
    watched = journal.is_watched()
    try:
        rows = journal.rows()
    except (OSError, ValueError):
        return Observed((), _damaged(journal))
    fresh = [row for row in rows if row["time"] >= since]
    observed = as_table(rows, fresh)
    if watched:
        return observed
    status = Status.PARTIAL if rows else Status.UNSUPPORTED
    return Observed(observed.rows, Condition(status, _NOT_WATCHING), observed.columns)


def as_table(rows: Sequence[Row], fresh: Sequence[Row]) -> Observed:
    """`rows` as a table; what `fresh` ones lack is its condition."""
    columns = {
        column: Condition(Status.PARTIAL, Reason(why[0], tuple(why[1:])))
        for row in fresh
        if (why := row.get("why"))
        for column in _IDENTITY
        if row.get(column) is None
    }
    gaps = [row for row in fresh if row["action"] == "gap"]
    cells = [{name: cell for name, cell in row.items() if name != "why"} for row in rows]
    return Observed(cells, _condition(gaps[-1]) if gaps else COMPLETE, columns)


def _condition(gap: Row) -> Condition:
    """What it means for the table that nobody watched, or that events were lost."""
    until = stamp(gap["time"])
    if "duration" in gap:
        return condition(
            Status.PARTIAL, "not_watched_for", stamp(gap["time"] - gap["duration"]), until
        )
    if gap["type"] == "unwatched":
        return Condition(Status.PARTIAL, _NOT_WATCHING)
    return condition(Status.PARTIAL, "events_lost", until)


def _damaged(journal: Journal) -> Condition:
    return condition(Status.UNREADABLE, "malformed_source", str(journal.directory))
