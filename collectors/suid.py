"""Programs that run with the rights of their owner or group, whoever starts them.

The directories in which programs and their helpers are installed are walked, not all of the disk:
neither data nor what belongs to people. Links are not followed. On a live host the kernel is asked
for thousands of files without going through the seam, which would cost ten times as much; mounts
are checked all the same.
"""

import os
import stat
from collections.abc import Iterator
from os import stat_result
from pathlib import Path

from collectors.config import decoded, entries, present
from collectors.errors import CoveredError, TooLargeError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.mountinfo import MountTable
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

TREES = (
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"),
    *("/usr/libexec", "/usr/local", "/usr/games", "/opt"),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
)
"""Those that are links into /usr on most hosts come last, and are then not walked twice."""
LEVELS = 2
"""How many directories below a tree are searched; what is deeper is data and modules by the
thousand, and walking it would cost more than all other tables together."""
_MAX_ENTRIES = 200_000
_BITS = ((stat.S_ISUID, "S"), (stat.S_ISGID, "G"))
_SPECIAL = stat.S_ISUID | stat.S_ISGID


def suid_bin(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each such file."""
    if host.running and not host.live:
        return Observed((), condition(Status.UNSUPPORTED, "not_live", "lstat(2)"))
    present(host, "/usr", "/opt")
    walk = _Walk(host)
    refused: dict[str, Condition] = {}
    users, groups = dict[int, str](), dict[int, str]()
    for column, path, known in (
        ("username", "/etc/passwd", users),
        ("groupname", "/etc/group", groups),
    ):
        if column in columns:
            try:
                known.update(_names(decoded(host.read(path))))
            except OSError as e:
                refused[column] = condition_of(e, path)
    rows: list[dict[str, Cell]] = [
        {
            "path": path,
            "username": users.get(found.st_uid, str(found.st_uid)),
            "groupname": groups.get(found.st_gid, str(found.st_gid)),
            "permissions": "".join(word for bit, word in _BITS if found.st_mode & bit),
        }
        for path, found in walk.files()
    ]
    rows.sort(key=lambda row: str(row["path"]))
    return Observed(rows, walk.condition, refused)


class _Walk:
    """Goes through the trees, and notes what could not be seen."""

    def __init__(self, host: Host) -> None:
        self.condition = COMPLETE
        self._host = host
        self._left = _MAX_ENTRIES
        self._mounts = _mounts(host) if host.live else None
        self._seen: set[tuple[int, int]] = set()

    def files(self) -> Iterator[tuple[str, stat_result]]:
        """Path and metadata of each regular file with one of the bits."""
        for tree in TREES:
            try:
                self._host.stat(tree)
            except FileNotFoundError:
                continue
            except OSError as e:
                self.condition = condition_of(e, tree)
                continue
            yield from self._below(tree)

    def _below(self, tree: str) -> Iterator[tuple[str, stat_result]]:
        waiting = [(tree, 0)]
        while waiting:
            directory, level = waiting.pop()
            for path, found in self._entries(directory):
                if stat.S_ISDIR(found.st_mode) and level < LEVELS:
                    waiting.append((path, level + 1))
                elif found.st_mode & _SPECIAL and stat.S_ISREG(found.st_mode):
                    yield path, found

    def _entries(self, directory: str) -> Iterator[tuple[str, stat_result]]:
        """What is in `directory`, if it was not seen under another name."""
        try:
            if self._mounts is not None and directory in self._mounts.points:
                self._mounts.check(directory)
            found = Path(directory).stat() if self._mounts else self._host.stat(directory)
            place = found.st_dev, found.st_ino
            if place in self._seen:
                return
            self._seen.add(place)
            inside = self._live(directory) if self._mounts else self._recorded(directory)
            for path, each in inside:
                self._left -= 1
                if self._left < 0:
                    raise TooLargeError(directory, _MAX_ENTRIES)
                yield path, each
        except FileNotFoundError:
            return  # not on this host, or gone meanwhile
        except OSError as e:
            self.condition = condition_of(e, directory)

    def _live(self, directory: str) -> Iterator[tuple[str, stat_result]]:
        with os.scandir(directory) as found:
            for entry in found:
                try:
                    yield f"{directory}/{entry.name}", entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue

    def _recorded(self, directory: str) -> Iterator[tuple[str, stat_result]]:
        for name in entries(self._host, directory):
            yield f"{directory}/{name}", self._host.stat(f"{directory}/{name}", follow=False)


def _mounts(host: Host) -> MountTable:
    """The mounts of this process; OSError if they cannot be understood."""
    try:
        return MountTable.parse(host.read("/proc/self/mountinfo"))
    except (ValueError, IndexError) as e:
        raise CoveredError("foreign_mount", "/proc", "unknown") from e


def _names(text: str) -> dict[int, str]:
    """Names by number, of a file in the form of passwd(5) or group(5); the first one counts."""
    found: dict[int, str] = {}
    for line in text.split("\n"):
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdecimal() and len(fields[2]) <= 10:  # noqa: PLR2004 - third field; 32 bits
            found.setdefault(int(fields[2]), fields[0])
    return found
