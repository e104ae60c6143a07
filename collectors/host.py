"""The seam: everything a collector learns about a host comes through here.

`LiveHost` reads this machine, `RootHost` a recorded, mounted or container root. Paths are
absolute as the host sees them. What goes wrong is an `OSError`, whatever went wrong, so one
`except OSError` and `condition_of` turn it into a condition:

    OSError
    ├── FileNotFoundError, PermissionError, …   as the kernel says
    └── SeamError
        ├── CoveredError          a foreign mount, hidepid or our own sandbox hides the source
        ├── TooLargeError         more bytes or entries than the cap
        ├── TooSlowError          a program did not answer in time
        └── NotLiveError          only a live host can answer (programs, kernel state)
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_READ = 4 * 1024 * 1024
"""The default cap for one file or one program's output, in bytes."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program answered."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Host(Protocol):
    """A host that can be read."""

    live: bool
    """Whether this is the running machine, so that psutil and pyudev may be asked too."""

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """The content of the file at `path`."""
        ...

    def names(self, path: str) -> list[str]:
        """The names in the directory `path`, sorted; text as `evidence.canonical.text` has it."""
        ...

    def link(self, path: str) -> str:
        """Where the symbolic link `path` points, as written in it."""
        ...

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """The metadata of `path`."""
        ...

    def run(self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ) -> Completed:
        """The answer of a program named by absolute path, in the C locale, without a shell."""
        ...
