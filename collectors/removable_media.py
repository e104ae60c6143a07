"""Disks that people carry: what is attached, how much went through it, where it is mounted.

The kernel's counters (Documentation/block/stat.rst) start at zero when a disk is attached. A
mount is found by device number through partitions and what is stacked on them (`holders`), so
that an encrypted stick is followed to where its content is seen.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from collectors import sysfs, usb
from collectors.block import node, serial, usb_port
from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.mountinfo import unescape
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_CLASS = "/sys/class/block"
_REMOVABLE = {"removable": 1, "fixed": 0}
_CARD = "SD"
"""What the MMC layer calls a card; soldered memory is `MMC`."""
_OPTICAL = re.compile(r"sr\d+")
_PCI_FUNCTION = re.compile(r".*/([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/")
_STAT = {"sectors_read": 2, "sectors_written": 6, "ios_in_flight": 8}
"""Which number of the stat attribute is which."""
_MAX_DEPTH = 8
"""The most layers that are followed from a disk to what is mounted."""


@running_only(_CLASS)
def removable_media(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each removable disk, card, optical drive, and each disk attached by USB."""
    del wanted
    return sysfs.observed(host, _CLASS, _disk)


@running_only(_CLASS)
def removable_mounts(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each place where something of such a disk is mounted."""
    del wanted
    seen = sysfs.observed(host, _CLASS, _disk)
    if not seen.condition.complete or not seen.rows:
        return Observed((), seen.condition)
    try:
        mounted, observed = _mounted(host)
    except OSError as e:
        return Observed((), condition_of(e, "/proc/1/mountinfo"))
    attributes = Attributes(host)
    rows = [
        {"disk": disk["name"], "device": node(name), **mount}
        for disk in seen.rows
        for name in _layers(attributes, posixpath.basename(str(disk["sysfs_path"])))
        for known in _known_as(attributes, name)
        for mount in mounted.get(known, ())
    ]
    return Observed(rows, observed, attributes.columns)


def _disk(attributes: Attributes, device: Device) -> dict[str, Cell] | None:
    """The row of one disk; None for partitions and for disks that are built in."""
    base = device.base
    port = usb_port(device.path)
    medium = attributes.number(f"{base}/removable", "medium_removable")
    card = _CARD in (attributes.text(f"{base}/device/type", "kind") or "").split()
    if medium is None:
        return None  # a partition: only whole disks have the attribute
    removable = _port_removable(attributes, device.path, port, medium)
    if not (port or medium or removable or card):
        return None
    return {
        "name": node(device.name),
        "kind": _kind(device.name, card=card),
        "bus": sysfs.bus(device.path),
        "port_path": port,
        "usb_sysfs_path": _usb_place(device.path, port),
        "vendor": attributes.text(f"{base}/device/vendor", "vendor"),
        "model": attributes.text(f"{base}/device/{'name' if card else 'model'}", "model"),
        "serial": serial(attributes, base, device.path),
        "size": attributes.number(f"{base}/size", "size"),
        "removable": removable,
        "medium_removable": medium,
        "read_only": attributes.number(f"{base}/ro", "read_only"),
        "partitions": len(_partitions(attributes, device.name)),
        **_counters(attributes, f"{base}/stat"),
    }


def _kind(name: str, *, card: bool) -> str:
    if card:
        return "card"
    return "optical" if _OPTICAL.fullmatch(name) else "disk"


def _port_removable(attributes: Attributes, path: str, port: str, medium: int) -> int | None:
    """Whether the disk can be taken out: on USB as its port says, else as medium or slot say.

    None where the firmware does not say.
    """
    function = _PCI_FUNCTION.match(path)
    if port:
        asked = f"{usb.DEVICES}/{port}/removable"
    elif medium or function is None:
        return medium or None
    else:
        asked = f"/sys/bus/pci/devices/{function[1]}/removable"
    return _REMOVABLE.get(attributes.text(asked, "removable") or "")


def _usb_place(path: str, port: str) -> str:
    """The place of the USB device at `port`, which the disk at `path` is on."""
    return path[: path.index(f"/{port}/") + len(port) + 1] if port else ""


def _counters(attributes: Attributes, path: str) -> dict[str, Cell]:
    """What went through the disk since it was attached."""
    numbers = (attributes.text(path, "sectors_read") or "").split()
    if len(numbers) <= max(_STAT.values()):
        missing = attributes.columns.get("sectors_read") or condition(
            Status.UNREADABLE, "malformed_source", path
        )
        attributes.columns.update(dict.fromkeys(_STAT, missing))
        return {}
    return {
        column: attributes.parsed(numbers[place], path, column) for column, place in _STAT.items()
    }


def _partitions(attributes: Attributes, disk: str) -> list[str]:
    """The partitions of `disk`: sdb1, mmcblk0p1."""
    part = re.compile(rf"{re.escape(disk)}p?\d+")
    return [
        name for name in attributes.names(f"{_CLASS}/{disk}", "partitions") if part.fullmatch(name)
    ]


def _layers(attributes: Attributes, disk: str) -> Iterator[str]:
    """`disk`, its partitions, and what is stacked on any of them, each once."""
    seen: set[str] = set()
    layer = [disk, *_partitions(attributes, disk)]
    for _ in range(_MAX_DEPTH):
        fresh = [name for name in dict.fromkeys(layer) if name not in seen]
        yield from fresh
        seen.update(fresh)
        layer = [
            holder
            for name in fresh
            for holder in attributes.names(f"{_CLASS}/{name}/holders", "device")
        ]


def _known_as(attributes: Attributes, name: str) -> Iterator[str]:
    """How the mount table may name a block device, each way once.

    By number; a file system that spans several devices is there by the path it was given.
    """
    number = attributes.text(f"{_CLASS}/{name}/dev", "device")
    mapped = attributes.text(f"{_CLASS}/{name}/dm/name", "device")
    yield from filter(None, (number, node(name), f"/dev/mapper/{mapped}" if mapped else ""))


_Mounts: TypeAlias = Mapping[str, Sequence[dict[str, Cell]]]


def _mounted(host: Host) -> tuple[_Mounts, Condition]:
    """The mounts of the first process, else of our own, by device number or by path."""
    observed = COMPLETE
    try:
        data = host.read("/proc/1/mountinfo")
    except SeamError:
        raise
    except OSError as e:
        if not host.live:
            raise
        observed = Condition(Status.PARTIAL, condition_of(e, "/proc/1/mountinfo").reason)
        data = host.read("/proc/self/mountinfo")
    found: dict[str, list[dict[str, Cell]]] = {}
    for line in data.splitlines():
        place, _, what = line.partition(b" - ")
        try:
            _, _, device, _, point, options, *_ = map(unescape, place.split(b" "))
            fstype, source, *_ = map(unescape, what.split(b" "))
        except ValueError:
            observed = condition(Status.PARTIAL, "malformed_source", "/proc/1/mountinfo")
            continue
        mount: dict[str, Cell] = {"path": point, "type": fstype, "flags": options}
        # An anonymous number (0:…) says nothing of the disk below; the path does.
        known = source if device.startswith("0:") else device
        found.setdefault(known, []).append(mount)
    return found, observed
