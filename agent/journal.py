"""The watcher's journal: what came and went, on disk before anyone is told.

    watch/events.jsonl   a row of `hardware_events` a line, oldest first, in clear
    watch/attached.json  what was attached when the last of them was written
    watch/signed         the number of the last event that a report carries
    watch/lock           held by whoever watches; its time is when it last did

Only the watcher writes events. They stay in clear here as in the host's own log, readable for root
alone: what leaves the host is de-identified when it is signed. Growing old, like events become one
that counts them, so that the journal stays small however long it is kept.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]

MAX_BYTES = 1024 * 1024
"""How long the journal may become before like events in it are counted as one."""
SHORT_BYTES = MAX_BYTES * 3 // 4
"""How long it should be then."""
MAX_READ = 8 * MAX_BYTES
"""The longest journal that is read back."""
FRESH_S = 7 * 24 * 3600
"""How long an event stands for itself, unless the journal is too long for that, in seconds."""

_SUMS = ("duration", "mounted", "sectors_read", "sectors_written")
_VARYING = frozenset({"eid", "time", "first_time", "count", "sampled", *_SUMS})


class Journal:
    """The journal in the state directory `root`."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "watch"
        self._events = self.directory / "events.jsonl"
        self._last: int | None = None

    @property
    def exists(self) -> bool:
        """Whether anybody ever watched."""
        return self.directory.is_dir()

    def rows(self, *, after: int = 0) -> list[Row]:
        """The events with a number above `after`, in order.

        Raises:
            OSError: they cannot be read.
            ValueError: they are damaged; a last line that was broken off is not.
        """
        try:
            with self._events.open("rb") as file:
                data = file.read(MAX_READ + 1)
        except FileNotFoundError:
            return []
        whole, _, _ = data.rpartition(b"\n")
        rows = map(_row, whole.splitlines())
        return [row for row in rows if int(row["eid"]) > after]

    def signed(self) -> int:
        """The number of the last event that a report carries."""
        try:
            return int((self.directory / "signed").read_bytes())
        except (FileNotFoundError, ValueError):
            return 0

    def sign(self, last: int) -> None:
        """Note that reports carry all events up to the number `last`."""
        _replace(self.directory / "signed", str(last).encode("ascii"))

    def watched_until(self) -> float | None:
        """When somebody last watched, in seconds since 1970; None if nobody ever did."""
        try:
            return (self.directory / "lock").stat().st_mtime
        except FileNotFoundError:
            return None

    def is_watched(self) -> bool:
        """Whether somebody watches now."""
        try:
            descriptor = os.open(self.directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    # From here on for the watcher only.

    def take(self) -> int:
        """Become the one who watches; the lock, to be touched as long as that is so.

        Raises:
            BlockingIOError: somebody else is.
        """
        self.directory.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.directory / "lock", flags, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor

    def append(self, rows: Iterable[Row]) -> None:
        """Number `rows` and write them down, on disk when this returns; all or none of them."""
        if self._last is None:
            self._mend()
        number = self._last or 0
        lines = []
        for row in rows:
            number += 1
            lines.append(_line(row, number))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._events, flags, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            try:
                data = memoryview(b"".join(lines))
                while data:
                    data = data[os.write(descriptor, data) :]
                os.fdatasync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)
                raise
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        self._last = number
        if size > MAX_BYTES:
            self._shorten()

    def attached(self) -> Any:
        """What was attached when it was last noted; None if that is not known."""
        with suppress(OSError, ValueError):
            return json.loads((self.directory / "attached.json").read_bytes())
        return None

    def note_attached(self, value: Any) -> None:
        """Note what is attached."""
        path = self.directory / "attached.json"
        _replace(path, json.dumps(value, separators=(",", ":")).encode("ascii"))

    def _mend(self) -> None:
        """Find out how far the journal goes; a damaged one is put aside, and a last line that was
        broken off is taken away.
        """
        try:
            rows = self.rows()
        except ValueError:
            self._events.replace(self._events.with_suffix(".damaged"))
            rows = []
        self._last = max([self.signed(), *(int(row["eid"]) for row in rows)])
        if self._events.exists():
            _replace(self._events, b"".join(_line(row, int(row["eid"])) for row in rows))

    def _shorten(self) -> None:
        """Count like events as one: old ones, else all that are signed; else the oldest go."""
        rows, signed = self.rows(), self.signed()
        lines: list[bytes] = []
        for before in (time.time() - FRESH_S, float("inf")):
            old = [row for row in rows if int(row["eid"]) <= signed and row["time"] < before]
            kept = (*folded(old), *_without(rows, old))
            lines = [_line(row, int(row["eid"])) for row in kept]
            if _size(lines) <= SHORT_BYTES:
                break
        if _size(lines) > MAX_BYTES:
            lines = _dropped(lines)
        _replace(self._events, b"".join(lines))


def _without(rows: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    numbers = {row["eid"] for row in others}
    return [row for row in rows if row["eid"] not in numbers]


def _size(lines: Iterable[bytes]) -> int:
    return sum(map(len, lines))


def _dropped(lines: list[bytes]) -> list[bytes]:
    """`lines` without the oldest of them, which a gap stands for."""
    size, first = _size(lines), 0
    while size > SHORT_BYTES:
        size -= len(lines[first])
        first += 1
    last = json.loads(lines[first - 1])
    count = sum(json.loads(line).get("count", 1) for line in lines[:first])
    gap = {"action": "gap", "path": "", "type": "dropped", "driver": "", "time": last["time"]}
    return [_line(gap | {"count": count}, int(last["eid"])), *lines[first:]]


def folded(rows: Iterable[Row]) -> list[Row]:
    """`rows`, those that differ only in time and amount made one, in the place of the last."""
    found: dict[str, Row] = {}
    for row in rows:
        alike = json.dumps({k: v for k, v in row.items() if k not in _VARYING}, sort_keys=True)
        before = found.pop(alike, None)
        found[alike] = row if before is None else _one(before, row)
    return list(found.values())


def _one(before: Row, after: Row) -> Row:
    sums = {
        name: (before.get(name) or 0) + (after.get(name) or 0)
        for name in _SUMS
        if name in before or name in after
    }
    return {
        **after,
        **sums,
        "first_time": before.get("first_time", before["time"]),
        "count": before.get("count", 1) + after.get("count", 1),
    }


def _row(line: bytes) -> Row:
    row = json.loads(line)
    well_formed = (
        isinstance(row, dict)
        and row.keys() >= {"action", "type", "path"}
        and isinstance(row.get("time"), int)
        and str(row.get("eid")).isdigit()
    )
    if not well_formed:
        raise ValueError("not an event")
    return dict(row)


def _line(row: Mapping[str, Any], number: int) -> bytes:
    numbered = {**row, "eid": f"{number:016d}"}
    return json.dumps(numbered, separators=(",", ":")).encode("ascii") + b"\n"


def _replace(path: Path, data: bytes) -> None:
    """Replace `path`, whole or not at all."""
    beside = path.with_name(f".{path.name}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(beside, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fdatasync(descriptor)
    beside.replace(path)
