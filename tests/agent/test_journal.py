"""The watcher's journal: written whole, kept small, and never at the price of what is unsigned."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from agent import journal as journals
from agent.journal import Journal, Row, folded
from agent.pace import Pace
from agent.watched import recorded
from facts.status import Status

DAY_S = 24 * 3600


def _row(**cells: Any) -> Row:
    return {"action": "add", "path": "/sys/devices/x", "type": "usb_device", "time": 1000, **cells}


def _journal(root: Path) -> Journal:
    journal = Journal(root)
    journal.take()
    return journal


def test_events_are_numbered_across_restarts(tmp_path: Path) -> None:
    """A number is given once, also by the next watcher, also when the last line was lost."""
    _journal(tmp_path).append([_row(), _row()])
    (tmp_path / "watch" / "lock").unlink()

    again = _journal(tmp_path)
    again.sign(7)
    again.append([_row()])

    assert [int(row["eid"]) for row in again.rows()] == [1, 2, 8]
    assert [int(row["eid"]) for row in again.rows(after=2)] == [8]


def test_like_events_become_one() -> None:
    """Counts and amounts add up, the last time stands, and what differs stays apart."""
    rows = [
        _row(eid="1", time=10, action="remove", sectors_written=5, duration=2),
        _row(eid="2", time=20, serial="other"),
        _row(eid="3", time=30, action="remove", sectors_written=7, duration=1),
        _row(eid="4", time=40, action="remove", count=3, first_time=35),
    ]

    other, removed = folded(rows)

    assert (other["serial"], "count" in other) == ("other", False)
    assert (removed["count"], removed["first_time"], removed["time"]) == (5, 10, 40)
    assert (removed["sectors_written"], removed["duration"], removed["eid"]) == (12, 3, "4")


def test_old_events_that_are_alike_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal shrinks by its old part; a week stays as it was."""
    monkeypatch.setattr(journals, "MAX_BYTES", 20_000)
    monkeypatch.setattr(journals, "SHORT_BYTES", 16_000)
    journal = _journal(tmp_path)
    now = int(time.time())
    journal.append([_row(time=now - 30 * DAY_S + n) for n in range(100)])
    journal.sign(100)

    journal.append([_row(time=now - DAY_S + n) for n in range(60)])
    journal.append([_row(time=now - DAY_S + n) for n in range(60)])

    counted, *fresh = journal.rows()
    assert counted["count"] == 100
    assert all("count" not in row for row in fresh)
    assert len(fresh) == 120


def test_what_is_unsigned_is_not_folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no report carries yet stays row by row, as long as there is room for it at all."""
    monkeypatch.setattr(journals, "MAX_BYTES", 20_000)
    monkeypatch.setattr(journals, "SHORT_BYTES", 16_000)
    journal = _journal(tmp_path)
    now = int(time.time())
    journal.append([_row(time=now + n) for n in range(100)])
    journal.sign(100)

    journal.append([_row(time=now + n, serial="x") for n in range(120)])

    rows = journal.rows()
    assert [row.get("count") for row in rows if "serial" not in row] == [100]
    assert len([row for row in rows if "serial" in row]) == 120


def test_a_flood_of_different_events_is_told_as_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even the distinct ones are too many, the oldest go, on record."""
    monkeypatch.setattr(journals, "MAX_BYTES", 20_000)
    monkeypatch.setattr(journals, "SHORT_BYTES", 16_000)
    journal = _journal(tmp_path)

    journal.append([_row(serial=f"{n:050d}") for n in range(400)])

    gap, *rest = journal.rows()
    assert (gap["action"], gap["type"]) == ("gap", "dropped")
    assert gap["count"] + len(rest) == 400
    assert recorded(journal, 0).condition.status is Status.PARTIAL


def test_a_disk_that_is_full_loses_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written whole is not written at all."""
    journal = _journal(tmp_path)
    journal.append([_row()])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", full)
        with pytest.raises(OSError, match="No space"):
            journal.append([_row()])
    journal.append([_row(time=2)])

    assert [(int(row["eid"]), row["time"]) for row in journal.rows()] == [(1, 1000), (2, 2)]


def test_how_well_it_was_watched(tmp_path: Path) -> None:
    """Never, not any more, with a gap since it was last asked, and without one."""
    never = recorded(Journal(tmp_path), 0).condition
    journal = Journal(tmp_path)
    lock = journal.take()
    gap = {"action": "gap", "path": "", "type": "unwatched", "time": 1000}
    journal.append([gap | {"duration": 60}, _row(time=1001, serial=None, why=["x", "/a"])])
    before, after = recorded(journal, 500), recorded(journal, 1002)
    os.close(lock)
    ended = recorded(journal, 1002).condition

    assert (never.status, never.reason and never.reason.code) == ("unsupported", "not_watching")
    assert before.condition.reason is not None
    assert before.condition.reason.args == ("1970-01-01T00:15:40Z", "1970-01-01T00:16:40Z")
    assert before.columns["serial"].status is Status.PARTIAL
    assert (after.condition.complete, dict(after.columns)) == (True, {})
    assert len(after.rows) == 2
    assert (ended.status, ended.reason and ended.reason.code) == ("partial", "not_watching")


def test_turns_fill_again_in_time() -> None:
    """A few at once, then one for each stretch of time, and never more than there were."""
    pace = Pace(3, 0.05)

    taken = [pace.take() for _ in range(4)]
    wait = pace.wait_s
    time.sleep(0.06)

    assert taken == [True, True, True, False]
    assert 0 < wait <= 0.05
    assert pace.take()
    assert Pace(2, 3600).take(3) is False


def test_the_last_turns_come_ever_more_slowly() -> None:
    """Two at once, then half a second, a second, two; an hour when none is left."""
    pace = Pace(5, 3600, slow=3)

    waits = []
    for _ in range(5):
        waits.append(round(pace.wait_s, 1))
        refused = not pace.take()
        pace._taken -= pace.wait_s if refused else 0  # as if it had been waited for
        assert refused == (waits[-1] > 0) == (refused and pace.take())

    assert waits == [0, 0, 0.5, 1, 2]
    assert pace.wait_s > 3500
