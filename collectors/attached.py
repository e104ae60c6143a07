"""What is attached, kept in mind while it is: what goes can no longer be asked who it was.

Announcements (`collectors.monitor`) become rows of `hardware_events`; where some were lost, or
before the first, the buses are looked through and the differences become rows instead. A device
is identified when it is announced. If it has gone by then, or another is in its place (each gets
a USB address of its own), what it called itself is unknown and said to be so, never guessed.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from collectors import sysfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.monitor import Uevent
from collectors.sysfs import Attributes
from evidence.canonical import Cell

BUSES: Mapping[str, str] = {
    "usb": "/sys/bus/usb/devices",
    "block": "/sys/class/block",
    "thunderbolt": "/sys/bus/thunderbolt/devices",
    "mmc": "/sys/bus/mmc/devices",
    "firewire": "/sys/bus/firewire/devices",
    "pcmcia": "/sys/bus/pcmcia/devices",
    "pci": "/sys/bus/pci/devices",
}
"""What is watched: the buses that something can be plugged into, and the disks that come of it."""

Row: TypeAlias = dict[str, Any]
"""A row of `hardware_events`; under `why`, code and arguments of what could not be told."""

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "usb_device": {
        "vendor_id": "idVendor",
        "model_id": "idProduct",
        "revision": "bcdDevice",
        "vendor": "manufacturer",
        "model": "product",
        "serial": "serial",
    },
    "thunderbolt": {
        "vendor_id": "vendor",
        "model_id": "device",
        "vendor": "vendor_name",
        "model": "device_name",
        "serial": "unique_id",
    },
    "mmc": {"vendor_id": "manfid", "model": "name", "serial": "serial"},
    "pci": {"vendor_id": "vendor", "model_id": "device", "revision": "revision"},
    "disk": {"vendor": "device/vendor", "model": "device/model", "serial": "device/serial"},
}
"""Attributes of a device by its type, else by its subsystem."""

_SAYS = ("vendor", "model", "serial")
"""What only the device itself can tell, and no announcement repeats."""
_USB = re.compile(r"(?P<device>.*/(?P<port>usb\d+|\d+-\d+(\.\d+)*))(/.*)?")
_ROOT_HUB = re.compile(r".*/(usb\d+|\d+-0:[0-9.]+)")
_BUILT_IN = frozenset({"pci", "block"})
"""Of these, most of what is there at start was never plugged in."""
_DIGITS = 4


@dataclass(slots=True)
class Attached:
    """One device that is attached."""

    subsystem: str
    type: str
    driver: str
    address: int | None
    since: float
    """Since when at least, in seconds of the clock that also counts while the host sleeps."""
    identity: Row = field(default_factory=dict)


class Devices:
    """The attached devices of some buses, and the rows that their coming and going makes."""

    def __init__(
        self,
        host: Callable[[], Host],
        buses: Mapping[str, str] = BUSES,
        known: Mapping[str, Attached] | None = None,
    ) -> None:
        """`host` makes a fresh view of the live host; `known` is what was attached before, if
        anybody can tell.
        """
        self._host = host
        self._buses = buses
        self.attached: dict[str, Attached] = dict(known or {})
        self._first = known is None

    def happened(self, events: Iterable[Uevent]) -> Iterator[Row]:
        """The rows of `events`, in their order."""
        attributes = Attributes(self._host())
        for event in events:
            if event.action == "remove":
                yield self._removed(event, "remove")
                continue
            changed = self._authority(attributes, event)
            if event.action in {"add", "bind", "unbind"} or event.type == "disk":
                yield self._there(attributes, event)
            if changed is not None:
                yield changed

    def looked(self, heard: Callable[[], Sequence[Uevent]]) -> list[Row]:
        """The rows of a look through the buses, and of what was `heard` meanwhile.

        Whoever listens before this is called misses nothing; what was both announced and found
        was announced.
        """
        found = list(self._look())
        events = heard()
        announced = {event.path for event in events if event.action == "add"}
        rows = [r for r in found if r["action"] != "seen" or r["path"] not in announced]
        return [*rows, *self.happened(events)]

    def _look(self) -> Iterator[Row]:
        """What is there and was not (`seen`), was there and is not (`gone`).

        At first, what nobody plugged in is left out.
        """
        attributes = Attributes(self._host())
        now = time.time()
        here = {event.path: event for event in self._listed(attributes, now)}
        for path in [path for path in self.attached if path not in here]:
            gone = self.attached[path]
            event = Uevent("gone", path, gone.subsystem, gone.type, "", "", None, now)
            yield self._removed(event, "gone")
        for path, event in here.items():
            known = self.attached.get(path)
            if known is not None and event.address == known.address:
                changed = self._authority(attributes, event)
                if changed is not None:
                    yield changed
                if event.driver != known.driver:
                    known.driver = event.driver
                    yield _row(event, "seen", known)
                continue
            if known is not None:
                yield self._removed(event, "gone")
            row = self._there(attributes, event)
            plugged = event.subsystem not in _BUILT_IN or row.get("port_path")
            if not self._first or (plugged and not _ROOT_HUB.fullmatch(path)):
                yield row
        self._first = False

    def _listed(self, attributes: Attributes, now: float) -> Iterator[Uevent]:
        """Everything on the buses, as if it were announced."""
        for subsystem, directory in self._buses.items():
            try:
                found = sysfs.devices(attributes.host, directory)
            except OSError as e:
                attributes.columns[directory] = condition_of(e, directory)
                continue
            # Parents first, since interfaces and disks are identified by what they hang on.
            for _, path in sorted(found, key=lambda named: named[1]):
                said = attributes.uevent(path, "type")
                if subsystem == "block" and path.startswith("/sys/devices/virtual/"):
                    continue
                address = said.get("DEVNUM", "")
                yield Uevent(
                    "seen",
                    path,
                    subsystem,
                    said.get("DEVTYPE", ""),
                    said.get("DRIVER", ""),
                    said.get("PRODUCT", ""),
                    int(address) if address.isdigit() else None,
                    now,
                )

    def _there(self, attributes: Attributes, event: Uevent) -> Row:
        """The row of a device that is attached, which is remembered."""
        known = self.attached.get(event.path)
        if known is None or event.action in {"add", "seen"}:
            known = Attached(
                event.subsystem,
                event.type,
                event.driver,
                event.address,
                time.clock_gettime(time.CLOCK_BOOTTIME),
                self._identity(attributes, event),
            )
            self.attached[event.path] = known
        known.driver = "" if event.action == "unbind" else event.driver or known.driver
        return _row(event, event.action, known)

    def _removed(self, event: Uevent, action: str) -> Row:
        """The row of a device that went, with how long it was attached."""
        known = self.attached.pop(event.path, None)
        if known is None:
            identity = self._below(event) or _numbers(event)
            return _row(event, action, Attached(event.subsystem, event.type, "", None, 0, identity))
        lasted = time.clock_gettime(time.CLOCK_BOOTTIME) - known.since
        return _row(event, action, known) | {"duration": max(0, round(lasted))}

    def _authority(self, attributes: Attributes, event: Uevent) -> Row | None:
        """A row, if the kernel now lets the USB device work or holds it back, and did not."""
        found = _USB.fullmatch(event.path)
        known = self.attached.get(found["device"]) if found is not None else None
        if found is None or known is None or "authorized" not in known.identity:
            return None
        if event.path == found["device"] and event.action == "add":
            return None
        now = attributes.number(f"{found['device']}/authorized", "authorized")
        if now is None or now == known.identity["authorized"]:
            return None
        known.identity["authorized"] = now
        device = Uevent(
            "change", found["device"], "usb", known.type, known.driver, "", None, event.at
        )
        return _row(device, "change", known)

    def _identity(self, attributes: Attributes, event: Uevent) -> Row:
        """Who a device is, asked now: from itself, or from the USB device that it is a part of."""
        part = self._below(event)
        if part is not None:
            return part
        names = _TEXTS.get(event.type) or _TEXTS.get(event.subsystem) or {}
        if event.type == "usb_device" and not self._in_place(attributes, event):
            return _numbers(event) | {"why": ["gone_before_read", event.path]}
        read = Attributes(attributes.host)
        found: Row = {
            column: read.text(f"{event.path}/{attribute}", column)
            for column, attribute in names.items()
        }
        if event.type == "usb_device" or event.subsystem == "thunderbolt":
            found["authorized"] = read.number(f"{event.path}/authorized", "authorized")
        if event.type == "usb_device" and not self._in_place(attributes, event):
            return _numbers(event) | {"why": ["gone_before_read", event.path]}
        for reason in (c.reason for c in read.columns.values() if c.reason is not None):
            found["why"] = [reason.code, *reason.args]
        return _hexadecimal(found) | _place(event.path)

    def _below(self, event: Uevent) -> Row | None:
        """The identity of the USB device that this is a part of; None if it is none."""
        found = _USB.fullmatch(event.path)
        if found is None or found["device"] == event.path:
            return None
        known = self.attached.get(found["device"])
        return _numbers(event) if known is None else known.identity

    @staticmethod
    def _in_place(attributes: Attributes, event: Uevent) -> bool:
        """Whether the device that was announced is still the one in its place."""
        there = attributes.number(f"{event.path}/devnum", "serial")
        return there is not None and event.address in {there, None}


def _row(event: Uevent, action: str, known: Attached) -> Row:
    cells: dict[str, Cell] = {
        "action": action,
        "path": event.path,
        "type": event.type or event.subsystem,
        "driver": known.driver,
        "time": int(event.at),
    }
    return {**known.identity, **cells}


def _numbers(event: Uevent) -> Row:
    """What the announcement itself tells of a USB device; its names and serial stay unknown."""
    place = _place(event.path)
    parts = event.numbers.split("/")
    if event.subsystem != "usb" or len(parts) != len(("vendor", "product", "release")):
        return place
    vendor, model, revision = (part.rjust(_DIGITS, "0") for part in parts)
    unknown = dict.fromkeys(_SAYS)
    numbers = {"vendor_id": vendor, "model_id": model, "revision": revision}
    return {**unknown, **numbers, **place, "why": ["gone_before_read", event.path]}


def _place(path: str) -> Row:
    """The USB device at `path`, or that it is a part of; empty on other buses."""
    found = _USB.fullmatch(path)
    return {
        "sysfs_path": found["device"] if found is not None else "",
        "port_path": found["port"] if found is not None else "",
    }


def _hexadecimal(found: Row) -> Row:
    """The numbers of other buses as USB writes its own: four digits, no prefix."""
    for column in ("vendor_id", "model_id", "revision"):
        value = found.get(column)
        if isinstance(value, str) and value.startswith("0x"):
            found[column] = value[2:].rjust(_DIGITS, "0")[-_DIGITS:]
    return found
