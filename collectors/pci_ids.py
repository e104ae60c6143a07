"""Names of PCI vendors, devices and classes, from the database that distributions ship as pci.ids.

A line without a tab names a vendor (`8086  Intel Corporation`) or a class (`C 0c  Serial bus`),
with one tab what belongs to it, with two the subsystems of that.
"""

import re
from functools import cache

from collectors.host import Host
from collectors.sysfs import plain

COLUMNS = frozenset(
    {"vendor", "model", "subsystem_vendor", "subsystem_model", "pci_class", "pci_subclass"}
)
"""The columns of pci_devices that are names."""

_FILES = (
    "/usr/share/hwdata/pci.ids",
    "/usr/share/misc/pci.ids",
    "/var/lib/pciutils/pci.ids",
)
_FIRST_CLASS = b"\nC 00  "
_TOP = re.compile(rb"\n(?=[0-9a-fA-F]|C )")
_NUMBER = re.compile(r"[0-9a-f]+")


def database(host: Host) -> bytes:
    """The first database that can be read; empty when there is none."""
    for path in _FILES:
        try:
            return b"\n" + host.read(path)
        except OSError:  # a name for people is not worth a condition: the numbers are there
            continue
    return b""


class Names:
    """Looks names up, each once; empty for what the database does not have."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        # Classes stand at the end: looked for from there, the vendors are not gone through.
        self._classes = data[max(0, data.rfind(_FIRST_CLASS)) :]
        self._section = cache(self._read_section)

    def vendor(self, vendor: str) -> str:
        """The vendor with this number of 4 hex digits."""
        return _first_line(self._section(vendor), f"\n{vendor}  ")

    def model(self, vendor: str, model: str) -> str:
        """The device of that vendor."""
        return _first_line(self._section(vendor), f"\n\t{model}  ")

    def subsystem(self, vendor: str, model: str, by: str, subsystem: str) -> str:
        """What the maker `by` sells that device as."""
        _, found, rest = self._section(vendor).partition(f"\n\t{model}  ".encode())
        end = re.search(rb"\n\t?[^\t#]", rest)
        part = rest[: end.start()] if end is not None else rest
        return _first_line(part, f"\n\t\t{by} {subsystem}  ") if found else ""

    def kind(self, kind: str) -> str:
        """The class with this number of 2 hex digits."""
        return _first_line(self._section(f"C {kind}"), f"\nC {kind}  ")

    def subkind(self, kind: str, subkind: str) -> str:
        """The subclass within that class."""
        return _first_line(self._section(f"C {kind}"), f"\n\t{subkind}  ")

    def _read_section(self, start: str) -> bytes:
        """The lines from the one that begins with `start` to the next of its rank."""
        data = self._classes if start.startswith("C ") else self._data
        begin = data.find(f"\n{start}  ".encode())
        if begin < 0 or not _NUMBER.fullmatch(start.removeprefix("C ")):
            return b""
        end = _TOP.search(data, begin + 1)
        return data[begin : end.start() if end is not None else len(data)]


def _first_line(section: bytes, start: str) -> str:
    return plain(section.partition(start.encode())[2].partition(b"\n")[0])
