"""The kernel's announcements of devices (uevents), heard through libudev.

The kernel's own group is listened to, not that of udevd: whoever stops udevd stops nothing here,
and containers have none. What the socket could not hold is lost, and the kernel says so once
(ENOBUFS); the caller is told and has to look for itself.
"""

import errno
import os
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

import pyudev  # type: ignore[import-untyped]  # it ships no types

from evidence import canonical

BUFFER = 8 * 1024 * 1024
"""How much the socket may hold, in bytes; without CAP_NET_ADMIN the kernel's own limit counts."""
AT_ONCE = 10_000
"""The most announcements that are taken from the socket before any is looked at."""


class Uevent(NamedTuple):
    """One announcement, as the kernel made it."""

    action: str
    """add, remove, bind, unbind, change …"""
    path: str
    """Place in the device tree, /sys/devices/…"""
    subsystem: str
    type: str
    """DEVTYPE: usb_device, disk …; empty where the subsystem has but one."""
    driver: str
    numbers: str
    """PRODUCT of USB: vendor, product and release in hexadecimal, without leading zeros."""
    address: int | None
    """DEVNUM of USB: another one whenever something is plugged in."""
    at: float
    """When it was taken from the socket, in seconds since 1970."""


class Heard(NamedTuple):
    """What has come since it was last asked."""

    events: list[Uevent]
    lost: bool
    """Whether the kernel had to drop some."""


class Monitor:
    """Listens to the announcements of some subsystems, from the moment it is made."""

    def __init__(self, subsystems: Iterable[str], *, buffer: int = BUFFER) -> None:
        """Begin to listen; ImportError without libudev, OSError without netlink."""
        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="kernel")
        for subsystem in subsystems:
            self._monitor.filter_by(subsystem)
        with suppress(OSError):  # then it is as large as one without privileges may make it
            self._monitor.set_receive_buffer_size(buffer)
        self._monitor.start()
        self._socket = socket.socket(fileno=os.dup(self._monitor.fileno()))

    def fileno(self) -> int:
        """The socket, to be waited for."""
        return self._socket.fileno()

    def heard(self) -> Heard:
        """All that has come, in the order in which it came; never waits.

        Raises:
            OSError: the socket is of no use any more.
        """
        events: list[Uevent] = []
        lost = False
        while len(events) < AT_ONCE:
            try:
                device = self._monitor.poll(0)
            except OSError as e:
                # The error waits on the socket until it is asked for, and poll(2) shows no more.
                pending = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if errno.ENOBUFS not in {pending, e.errno}:
                    raise
                lost = True
                continue
            if device is None:
                break
            if (event := _event(device)) is not None:
                events.append(event)
        return Heard(events, lost)


def _event(device: pyudev.Device) -> Uevent | None:
    """What `device` was announced with.

    None for a disk that is only software (loop, mapper), and for one that changed otherwise than
    by another medium: whatever writes to a disk makes udevd announce a change.
    """
    said = device.properties
    path = canonical.text(os.fsencode(device.sys_path))
    if device.subsystem == "block":
        same_medium = device.action == "change" and "DISK_MEDIA_CHANGE" not in said
        if same_medium or path.startswith("/sys/devices/virtual/"):
            return None
    address = _property(said, "DEVNUM")
    return Uevent(
        action=device.action or "",
        path=path,
        subsystem=device.subsystem or "",
        type=_property(said, "DEVTYPE"),
        driver=_property(said, "DRIVER"),
        numbers=_property(said, "PRODUCT"),
        address=int(address) if address.isdigit() else None,
        at=time.time(),
    )


def _property(said: Mapping[str, str], name: str) -> str:
    """A property that the kernel itself made up, and no device; empty if there is none."""
    return said.get(name, "")
