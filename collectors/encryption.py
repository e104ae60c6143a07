"""Which block devices are encrypted, by the device mapper's names for them in /sys.

cryptsetup names its mappings `CRYPT-LUKS2-<uuid>-<name>`; what lies on a mapping (a logical
volume, a partition, an array) is as encrypted as all that it lies on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, place, uevent
from collectors.udev import Udev
from evidence.canonical import Cell

_CLASS = "/sys/class/block"
_CRYPT = re.compile(r"CRYPT-([A-Z0-9]+)-.*", re.DOTALL)
_ENCRYPTS = frozenset({"BITLK", "FVAULT2", "LOOPAES", "LUKS1", "LUKS2", "PLAIN", "TCRYPT"})
"""The mappings of cryptsetup(8) that encrypt; VERITY and INTEGRITY only check."""
_PASSES = re.compile(
    r"(?:CRYPT-(?:VERITY|INTEGRITY)|DMRAID|LVM|VDO|mpath|part\d+|stratis-1)-.*", re.DOTALL
)
"""Mappings that do not encrypt and are read through."""
_CONTAINERS = {"crypto_LUKS": "LUKS", "BitLocker": "BITLK"}
"""What udev finds on a device whose whole content is encrypted; LUKS has a version."""
_STATUS = {1: "encrypted", 0: "not encrypted", None: "undefined"}


@dataclass(frozen=True, slots=True)
class _Found:
    """Whether a device is encrypted (None: nobody can tell from outside), and how."""

    encrypted: int | None
    type: str = ""


@running_only(_CLASS)
def disk_encryption(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each disk, partition and mapping."""
    del columns
    try:
        names = host.names(_CLASS)
    except OSError as e:
        return Observed((), condition_of(e, _CLASS))
    attributes = Attributes(host)
    udev = Udev(host)
    devices = {name: made for name in names if (made := _device(attributes, udev, name))}
    rows = []
    for name, device in devices.items():
        found = _resolved(devices, name, frozenset())
        rows.append(device.row | _cells(found))
    lacking = {} if udev.condition.complete else {"uuid": udev.condition}
    stated = ("encrypted", "type", "encryption_status")
    if "encrypted" in attributes.columns or lacking:
        why = attributes.columns.get("encrypted", udev.condition)
        lacking |= dict.fromkeys(stated, why)
    return Observed(rows, columns={**attributes.columns, **lacking})


@dataclass(frozen=True, slots=True)
class _Device:
    """What one device says of itself."""

    row: dict[str, Cell]
    below: tuple[str, ...]
    """The devices it lies on, by kernel name."""
    own: _Found | None
    """What it is by itself; None if it is as those below."""


def _device(attributes: Attributes, udev: Udev, name: str) -> _Device | None:
    """The device `name`; None if it was taken out meanwhile."""
    host = attributes.host
    base = f"{_CLASS}/{name}"
    try:
        path = place(host, base)
        known = uevent(host.read(f"{base}/uevent"))
    except SeamError:
        raise
    except OSError:
        return None
    below = tuple(attributes.names(f"{base}/slaves", "parent"))
    if known.get("DEVTYPE") == "partition":
        below = (path.rpartition("/")[0].rpartition("/")[2],)
    mapping = attributes.text(f"{base}/dm/uuid", "encrypted")
    content = udev.properties(path, known) or {}
    row: dict[str, Cell] = {
        "name": _node(known.get("DEVNAME", name)),
        "parent": " ".join(_node(found) for found in below),
        "uuid": content.get("ID_FS_UUID", ""),
    }
    return _Device(row, below, _own(mapping, content, mapped=name.startswith("dm-")))


def _own(mapping: str | None, content: Mapping[str, str], *, mapped: bool) -> _Found | None:
    crypt = _CRYPT.fullmatch(mapping or "")
    if crypt and crypt[1] in _ENCRYPTS:
        return _Found(1, crypt[1])
    container = _CONTAINERS.get(content.get("ID_FS_TYPE", ""))
    if container:
        version = content.get("ID_FS_VERSION", "") if container == "LUKS" else ""
        return _Found(1, container + version)
    if mapped and not _PASSES.fullmatch(mapping or ""):
        return _Found(None)
    return None


def _resolved(devices: Mapping[str, _Device], name: str, above: frozenset[str]) -> _Found:
    """What the device `name` is, itself or by those below; a circle or a gap tells nothing."""
    device = devices.get(name)
    if device is None or name in above:
        return _Found(None)
    if device.own is not None:
        return device.own
    found = [_resolved(devices, below, above | {name}) for below in device.below]
    states = {each.encrypted for each in found}
    if states == {1}:
        return _Found(1, " ".join(sorted({each.type for each in found})))
    return _Found(None if None in states and 0 not in states else 0)


def _cells(found: _Found) -> dict[str, Cell]:
    return {
        "encrypted": found.encrypted,
        "type": found.type,
        "encryption_status": _STATUS[found.encrypted],
    }


def _node(name: str) -> str:
    return name if name.startswith("/") else f"/dev/{name.replace('!', '/')}"
