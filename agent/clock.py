"""What this host knows of its clock: times as evidence writes them, and the kernel's discipline."""

import ctypes
import time
from datetime import UTC, datetime
from typing import ClassVar

from evidence.statement import Clock

_TIME_ERROR = 5
_STA_NANO = 0x2000
_REST = 256
"""Bytes for the fields of struct timex that are not read here, and then some."""


def now() -> str:
    """The time as RFC 3339 in UTC with whole seconds."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """`seconds` since 1970 as RFC 3339 in UTC with whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(stamp: str) -> int:
    """The seconds since 1970 of a time that `stamp` wrote; ValueError for any other text."""
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007  # the Z is in it
    return int(moment.replace(tzinfo=UTC).timestamp())


def beijing(stamp: str) -> str:
    """A time as people here read it: Beijing time, with the offset."""
    # A fixed offset: Beijing time has had no daylight saving since 1991.
    local = datetime.fromtimestamp(seconds(stamp) + 8 * 3600, UTC)
    return local.strftime("%Y-%m-%d %H:%M:%S +08:00")


class _Timex(ctypes.Structure):
    """The head of struct timex (adjtimex(2)); the kernel writes all of it."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * _REST),
    ]


def discipline() -> Clock:
    """Whether the kernel's clock is disciplined, and its remaining offset in milliseconds."""
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        return Clock(synchronised=None, offset_ms=None)
    if state == _TIME_ERROR:
        return Clock(synchronised=False, offset_ms=None)
    per_ms = 1_000_000 if timex.status & _STA_NANO else 1_000
    return Clock(synchronised=True, offset_ms=round(timex.offset / per_ms))
