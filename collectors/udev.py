"""What udev found out about devices, such as the file system on a disk.

Asked from libudev where it is installed, else read from the database that udevd writes
(`E:NAME=value` a line): containers and musl systems lack the library.
"""

import errno
import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

from collectors.errors import condition_of
from collectors.host import Host
from collectors.sysfs import plain, uevent
from facts.status import COMPLETE, Status, condition

DATABASE = "/run/udev/data"

_SEEN = "USEC_INITIALIZED"
"""The property udevd gives every device once it has looked at it."""
Properties: TypeAlias = Mapping[str, str]
_Lookup: TypeAlias = Callable[[str, Properties], Properties]


class Udev:
    """The properties of devices that have a node below /dev."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._look_up: _Lookup | None = None
        self.condition = COMPLETE
        """Why properties are lacking; complete as long as none are."""

    def properties(self, path: str, known: Properties) -> Properties | None:
        """What udev says of the device at `path` in the device tree; None if it says nothing.

        `known` is the device's uevent attribute.
        """
        if not self.condition.complete:
            return None
        try:
            self._host.stat(DATABASE)
            lacking = condition(Status.UNREADABLE, "source_missing", DATABASE)
        except FileNotFoundError:
            lacking = condition(Status.UNSUPPORTED, "program_missing", "systemd-udevd")
        except OSError as e:
            self.condition = condition_of(e, DATABASE)
            return None
        if self._look_up is None:
            self._look_up = (_library() if self._host.live else None) or self._database
        try:
            found = self._look_up(path, known)
        except OSError as e:
            self.condition = condition_of(e, DATABASE)
            return None
        if _SEEN not in found:
            self.condition = lacking
            return None
        return found

    def _database(self, path: str, known: Properties) -> Properties:
        """The uevent and what udevd wrote; device numbers name its files."""
        kind = "b" if "/block/" in path else "c"
        file = f"{DATABASE}/{kind}{known.get('MAJOR')}:{known.get('MINOR')}"
        try:
            lines = self._host.read(file).split(b"\n")
        except FileNotFoundError:
            return known
        written = b"\n".join(line[2:] for line in lines if line.startswith(b"E:"))
        seen = b"".join(line[2:] for line in lines if line.startswith(b"I:"))
        return {**known, **uevent(written), **({_SEEN: plain(seen)} if seen else {})}


def _library() -> _Lookup | None:
    """Asks libudev; None where it is not installed."""
    # It costs 13 ms, only the content of block devices needs it, and it ships no types.
    import pyudev  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        context = pyudev.Context()
    except ImportError:
        return None

    def look_up(path: str, known: Properties) -> Properties:
        try:
            device = pyudev.Devices.from_sys_path(context, os.fsencode(path))
            return {name: plain(value.encode()) for name, value in device.properties.items()}
        except pyudev.DeviceNotFoundError:
            return known
        except UnicodeDecodeError as e:
            raise OSError(errno.EILSEQ, os.strerror(errno.EILSEQ), path) from e

    return look_up
