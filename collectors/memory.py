"""How much memory this host has and uses, from /proc/meminfo (proc(5))."""

import re

from collectors.config import decoded
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Status, condition

_MEMINFO = "/proc/meminfo"
_VALUE = re.compile(r" *([0-9]{1,15}) kB")
_FIELDS = {
    "MemTotal": "memory_total",
    "MemFree": "memory_free",
    "MemAvailable": "memory_available",
    "Buffers": "buffers",
    "Cached": "cached",
    "SwapCached": "swap_cached",
    "Active": "active",
    "Inactive": "inactive",
    "SwapTotal": "swap_total",
    "SwapFree": "swap_free",
}
_ALWAYS = _FIELDS.keys() - {"MemAvailable"}
"""Every kernel since 2.6 states these; MemAvailable came with Linux 3.14."""


@running_only(_MEMINFO)
def memory_info(host: Host, columns: frozenset[str]) -> Observed:
    """One row, in bytes."""
    del columns
    row: dict[str, Cell] = {}
    for line in decoded(host.read(_MEMINFO)).split("\n"):
        name, _, value = line.partition(":")
        said = _VALUE.fullmatch(value)
        if name in _FIELDS and said:
            row[_FIELDS[name]] = int(said[1]) * 1024
    lacking = [_FIELDS[name] for name in _ALWAYS if _FIELDS[name] not in row]
    malformed = condition(Status.UNREADABLE, "malformed_source", _MEMINFO)
    if len(lacking) == len(_ALWAYS):
        return Observed((), malformed)
    return Observed([row], columns=dict.fromkeys(lacking, malformed))
