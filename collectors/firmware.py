"""The firmware of this machine: who made it, which version, which kind."""

from collectors import smbios
from collectors.config import first
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

EFI = "/sys/firmware/efi"

_DMI = "/sys/class/dmi/id"
_DEVICE_TREE = "/sys/firmware/devicetree/base"
_ACPI = "/sys/firmware/acpi"
_TEXTS = {
    "vendor": "bios_vendor",
    "version": "bios_version",
    "date": "bios_date",
    "revision": "bios_release",
}
_MAPPED = ("address", "size")
_BIOS_INFORMATION = 0
_LARGE = 0xFF
"""The size byte of a firmware of 16 MiB or more, whose size stands further behind."""
_EXTENDED = 0x18
_SEGMENT, _SIZE = 0x06, 0x09
_BLOCK = 64 * 1024


@running_only("/sys/firmware")
def platform_info(host: Host, columns: frozenset[str]) -> Observed:
    """One row; a machine without SMBIOS knows only which kind of firmware started it."""
    attributes = Attributes(host)
    row: dict[str, Cell] = {"firmware_type": kind(host)}
    for column, name in _TEXTS.items():
        row[column] = attributes.text(f"{_DMI}/{name}", column) or None
    conditions: dict[str, Condition] = dict(attributes.columns)
    if columns & set(_MAPPED):
        try:
            row |= _mapped(smbios.content(host))
        except OSError as e:
            conditions |= dict.fromkeys(_MAPPED, condition_of(e, smbios.TABLES))
        except ValueError:
            damaged = condition(Status.UNREADABLE, "malformed_source", smbios.TABLES)
            conditions |= dict.fromkeys(_MAPPED, damaged)
    return Observed([row], columns=conditions)


def kind(host: Host) -> str:
    """`uefi`, `openfirmware` or `bios`; `unknown` if nothing tells.

    Outside x86, ACPI only ever comes with UEFI: without it, ACPI means a PC BIOS.

    Raises:
        OSError: /sys cannot be read.
    """
    host.names("/sys/firmware")
    if first(host, EFI):
        return "uefi"
    if first(host, _ACPI, "/sys/class/dmi"):
        return "bios"
    return "openfirmware" if first(host, _DEVICE_TREE) else "unknown"


def _mapped(data: bytes | None) -> dict[str, Cell]:
    """Where the firmware is mapped and how large its chip is; ValueError if nothing says so."""
    if data is None:
        return {}
    for found in smbios.structures(data):
        if found.type == _BIOS_INFORMATION and found.header_size > _SIZE:
            segment = int.from_bytes(found.content[_SEGMENT : _SEGMENT + 2], "little")
            return {"address": f"0x{segment:04x}", "size": str(_size(found))}
    raise ValueError("no BIOS information")


def _size(found: smbios.Structure) -> int:
    """The size of the chip in bytes: in blocks of 64 KiB, or for a large one in MiB or GiB."""
    blocks = found.content[_SIZE]
    if blocks == _LARGE and found.header_size >= _EXTENDED + 2:
        stated = int.from_bytes(found.content[_EXTENDED : _EXTENDED + 2], "little")
        return (stated & 0x3FFF) << (30 if stated & 0x4000 else 20)
    return (blocks + 1) * _BLOCK
