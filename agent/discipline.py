"""What the kernel knows of its own clock: whether it is disciplined, and how far it is off."""

import ctypes
from typing import ClassVar

from evidence.statement import Clock

_TIME_ERROR = 5
_STA_NANO = 0x2000
_REST = 256
"""Bytes for the fields of struct timex that are not read here, and then some."""


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


UNKNOWN = Clock(synchronised=None, offset_ms=None)
"""What is known of a clock that nobody can ask."""


def discipline() -> Clock:
    """Whether the kernel's clock is disciplined, and its remaining offset in milliseconds."""
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        return UNKNOWN
    if state == _TIME_ERROR:
        return Clock(synchronised=False, offset_ms=None)
    per_ms = 1_000_000 if timex.status & _STA_NANO else 1_000
    return Clock(synchronised=True, offset_ms=round(timex.offset / per_ms))
