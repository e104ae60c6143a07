"""USB devices and their interfaces, from sysfs (Documentation/ABI/testing/sysfs-bus-usb).

A device is named by its bus and ports (`1-1.2`), an interface adds configuration and number
(`1-1.2:1.0`). Read directly, this costs a fifth of asking libudev, which has nothing to add; the
tests hold the two against each other.
"""

from collections import Counter
from collections.abc import Mapping

from collectors import sysfs, usb_ids
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes
from evidence.canonical import Cell

DEVICES = "/sys/bus/usb/devices"

_REMOVABLE = {"removable": 1, "fixed": 0}
_TEXTS = {
    "vendor_id": "idVendor",
    "model_id": "idProduct",
    "version": "bcdDevice",
    "vendor": "manufacturer",
    "model": "product",
    "serial": "serial",
    "class": "bDeviceClass",
    "subclass": "bDeviceSubClass",
    "protocol": "bDeviceProtocol",
    "speed": "speed",
}
_INTERFACE_TEXTS = {
    "class": "bInterfaceClass",
    "subclass": "bInterfaceSubClass",
    "protocol": "bInterfaceProtocol",
    "description": "interface",
}


@running_only(DEVICES)
def usb_devices(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each device, root hubs included."""
    try:
        names = [name for name in _names(host) if ":" not in name]
    except OSError as e:
        return Observed((), condition_of(e, DEVICES))
    attributes = Attributes(host)
    rows = [row for name in names if (row := _device(attributes, name)) is not None]
    _add_serial_states(rows)
    if "vendor" in wanted or "model" in wanted:
        rows = usb_ids.named(host, rows)
    return Observed(rows, columns=attributes.columns)


@running_only(DEVICES)
def usb_interfaces(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # none is costly
    """One row for each interface of each device."""
    try:
        names = [name for name in _names(host) if ":" in name]
    except OSError as e:
        return Observed((), condition_of(e, DEVICES))
    attributes = Attributes(host)
    rows = [row for name in names if (row := _interface(attributes, name)) is not None]
    return Observed(rows, columns=attributes.columns)


def _names(host: Host) -> list[str]:
    """What is on the bus; nothing when the kernel has no such bus."""
    try:
        return host.names(DEVICES)
    except FileNotFoundError:
        return []


def _device(attributes: Attributes, name: str) -> dict[str, Cell] | None:
    """The row of one device; None if it was taken out meanwhile."""
    base = f"{DEVICES}/{name}"
    row: dict[str, Cell] = {
        column: attributes.text(f"{base}/{attribute}", column)
        for column, attribute in _TEXTS.items()
    }
    removable = attributes.text(f"{base}/removable", "removable")
    ports = attributes.text(f"{base}/devpath", "usb_port")
    row |= {
        "usb_address": attributes.number(f"{base}/devnum", "usb_address"),
        "usb_port": _last_port(attributes, ports, f"{base}/devpath") if ports else None,
        "removable": _REMOVABLE.get(removable or ""),
        "port_path": name,
        "authorized": attributes.number(f"{base}/authorized", "authorized"),
    }
    return _placed(attributes.host, base, row)


def _last_port(attributes: Attributes, ports: str, path: str) -> int | None:
    return attributes.parsed(ports.rpartition(".")[2], path, "usb_port")


def _add_serial_states(rows: list[dict[str, Cell]]) -> None:
    """Says of each device whether its serial number tells it from the others of its model."""
    models = Counter((row["vendor_id"], row["model_id"], row["serial"]) for row in rows)
    for row in rows:
        alike = models[row["vendor_id"], row["model_id"], row["serial"]]
        if row["serial"] == "":
            row["serial_state"] = "missing"
        elif row["serial"] is not None:
            row["serial_state"] = "unique" if alike == 1 else "duplicate"


def _interface(attributes: Attributes, name: str) -> dict[str, Cell] | None:
    """The row of one interface; None if its device was taken out meanwhile."""
    base = f"{DEVICES}/{name}"
    row: dict[str, Cell] = {
        column: attributes.text(f"{base}/{attribute}", column)
        for column, attribute in _INTERFACE_TEXTS.items()
    }
    row |= {
        "interface": name,
        "number": attributes.number(f"{base}/bInterfaceNumber", "number", 16),
        "driver": attributes.target(f"{base}/driver", "driver"),
        "authorized": attributes.number(f"{base}/authorized", "authorized"),
        "network_interface": " ".join(sysfs.network_interfaces(attributes.host, base)),
    }
    placed = _placed(attributes.host, base, row)
    if placed is not None:
        placed["sysfs_path"] = str(placed["sysfs_path"]).rpartition("/")[0]
    return placed


def _placed(host: Host, base: str, row: Mapping[str, Cell]) -> dict[str, Cell] | None:
    """`row` with its place in the device tree, read last: then it was there all the time."""
    try:
        return {**row, "sysfs_path": sysfs.place(host, base)}
    except FileNotFoundError:
        return None
