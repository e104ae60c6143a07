"""Block devices and their partitions, from sysfs; what is on them, from udev."""

import posixpath
import re

from collectors import sysfs
from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes
from collectors.udev import Udev
from evidence.canonical import Cell

_CLASS = "/sys/class/block"
_CONTENT = {"uuid": "ID_FS_UUID", "type": "ID_FS_TYPE", "label": "ID_FS_LABEL"}
_USB_DEVICE = re.compile(r".*/\d+-[0-9.]+(?=/\d+-[0-9.]+:\d+\.\d+/)")
_VPD_LIMIT = 4096
_VPD_HEADER = 4


@running_only(_CLASS)
def block_devices(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each disk and each partition."""
    try:
        names = host.names(_CLASS)
    except OSError as e:
        return Observed((), condition_of(e, _CLASS))
    attributes = Attributes(host)
    udev = None if wanted.isdisjoint(_CONTENT) else Udev(host)
    rows = [row for name in names if (row := _device(attributes, name, udev)) is not None]
    columns = dict(attributes.columns)
    if udev is not None and not udev.condition.complete:
        columns |= dict.fromkeys(_CONTENT, udev.condition)
    return Observed(rows, columns=columns)


def _device(attributes: Attributes, name: str, udev: Udev | None) -> dict[str, Cell] | None:
    """The row of one device; None if it was taken out meanwhile."""
    host = attributes.host
    try:
        path = sysfs.place(host, f"{_CLASS}/{name}")
        known = sysfs.uevent(host.read(f"{path}/uevent"))
    except SeamError:
        raise
    except OSError:
        return None
    partition = known.get("DEVTYPE") == "partition"
    disk = posixpath.dirname(path) if partition else path
    row: dict[str, Cell] = {
        "name": _node(known.get("DEVNAME", name)),
        "parent": _node(posixpath.basename(disk).replace("!", "/")) if partition else "",
        "vendor": attributes.text(f"{disk}/device/vendor", "vendor"),
        "model": attributes.text(f"{disk}/device/model", "model"),
        "serial": _serial(attributes, disk),
        "size": attributes.number(f"{path}/size", "size"),
        "block_size": attributes.number(f"{disk}/queue/logical_block_size", "block_size"),
        "removable": attributes.number(f"{disk}/removable", "removable"),
        "sysfs_path": path,
    }
    content = udev.properties(path, known) if udev is not None else None
    if content is not None:
        row |= {column: content.get(name, "") for column, name in _CONTENT.items()}
    return row


def _node(name: str) -> str:
    return name if name.startswith("/") else f"/dev/{name}"


def _serial(attributes: Attributes, disk: str) -> str | None:
    """The serial number: of the USB device if it is one, so that it equals usb_devices.serial."""
    usb = _USB_DEVICE.match(disk)
    if usb is not None:
        return attributes.text(f"{usb.group()}/serial", "serial")
    for path in (f"{disk}/device/serial", f"{disk}/serial"):
        found = attributes.text(path, "serial")
        if found != "":
            return found
    return _unit_serial(attributes.host, f"{disk}/device/vpd_pg80")


def _unit_serial(host: Host, path: str) -> str:
    """A SCSI disk's own number: vital product data, page 0x80, after a header of 4 bytes."""
    try:
        return sysfs.plain(host.read(path, limit=_VPD_LIMIT)[_VPD_HEADER:])
    except OSError:
        return ""
