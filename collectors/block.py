"""Block devices and their partitions, from sysfs; what is on them, from udev."""

import posixpath
import re

from collectors import sysfs, usb
from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes
from collectors.udev import Udev
from evidence.canonical import Cell

_CLASS = "/sys/class/block"
_CONTENT = {"uuid": "ID_FS_UUID", "type": "ID_FS_TYPE", "label": "ID_FS_LABEL"}
_USB_DEVICE = re.compile(r".*/(?P<port>\d+-[0-9.]+)(?=/\d+-[0-9.]+:\d+\.\d+/)")
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
    base = f"{_CLASS}/{name}"
    try:
        path = sysfs.place(host, base)
        known = sysfs.uevent(host.read(f"{base}/uevent"))
    except SeamError:
        raise
    except OSError:
        return None
    partition = known.get("DEVTYPE") == "partition"
    parent = posixpath.basename(posixpath.dirname(path)) if partition else name
    disk = f"{_CLASS}/{parent}"
    row: dict[str, Cell] = {
        "name": _named(known.get("DEVNAME", ""), name),
        "parent": node(parent) if partition else "",
        "vendor": attributes.text(f"{disk}/device/vendor", "vendor"),
        "model": attributes.text(f"{disk}/device/model", "model"),
        "serial": serial(attributes, disk, path),
        "size": attributes.number(f"{base}/size", "size"),
        "block_size": attributes.number(f"{disk}/queue/logical_block_size", "block_size"),
        "removable": attributes.number(f"{disk}/removable", "removable"),
        "sysfs_path": path,
    }
    content = udev.properties(path, known) if udev is not None else None
    if content is not None:
        row |= {column: content.get(name, "") for column, name in _CONTENT.items()}
    return row


def _named(stated: str, name: str) -> str:
    """The node that the kernel states; libudev writes it with its directory."""
    if not stated:
        return node(name)
    return stated if stated.startswith("/") else f"/dev/{stated}"


def node(name: str) -> str:
    """The device node of the block device that the kernel calls `name`, such as cciss!c0d0."""
    return f"/dev/{name.replace('!', '/')}"


def usb_port(path: str) -> str:
    """The port path (`1-1.2`) of the USB device that the disk at `path` is on; empty if on none."""
    usb = _USB_DEVICE.match(path)
    return usb["port"] if usb is not None else ""


def serial(attributes: Attributes, disk: str, path: str) -> str | None:
    """The serial number of `disk` (below /sys/class/block), whose place is `path`.

    That of the USB device if it is one, so that it equals usb_devices.serial.
    """
    port = usb_port(path)
    if port:
        return attributes.text(f"{usb.DEVICES}/{port}/serial", "serial")
    for attribute in (f"{disk}/device/serial", f"{disk}/serial"):
        found = attributes.text(attribute, "serial")
        if found != "":
            return found
    return _unit_serial(attributes, f"{disk}/device/vpd_pg80")


def _unit_serial(attributes: Attributes, path: str) -> str | None:
    """A SCSI disk's own number: vital product data, page 0x80, after a header of 4 bytes."""
    try:
        return sysfs.plain(attributes.host.read(path, limit=_VPD_LIMIT)[_VPD_HEADER:])
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as e:
        attributes.columns["serial"] = condition_of(e, path)
        return None
