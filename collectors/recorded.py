"""A host as a recording has it (`collectors.recorder`, docs/adr/0011-recordings.md)."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from collectors.errors import (
    CoveredError,
    NotAFileError,
    NotRecordedError,
    TooLargeError,
    TooSlowError,
)
from collectors.mountinfo import MountTable
from collectors.programs import Completed
from collectors.reading import MAX_LINKS, MAX_READ, Machine, too_many_links
from collectors.recorder import MAX_FILE, follows
from collectors.recording import Answer, Entry, Recording, load

_TIMEOUT_S = 20.0
"""How long a recorder waits for a program."""


class RecordedHost:
    """A host that ran when it was recorded.

    What nobody asked for then is `not_recorded`, which is not the same as not there. Paths are
    checked against the mounts the recorder saw, as `LiveHost` checks them against its own.
    """

    live = False
    running = True

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._mounts: MountTable | None = None
        said = recording.manifest
        self.machine: Machine | None = Machine(said.architecture, said.page_size, said.clock_ticks)
        self.recorded_at = datetime.fromisoformat(said.recorded).astimezone(UTC)
        """What "now" is for whoever judges it."""

    @classmethod
    def at(cls, path: Path) -> "RecordedHost":
        """The host in the file at `path`; BadRecordingError or OSError if there is none."""
        return cls(load(path))

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`."""
        return self._content(path, self._found(path), limit)

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`; of what secrets were taken out of, nobody can have all pieces."""
        entry = self._found(path)
        if entry.reduced:
            raise NotRecordedError(path)
        yield self._content(path, entry, limit)

    def names(self, path: str) -> list[str]:
        """See `Host.names`."""
        entry = self._found(path)
        if not stat.S_ISDIR(_mode_of(entry)):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if entry.names is None:
            raise _why_not(entry, path)
        return sorted(entry.names)

    def link(self, path: str) -> str:
        """See `Host.link`."""
        entry = self._found(path, follow=False)
        if not stat.S_ISLNK(_mode_of(entry)):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        if entry.target is None:
            raise _why_not(entry, path)
        return entry.target

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """See `Host.stat`."""
        numbers = self._found(path, follow=follow).stat or ()
        return os.stat_result(numbers[:10], {"st_rdev": numbers[10], "st_blksize": numbers[11]})

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """See `Host.run`; the answer is the one that was given then."""
        del timeout_s
        self._found(argv[0])
        answer = self._recording.programs.get(tuple(argv))
        if answer is None:
            raise NotRecordedError(" ".join(argv))
        if answer.stdout is None or answer.stderr is None:
            raise _unanswered(answer, argv[0])
        stdout, stderr = (self._recording.contents[d] for d in (answer.stdout, answer.stderr))
        if max(len(stdout), len(stderr)) > limit:
            raise TooLargeError(argv[0], limit)
        return Completed(answer.returncode, stdout, stderr)

    def dump(self, kind: int) -> bytes:
        """See `Host.dump`."""
        answer = self._recording.dumps.get(kind)
        if answer is None:
            raise NotRecordedError("rtnetlink")
        if answer.data is None:
            raise _unanswered(answer, "rtnetlink")
        return self._recording.contents[answer.data]

    def _content(self, path: str, entry: Entry, limit: int) -> bytes:
        mode = _mode_of(entry)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise NotAFileError(path)
        if entry.content is None:
            raise _why_not(entry, path)
        data = self._recording.contents[entry.content]
        if len(data) > limit:
            raise TooLargeError(path, limit)
        return data

    def _found(self, path: str, *, follow: bool = True) -> Entry:
        """The entry that `path` leads to, each link followed as the kernel would have.

        Raises:
            CoveredError: it, or a link on the way, was on a mount that does not belong there.
            NotRecordedError: nobody looked, so it may have been there or not.
            OSError: as the kernel said, or would have.
        """
        entry, real, links = self._entry("", path), "", 0
        parts = [part for part in path.split("/")[::-1] if part]
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                real = real.rpartition("/")[0]
                entry = self._entry(real, path)
                continue
            step = f"{real}/{part}"
            if not stat.S_ISLNK(_mode_of(self._recording.entries.get(step))):
                # Also of what is not there: an empty tmpfs must not read as an empty directory.
                self._table().check("/".join((step, *filter(None, parts[::-1]))))
            if not stat.S_ISDIR(_mode_of(entry)):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
            entry = self._entry(step, path)
            target = entry.target
            if target is None or not (follow or any(parts)):
                real = step
                continue
            self._table().check(step)
            links += 1
            if links > MAX_LINKS:
                raise too_many_links(path)
            if not follows(step):
                raise NotRecordedError(path)
            real = "" if target.startswith("/") else real
            entry = self._entry(real, path)
            parts += target.split("/")[::-1]
        return entry

    def _entry(self, place: str, path: str) -> Entry:
        """What stands at `place`, on the way to `path`; errors as `_found`."""
        entry = self._recording.entries.get(place or "/")
        if entry is None:
            directory, _, name = place.rpartition("/")
            above = self._recording.entries.get(directory or "/")
            if above is not None and above.names is not None and name not in above.names:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            raise NotRecordedError(path)
        if entry.stat is None:
            raise _why_not(entry, path)
        return entry

    def _table(self) -> MountTable:
        if self._mounts is None:
            self._mounts = self._recorded_mounts()
        return self._mounts

    def _recorded_mounts(self) -> MountTable:
        """The mounts the recorder saw, if its /proc can be believed."""
        entries, contents = self._recording.entries, self._recording.contents
        try:
            own = entries[f"/proc/{entries['/proc/self'].target}/mountinfo"]
            table = MountTable.parse(contents[own.content or ""])
            table.check("/proc/self/mountinfo")
            device = (entries["/proc"].stat or ())[2]
        except (KeyError, ValueError, IndexError) as e:
            raise CoveredError("foreign_mount", "/proc", "unknown") from e
        if table.way("/proc")[-1].device != f"{os.major(device)}:{os.minor(device)}":
            raise CoveredError("foreign_mount", "/proc", "unknown")
        return table


def _mode_of(entry: Entry | None) -> int:
    return entry.stat[0] if entry is not None and entry.stat is not None else 0


def _why_not(entry: Entry, path: str) -> OSError:
    """Why `entry`, of `path`, does not have what was asked of it."""
    if entry.errno is not None:
        return OSError(entry.errno, os.strerror(entry.errno), path)
    return TooLargeError(path, MAX_FILE) if entry.left == "too_large" else NotRecordedError(path)


def _unanswered(answer: Answer, asked: str) -> OSError:
    if answer.errno is not None:
        return OSError(answer.errno, os.strerror(answer.errno), asked)
    if answer.left == "too_slow":
        return TooSlowError(asked, _TIMEOUT_S)
    return TooLargeError(asked, MAX_FILE) if answer.left else NotRecordedError(asked)
