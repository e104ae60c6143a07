"""Serial ports, from sysfs: those that hardware serves, and not terminals that only exist.

The 8250 driver makes its ports whether hardware answers or not (`type` is 0 where none did);
virtual terminals and pseudo-terminals have no device behind them.
"""

from collectors import sysfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence import canonical
from evidence.canonical import Cell

_CLASS = "/sys/class/tty"
_CONSOLES = "/proc/consoles"
_PORTS = r"(?!tty\d|pty|console|ptmx).+"
_NO_UART = "0"
_LAYERED = "serial-base"
"""The bus that kernels since 6.5 put between a port and the device whose driver serves it."""


@running_only(_CLASS)
def serial_ports(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each port; none, and complete, on a machine without any."""
    seen = sysfs.observed(host, _CLASS, _port, _PORTS)
    if not seen.rows or "console" not in wanted:
        return seen
    try:
        lines = canonical.text(host.read(_CONSOLES)).split("\n")
    except OSError as e:
        unread = condition_of(e, _CONSOLES)
        return Observed(seen.rows, seen.condition, {**seen.columns, "console": unread})
    consoles = {f"/dev/{line.partition(' ')[0]}" for line in lines}
    rows = [{**row, "console": int(row["name"] in consoles)} for row in seen.rows]
    return Observed(rows, seen.condition, seen.columns)


def _port(attributes: Attributes, device: Device) -> dict[str, Cell] | None:
    serving = f"{device.base}/device"
    if not attributes.target(serving, "name"):
        return None
    if attributes.text(f"{device.base}/type", "name") == _NO_UART:
        return None
    if attributes.target(f"{serving}/subsystem", "driver") == _LAYERED:
        serving = f"{serving}/../.."
    return {
        "name": f"/dev/{device.name}",
        "driver": attributes.target(f"{serving}/driver", "driver"),
        "bus": sysfs.bus(device.path),
    }
