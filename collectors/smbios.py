"""SMBIOS structures, as the firmware left them (DMTF DSP0134, System Management BIOS).

Each is a header (type, length, handle), a formatted part, and strings that end in two NULs. A
machine without SMBIOS, such as many ARM boards and small virtual machines, has none.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import COMPLETE, Status, condition

TABLES = "/sys/firmware/dmi/tables/DMI"

_HEADER = 4
_END_OF_TABLE = 127
_DESCRIPTIONS = {
    0: "BIOS Information",
    1: "System Information",
    2: "Base Board or Module Information",
    3: "System Enclosure or Chassis",
    4: "Processor Information",
    5: "Memory Controller Information",
    6: "Memory Module Information",
    7: "Cache Information",
    8: "Port Connector Information",
    9: "System Slots",
    10: "On Board Devices Information",
    11: "OEM Strings",
    12: "System Configuration Options",
    13: "BIOS Language Information",
    14: "Group Associations",
    15: "System Event Log",
    16: "Physical Memory Array",
    17: "Memory Device",
    18: "32-bit Memory Error Information",
    19: "Memory Array Mapped Address",
    20: "Memory Device Mapped Address",
    21: "Built-in Pointing Device",
    22: "Portable Battery",
    23: "System Reset",
    24: "Hardware Security",
    25: "System Power Controls",
    26: "Voltage Probe",
    27: "Cooling Device",
    28: "Temperature Probe",
    29: "Electrical Current Probe",
    30: "Out-of-Band Remote Access",
    31: "Boot Integrity Services",
    32: "System Boot Information",
    33: "64-bit Memory Error Information",
    34: "Management Device",
    35: "Management Device Component",
    36: "Management Device Threshold Data",
    37: "Memory Channel",
    38: "IPMI Device Information",
    39: "System Power Supply",
    40: "Additional Information",
    41: "Onboard Devices Extended Info",
    42: "Management Controller Host Interface",
    43: "TPM Device",
    44: "Processor Additional Information",
    45: "Firmware Inventory Information",
    46: "String Property",
    126: "Inactive",
    127: "End-of-Table",
}
"""The types of DSP0134; 128 and above are a maker's own. Spelled as osquery spells them."""


@dataclass(frozen=True, slots=True)
class Structure:
    """One SMBIOS structure."""

    type: int
    handle: int
    header_size: int
    """Length of the header and the formatted part, in bytes."""
    content: bytes
    """All of it, the strings and their two NULs included."""


@running_only(TABLES)
def smbios_tables(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each structure up to the one that ends the table."""
    del columns
    try:
        data = content(host)
    except OSError as e:
        return Observed((), condition_of(e, TABLES))
    if data is None:
        return Observed(())
    rows: list[dict[str, Cell]] = [
        {
            "number": number,
            "type": found.type,
            "description": _DESCRIPTIONS.get(found.type, "Unknown"),
            "handle": found.handle,
            "header_size": found.header_size,
            "size": len(found.content),
            "md5": hashlib.md5(found.content, usedforsecurity=False).hexdigest(),
        }
        for number, found in enumerate(structures(data))
    ]
    ended = bool(rows) and rows[-1]["type"] == _END_OF_TABLE
    malformed = condition(Status.PARTIAL, "malformed_source", TABLES)
    return Observed(rows, COMPLETE if ended else malformed)


def content(host: Host) -> bytes | None:
    """The table as the kernel shows it; None on a machine that has none.

    Raises:
        OSError: it cannot be read; only root may.
    """
    try:
        return host.read(TABLES)
    except FileNotFoundError:
        host.names("/sys/firmware")
        return None


def structures(data: bytes) -> Iterator[Structure]:
    """The structures in `data` until the last one, or until they stop making sense."""
    start = 0
    while start + _HEADER <= len(data):
        kind, length = data[start], data[start + 1]
        strings = start + length
        end = data.find(b"\0\0", strings)
        if length < _HEADER or end < 0:
            return
        end += 2
        handle = int.from_bytes(data[start + 2 : start + _HEADER], "little")
        yield Structure(kind, handle, length, data[start:end])
        if kind == _END_OF_TABLE:
            return
        start = end
