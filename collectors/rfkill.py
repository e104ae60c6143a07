"""Switches of radios, from sysfs (Documentation/ABI/stable/sysfs-class-rfkill)."""

from collectors import sysfs
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell

_CLASS = "/sys/class/rfkill"
_NUMBERS = {"id": "index", "soft": "soft", "hard": "hard", "persistent": "persistent"}


@running_only(_CLASS)
def rfkill(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each switch; none, and complete, in a kernel that knows no radio."""
    del wanted
    return sysfs.observed(host, _CLASS, _switch, r"rfkill\d+")


def _switch(attributes: Attributes, device: Device) -> dict[str, Cell]:
    numbers = {
        column: attributes.number(f"{device.base}/{attribute}", column)
        for column, attribute in _NUMBERS.items()
    }
    return {
        **numbers,
        "name": attributes.text(f"{device.base}/name", "name"),
        "type": attributes.text(f"{device.base}/type", "type"),
    }
