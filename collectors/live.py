"""This machine, as this process sees it."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors import netlink, programs
from collectors.errors import CoveredError, SeamError
from collectors.mountinfo import MountTable
from collectors.programs import Completed
from collectors.reading import (
    MAX_LINKS,
    MAX_READ,
    READ,
    Machine,
    content,
    must_be_a_name,
    must_be_regular,
    sorted_names,
    too_many_links,
)


class LiveHost:
    """This machine, as this process sees it.

    A path on a mount that does not belong there is refused (see `collectors.mountinfo`), also
    when nothing is found there: an empty tmpfs must not read as an empty directory. So is every
    symbolic link on the way. Mounts are read once, at the first question.
    """

    live = True
    running = True

    def __init__(self) -> None:
        self._mounts: MountTable | None = None
        self._directories: dict[str, str | OSError] = {}
        self._answers: dict[tuple[str, ...], Completed | SeamError] = {}
        self.machine: Machine | None = Machine(
            os.uname().machine, os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
        )

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`; a FIFO or device is never opened, so it can neither hang nor act."""
        fd = self._opened(path)
        try:
            return b"".join(content(fd, path, limit))
        finally:
            os.close(fd)

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        fd = self._opened(path)
        try:
            yield from content(fd, path, limit)
        finally:
            os.close(fd)

    def names(self, path: str) -> list[str]:
        """See `Host.names`."""
        with os.scandir(self._directory(path)) as entries:
            return sorted_names(entries, path)

    def link(self, path: str) -> str:
        """See `Host.link`."""
        return os.readlink(self._real(path))  # noqa: PTH115 - Path would tidy what is written

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """See `Host.stat`."""
        found = os.lstat(self._real(path))
        if follow and stat.S_ISLNK(found.st_mode):
            return os.lstat(self._resolved(path))
        return found

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """See `Host.run`; FileNotFoundError if there is no such program.

        A program is asked once: several tables that rest on its answer rest on the same one.
        """
        asked = tuple(argv)
        if asked not in self._answers:
            self._resolved(argv[0])
            try:
                self._answers[asked] = programs.run(argv, timeout_s=timeout_s, limit=limit)
            except SeamError as e:
                self._answers[asked] = e
        answer = self._answers[asked]
        if isinstance(answer, SeamError):
            raise answer
        return answer

    def dump(self, kind: int) -> bytes:
        """See `Host.dump`."""
        return netlink.ask(kind)

    def _opened(self, path: str) -> int:
        """The regular file at `path`, opened for reading."""
        real = self._real(path)
        try:
            return _opened_here(real, path)
        except OSError as e:
            if e.errno != errno.ELOOP:
                raise
        return _opened_here(self._resolved(path), path)

    def _real(self, path: str) -> str:
        """`path` with its directory's symbolic links followed, once it is known uncovered."""
        must_be_a_name(path)
        directory, _, name = path.rpartition("/")
        full = f"{self._directory(directory).rstrip('/')}/{name}"
        if full in self._table().points:
            self._table().check(full)
        return full

    def _directory(self, path: str) -> str:
        """Where the directory `path` really is; remembered, because its files are asked next."""
        found = self._directories.get(path)
        if found is None:
            try:
                found = self._resolved(path)
            except OSError as e:
                found = e
            self._directories[path] = found
        if isinstance(found, OSError):
            raise found
        return found

    def _resolved(self, path: str) -> str:
        """`path` with every symbolic link followed; what is missing stays as it is written.

        Raises:
            CoveredError: it, or a link on the way, is on a mount that does not belong there.
        """
        must_be_a_name(path)
        table = self._table()
        real, parts, links = "", path.split("/")[::-1], 0
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                real = real.rpartition("/")[0]
                continue
            try:
                target = os.readlink(f"{real}/{part}")  # noqa: PTH115 - as written
            except OSError:
                real = f"{real}/{part}"
                continue
            table.check(f"{real}/{part}")
            links += 1
            if links > MAX_LINKS:
                raise too_many_links(path)
            real = "" if target.startswith("/") else real
            parts += target.split("/")[::-1]
        table.check(real or "/")
        return real or "/"

    def _table(self) -> MountTable:
        if self._mounts is None:
            self._mounts = _own_mounts()
        return self._mounts


def _opened_here(real: str, path: str) -> int:
    """The regular file at `real`, which is no link; ELOOP if it is one after all."""
    if not real.startswith(("/proc/", "/sys/")):
        found = os.lstat(real)
        if stat.S_ISLNK(found.st_mode):
            raise too_many_links(path)
        must_be_regular(found, path)
    fd = os.open(real, READ)
    try:
        must_be_regular(os.fstat(fd), path)
    except OSError:
        os.close(fd)
        raise
    return fd


def _own_mounts() -> MountTable:
    """The mounts this process sees, if /proc can be believed.

    Raises:
        CoveredError: /proc is not the kernel's, so nothing can be said about any path.
    """
    try:
        table = MountTable.parse(Path("/proc/self/mountinfo").read_bytes())
        table.check("/proc/self/mountinfo")
        found = Path("/proc").stat()
    except (OSError, ValueError, IndexError) as e:
        raise CoveredError("foreign_mount", "/proc", "unknown") from e
    device = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"
    if table.way("/proc")[-1].device != device:
        raise CoveredError("foreign_mount", "/proc", "unknown")
    return table
