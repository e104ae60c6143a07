"""Bluetooth controllers, from sysfs. No socket is opened, and no paired device is ever named."""

import re

from collectors import sysfs
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell

_CLASS = "/sys/class/bluetooth"
_SWITCH = re.compile(r"rfkill\d+")
_CONNECTION = re.compile(r"hci\d+:\d+")
"""An open connection is a device below its controller, named by its handle."""


@running_only(_CLASS)
def bluetooth_adapters(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each controller that a driver serves; none, and complete, without Bluetooth."""
    del wanted
    return sysfs.observed(host, _CLASS, _adapter, r"hci\d+")


def _adapter(attributes: Attributes, device: Device) -> dict[str, Cell]:
    below = attributes.names(device.base, "connections")
    row: dict[str, Cell] = {
        "name": device.name,
        "address": attributes.text(f"{device.base}/address", "address") or None,
        "driver": attributes.target(f"{device.base}/device/driver", "driver"),
        "bus": sysfs.bus(device.path),
        "connections": sum(_CONNECTION.fullmatch(name) is not None for name in below),
    }
    for switch in filter(_SWITCH.fullmatch, below):
        for column in ("soft", "hard"):
            path = f"{device.base}/{switch}/{column}"
            row[f"rfkill_{column}"] = attributes.number(path, f"rfkill_{column}")
    return row
