"""What a process gives up before it judges what others sent: files, sockets, programs, imports.

The limits of the kernel hold whatever the code does; the audit hook also stops what root may do
in spite of them, and says what was tried.
"""

import resource
import sys
from typing import Any

MEMORY = 1024 * 1024 * 1024
"""The most address space, in bytes."""

_OUTSIDE = frozenset({"agent", "collectors", "server"})
"""The packages that observe hosts, send or serve."""

_REFUSED = (
    "ctypes.",
    "fcntl.",
    "glob.",
    "import",
    "mmap.",
    "open",
    "os.",
    "pathlib.",
    "shutil.",
    "signal.",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "syslog.",
    "tempfile.",
    "urllib.",
)
"""Audit events, by how they start, for which judging has no use."""


class LockedError(RuntimeError):
    """Something was tried that a locked process does not do."""


def refuse_collectors() -> None:
    """From now on this process cannot import what observes hosts, sends or serves.

    Raises:
        LockedError: it already has.
    """
    if present := sorted(_OUTSIDE & sys.modules.keys()):
        raise LockedError(f"imported already: {', '.join(present)}")
    sys.addaudithook(_refuse_import)


def lock() -> None:
    """Give everything up for good; what is needed has to be imported and opened before."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    sys.addaudithook(_refuse_outside)


def limit_cpu(seconds: int) -> None:
    """End this process if it computes for more than `seconds` from now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _refuse_import(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "import" and str(arguments[0]).partition(".")[0] in _OUTSIDE:
        raise LockedError(f"a judge does not import {arguments[0]}")


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED):
        raise LockedError(f"a judge does not do this: {event} {arguments[:1]!r}")
