"""Where monitors are attached, from sysfs, and which ones, by the EDID block they state.

Of EDID (VESA E-EDID 1.4) only the identity is read: maker, product, serial number; never a name
or a picture.
"""

from typing import NamedTuple

from collectors import sysfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell
from facts.status import Status, condition

_CLASS = "/sys/class/drm"
_HEADER = bytes.fromhex("00ffffffffffff00")
_BLOCK = 128
_MAX_EDID = 256 * _BLOCK
_DESCRIPTORS = range(54, 126, 18)
_SERIAL_TEXT = bytes.fromhex("000000ff00")
"""How a display descriptor begins that holds the serial number as text."""


@running_only(_CLASS)
def displays(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each connector of each graphics card; none, and complete, without any."""
    del wanted
    return sysfs.observed(host, _CLASS, _connector, r"card\d+-.+")


def _connector(attributes: Attributes, device: Device) -> dict[str, Cell]:
    card = device.name.partition("-")[0]
    monitor = _monitor(attributes, f"{device.base}/edid")
    enabled = attributes.text(f"{device.base}/enabled", "enabled")
    return {
        "name": device.name,
        "status": attributes.text(f"{device.base}/status", "status"),
        "enabled": {"enabled": 1, "disabled": 0}.get(enabled or ""),
        "manufacturer": monitor.manufacturer,
        "product_id": monitor.product,
        "serial": monitor.serial,
        "driver": attributes.target(f"{_CLASS}/{card}/device/driver", "driver"),
    }


class _Monitor(NamedTuple):
    manufacturer: str = ""
    product: str = ""
    serial: str = ""


def _monitor(attributes: Attributes, path: str) -> _Monitor:
    """What the monitor at a connector is; nothing when there is none, or it does not say."""
    try:
        edid = attributes.host.read(path, limit=_MAX_EDID)
    except (FileNotFoundError, NotADirectoryError):
        return _Monitor()
    except OSError as e:
        unread = condition_of(e, path)
        attributes.columns.update(dict.fromkeys(("manufacturer", "product_id", "serial"), unread))
        return _Monitor()
    if not edid:
        return _Monitor()
    if len(edid) < _BLOCK or not edid.startswith(_HEADER) or sum(edid[:_BLOCK]) % 256:
        malformed = condition(Status.UNREADABLE, "malformed_source", path)
        attributes.columns.update(
            dict.fromkeys(("manufacturer", "product_id", "serial"), malformed)
        )
        return _Monitor()
    letters = int.from_bytes(edid[8:10], "big")
    maker = "".join(chr(ord("@") + (letters >> shift & 0x1F)) for shift in (10, 5, 0))
    return _Monitor(maker, f"{int.from_bytes(edid[10:12], 'little'):04x}", _serial(edid))


def _serial(edid: bytes) -> str:
    """The serial number as text if the monitor has one, else as a number; empty if neither."""
    for start in _DESCRIPTORS:
        descriptor = edid[start : start + 18]
        if descriptor.startswith(_SERIAL_TEXT):
            return sysfs.plain(descriptor[5:].partition(b"\n")[0])
    number = int.from_bytes(edid[12:16], "little")
    return str(number) if number else ""
