"""What a host's page says of the devices that came and went: one short list, the newest first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence.canonical import Cell
from evidence.statement import Condition
from server import clock
from server.store.events import EventReport

MAX_EVENTS = 20
"""How many events are listed."""
SECTOR = 512
"""Bytes in a sector, whatever the disk's own are."""

_OF_DEVICES = frozenset({"usb_device", "thunderbolt", "mmc", "firewire", "pcmcia", "disk"})
"""The types of rows that a reader wants: what was plugged in, and the disks that came of it. That
a driver took an interface, or a partition was found, is in the table."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line of the list."""

    report: int
    """The number of the report that carries it."""
    at: str
    """When it happened by the host's clock, RFC 3339; empty if that is no time."""
    action: str
    type: str
    device: str
    """Vendor and model as the device calls itself, else their numbers."""
    numbers: str
    """Vendor and product, 0781:5567; empty if there are none."""
    serial: str | None
    """A pseudonym; empty if the device has none, None if it is not known."""
    port: str
    authorized: bool | None
    duration: int | None
    """For how many seconds it was attached, or nobody watched."""
    mounted: int | None
    read: str | None
    """How much at least, with its unit."""
    written: str | None
    """How much at least, with its unit."""
    count: int


@dataclass(frozen=True, slots=True)
class EventView:
    """The list, and what is not in it."""

    lines: tuple[EventLine, ...]
    more: bool
    """Whether there were more."""
    condition: Condition | None
    """Why not all of the time was watched, by the newest report; None if it was."""
    unread: int
    """Reports whose table is not here."""


def event_view(reports: Iterable[EventReport]) -> EventView:
    """The list of what `reports`, the newest first, tell."""
    all_reports = tuple(reports)
    lines = [line for report in all_reports for line in _lines(report)]
    newest = all_reports[0].entry.condition if all_reports else None
    return EventView(
        lines=tuple(lines[:MAX_EVENTS]),
        more=len(lines) > MAX_EVENTS,
        condition=newest if newest is not None and newest.status != "complete" else None,
        unread=sum(report.rows is None for report in all_reports),
    )


def _lines(report: EventReport) -> Iterator[EventLine]:
    for row in reversed(report.rows or ()):
        if row.get("type") in _OF_DEVICES or row.get("action") == "gap":
            yield _line(report.sequence, row)


def _line(report: int, row: Mapping[str, Cell]) -> EventLine:
    numbers = ":".join(filter(None, (_text(row, "vendor_id"), _text(row, "model_id"))))
    device = " ".join(filter(None, (_text(row, "vendor"), _text(row, "model"))))
    authorized = _number(row, "authorized")
    serial = row.get("serial")
    return EventLine(
        report=report,
        at=_time(row),
        action=_text(row, "action"),
        type=_text(row, "type"),
        device=device or numbers,
        numbers=numbers if device else "",
        serial=None if serial is None else str(serial),
        port=_text(row, "port_path"),
        authorized=None if authorized is None else bool(authorized),
        duration=_number(row, "duration"),
        mounted=_number(row, "mounted"),
        read=_amount(row, "sectors_read"),
        written=_amount(row, "sectors_written"),
        count=_number(row, "count") or 1,
    )


def _text(row: Mapping[str, Cell], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value)


def _number(row: Mapping[str, Cell], column: str) -> int | None:
    """A number; None for what a host says that is none."""
    value = row.get(column)
    return value if isinstance(value, int) and value >= 0 else None


def _time(row: Mapping[str, Cell]) -> str:
    try:
        return clock.stamp(datetime.fromtimestamp(_number(row, "time") or 0, UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def _amount(row: Mapping[str, Cell], column: str) -> str | None:
    """Sectors as bytes, in the largest unit of which there is one."""
    sectors = _number(row, column)
    if sectors is None:
        return None
    size = sectors * SECTOR
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"
