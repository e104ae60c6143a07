"""The seam: everything a collector learns about a host comes through here.

`LiveHost` reads this machine, `RootHost` a mounted or container root, `RecordedHost` (imported
where it is needed) what a recorder wrote. Paths are absolute as the host sees them. What goes wrong
is an `OSError`, whatever went wrong, so one `except OSError` and `condition_of` turn it into a
condition; `collectors.errors` has the tree.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from collectors.errors import (
    CoveredError,
    NotAFileError,
    NotLiveError,
    SeamError,
    TooLargeError,
    TooSlowError,
    condition_of,
)
from collectors.live import LiveHost
from collectors.programs import Completed
from collectors.reading import MAX_NAMES, MAX_READ, Machine
from collectors.root import RootHost

__all__ = [
    "MAX_NAMES",
    "MAX_READ",
    "Completed",
    "CoveredError",
    "Host",
    "LiveHost",
    "Machine",
    "NotAFileError",
    "NotLiveError",
    "RootHost",
    "SeamError",
    "TooLargeError",
    "TooSlowError",
    "condition_of",
]


class Host(Protocol):
    """A host that can be read."""

    live: bool
    """Whether this is the running machine, so that psutil and pyudev may be asked too."""
    running: bool
    """Whether /proc, /sys and /run are those of a running host: this one, or one recorded so."""

    machine: Machine | None
    """The machine that runs, or ran, it; None where only files are known."""

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """The content of the regular file at `path`, at most `limit` bytes."""
        ...

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """The same content piece by piece, for what is too large to hold."""
        ...

    def names(self, path: str) -> list[str]:
        """The names in the directory `path`, sorted, so that they can be read back.

        Undecodable bytes are surrogate escapes (PEP 383); `HostSource` makes them text.
        """
        ...

    def link(self, path: str) -> str:
        """Where the symbolic link `path` points, as written in it."""
        ...

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """The metadata of `path`."""
        ...

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """The answer of a program named by absolute path, in the C locale, without a shell."""
        ...

    def dump(self, kind: int) -> bytes:
        """What the kernel answers to an rtnetlink(7) request to dump all objects of a `kind`.

        The datagrams joined; `collectors.netlink` names the kinds and takes them apart.
        """
        ...
