"""What a proposed register of USB storage would have refused, of what is on record as plugged in.

A row allows a device as the shipped checks have it: vendor, product and serial number are the
same, and one without serial number is allowed by a row without one. A proposal is tried whole;
from when and until when its rows are to hold does not count here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from evidence.canonical import Cell
from facts.pseudonym import PSEUDONYM

DRIVERS = frozenset({"usb-storage", "uas"})
"""Those that make storage of a USB device."""

_ACTIONS = frozenset({"add", "bind", "seen"})

_LAST = 253_402_300_799
"""The last second that a time of four-digit years can name."""

COLUMNS = ("action", "driver", "vendor_id", "model_id", "serial", "port_path", "time")
"""What has to be recorded of an event to tell."""

Answer: TypeAlias = Literal["allowed", "refused", "unknown"]


class Row(NamedTuple):
    """One row of the proposed register."""

    line: int
    """Where it stands in its file."""
    vendor_id: str
    model_id: str
    serial: str
    """A pseudonym, as reports have it; empty for a device without one."""


class Inserted(NamedTuple):
    """One device at one port of one host, however often."""

    host: str
    vendor_id: str
    model_id: str
    serial: str | None
    """None if it could not be read."""
    port_path: str


class Simulated(NamedTuple):
    """What the register makes of it."""

    inserted: Inserted
    times: int
    """How many seconds there were in which it came."""
    first: int
    last: int
    """Seconds since 1970."""
    answer: Answer
    row: int | None
    """The line of the row that allows it; otherwise of one for its model, if there is one."""


def insertions(host: str, rows: Iterable[Mapping[str, Cell]]) -> Iterable[tuple[Inserted, int]]:
    """The storage that came, among the events `rows` of one host, and when."""
    for row in rows:
        time = row["time"]
        if not isinstance(time, int) or not 0 <= time <= _LAST:
            continue
        if row["action"] in _ACTIONS and row["driver"] in DRIVERS:
            serial = row["serial"]
            yield (
                Inserted(
                    host,
                    str(row["vendor_id"] or ""),
                    str(row["model_id"] or ""),
                    None if serial is None else str(serial),
                    str(row["port_path"] or ""),
                ),
                time,
            )


def simulate(events: Iterable[tuple[Inserted, int]], register: Sequence[Row]) -> list[Simulated]:
    """What `register` makes of each device: refused ones first, the newest before the others.

    The same event in several reports counts once.
    """
    seen: dict[Inserted, set[int]] = {}
    for inserted, time in events:
        seen.setdefault(inserted, set()).add(time)
    found = [
        Simulated(inserted, len(times), min(times), max(times), *_answer(inserted, register))
        for inserted, times in seen.items()
    ]
    order = ("refused", "unknown", "allowed")
    return sorted(found, key=lambda each: (order.index(each.answer), -each.last, each.inserted[:3]))


def _answer(inserted: Inserted, register: Sequence[Row]) -> tuple[Answer, int | None]:
    model = (inserted.vendor_id.lower(), inserted.model_id.lower())
    alike = [row for row in register if (row.vendor_id.lower(), row.model_id.lower()) == model]
    for row in alike:
        if row.serial == (inserted.serial or "") and inserted.serial is not None:
            return "allowed", row.line
    # A serial number that was not read may be one of them, and so may one in plain text.
    open_ = inserted.serial is None or any(
        row.serial and not PSEUDONYM.fullmatch(row.serial) for row in alike
    )
    return "unknown" if alike and open_ else "refused", alike[0].line if alike else None
