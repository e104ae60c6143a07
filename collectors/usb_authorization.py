"""What the kernel lets USB devices do before anyone has looked at them, from sysfs.

Documentation/usb/authorization.rst: each bus has a default for devices and one for interfaces;
the module parameter is the default of buses that come later.
"""

from collectors import sysfs, usb
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell

_PARAMETER = "/sys/module/usbcore/parameters/authorized_default"
_BUS_PREFIX = "usb"


@running_only(usb.DEVICES)
def usb_authorization(host: Host, wanted: frozenset[str]) -> Observed:
    """The module's default, then each bus, device and interface; none without USB."""
    del wanted
    seen = sysfs.observed(host, usb.DEVICES, _row)
    attributes = Attributes(host)
    default = attributes.number(_PARAMETER, "authorized_default")
    rows = list(seen.rows)
    if default is not None:
        rows.insert(0, {"kind": "module", "name": "usbcore", "authorized_default": default})
    return Observed(rows, seen.condition, {**seen.columns, **attributes.columns})


def _row(attributes: Attributes, device: Device) -> dict[str, Cell]:
    def number(name: str) -> int | None:
        return attributes.number(f"{device.base}/{name}", name)

    row: dict[str, Cell] = {"name": device.name, "authorized": number("authorized")}
    if ":" in device.name:
        return row | {"kind": "interface"}
    if not device.name.startswith(_BUS_PREFIX):
        return row | {"kind": "device"}
    return row | {
        "kind": "bus",
        "authorized_default": number("authorized_default"),
        "interface_authorized_default": number("interface_authorized_default"),
    }
