"""Devices in /sys: their place in the device tree, and what they say of themselves.

What a device says (names, serial numbers) comes from the device, so it may hold anything: it is
capped, and characters that would act on a terminal or turn its text around are written out.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_LIMIT = 4096  # the kernel's own: an attribute fits a page
_INT64 = 2**63
_ACTING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters (C0, C1), and Unicode's invisible and direction-changing ones."""
_USB_INTERFACE = re.compile(r"/\d+-[0-9.]+:\d+\.\d+(/|$)")
_SDIO = re.compile(r"/mmc\d+:[0-9a-f]{4}(/|$)")
_PCI = re.compile(r"/[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7](/|$)")


@dataclass(frozen=True, slots=True)
class Attributes:
    """Reads attributes of one device after another, and notes what could not be read."""

    host: Host
    columns: dict[str, Condition] = field(default_factory=dict)
    """The columns with a value that could not be read, and why."""

    def text(self, path: str, column: str) -> str | None:
        """The attribute at `path`; empty when the device has none, None when it is unreadable."""
        try:
            return plain(self.host.read(path, limit=_LIMIT))
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as e:
            self.columns[column] = condition_of(e, path)
            return None

    def number(self, path: str, column: str, base: int = 10) -> int | None:
        """The attribute at `path` as a number; None when the device has none, or no number."""
        value = self.text(path, column)
        return self.parsed(value, path, column, base) if value else None

    def parsed(self, value: str, path: str, column: str, base: int = 10) -> int | None:
        """`value`, read at `path`, as a number that SQL can hold; None, and noted, if none."""
        try:
            found = int(value, base)
        except ValueError:
            found = _INT64
        if -_INT64 <= found < _INT64:
            return found
        self.columns[column] = condition(Status.UNREADABLE, "malformed_source", path)
        return None

    def names(self, path: str, column: str) -> list[str]:
        """The names in the directory at `path`; none when the device has no such directory."""
        try:
            return self.host.names(path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as e:
            self.columns[column] = condition_of(e, path)
            return []

    def uevent(self, path: str, column: str) -> dict[str, str]:
        """The `NAME=value` lines of the uevent attribute of the device at `path`."""
        try:
            return uevent(self.host.read(f"{path}/uevent"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as e:
            self.columns[column] = condition_of(e, path)
            return {}

    def target(self, path: str, column: str) -> str:
        """The last part of where the link at `path` points, such as a driver's name."""
        try:
            return posixpath.basename(self.host.link(path))
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as e:
            self.columns[column] = condition_of(e, path)
            return ""


@dataclass(frozen=True, slots=True)
class Device:
    """One device of a class or bus."""

    name: str
    base: str
    """Its link in the class, below which its attributes are read: /sys/class/rfkill/rfkill0."""
    path: str
    """Its place in the device tree."""


def observed(
    host: Host,
    directory: str,
    row: Callable[[Attributes, Device], dict[str, Cell] | None],
    names: str = r".+",
) -> Observed:
    """The rows of the devices in the class or bus at `directory` whose name matches `names`.

    `row` makes the row of one device, to which its place is added, or leaves it out with None. A
    kernel without the class has no rows, and neither has a device that went while it was read.
    """
    attributes = Attributes(host)
    matching = re.compile(names)
    rows: list[dict[str, Cell]] = []
    try:
        for name, path in devices(host, directory):
            if not matching.fullmatch(name):
                continue
            base = f"{directory}/{name}"
            found = row(attributes, Device(name, base, path))
            if found is not None and _still_there(host, base):
                rows.append(found | {"sysfs_path": path})
    except OSError as e:
        return Observed((), condition_of(e, directory))
    return Observed(rows, columns=attributes.columns)


def _still_there(host: Host, link: str) -> bool:
    try:
        host.link(link)
    except FileNotFoundError:
        return False
    return True


def plain(data: bytes) -> str:
    """What a device says, without blanks around it and with acting characters written out."""
    return _ACTING.sub(_written, canonical.text(data).strip())


def place(host: Host, link: str) -> str:
    """Where the device behind `link`, such as /sys/bus/usb/devices/1-1, is in the device tree.

    Raises:
        OSError: as `Host.link`; it may have gone meanwhile.
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(link), host.link(link)))


def devices(host: Host, directory: str) -> list[tuple[str, str]]:
    """Name and place of each device in a class; none when the kernel does not have the class.

    Raises:
        OSError: the class cannot be read.
    """
    try:
        names = host.names(directory)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        try:
            found.append((name, place(host, f"{directory}/{name}")))
        except SeamError:
            raise
        except OSError:
            continue  # gone meanwhile, or a plain file such as bonding_masters
    return found


def network_interfaces(host: Host, base: str) -> list[str]:
    """The network interfaces that the device at `base` serves."""
    try:
        return host.names(f"{base}/net")
    except FileNotFoundError:
        return []


def bus(path: str) -> str:
    """How the device at `path` in the device tree is attached: by the bus nearest to it."""
    if _USB_INTERFACE.search(path):
        return "usb"
    if _SDIO.search(path):
        return "sdio"
    if _PCI.search(path):
        return "pci"
    return "virtual" if path.startswith("/sys/devices/virtual/") else "platform"


def uevent(data: bytes) -> dict[str, str]:
    """The `NAME=value` lines of a uevent attribute."""
    lines = (line.partition(b"=") for line in data.split(b"\n"))
    return {plain(name): plain(value) for name, separator, value in lines if separator}


def _written(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004  # one byte
