"""The seam: everything a collector learns about a host comes through here.

`LiveHost` reads this machine, `RootHost` a recorded, mounted or container root. Paths are
absolute as the host sees them. What goes wrong is an `OSError`, whatever went wrong, so one
`except OSError` and `condition_of` turn it into a condition; `collectors.errors` has the tree.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from collectors import programs
from collectors.errors import (
    CoveredError,
    NotAFileError,
    NotLiveError,
    SeamError,
    TooLargeError,
    TooSlowError,
    condition_of,
)
from collectors.mountinfo import MountTable
from collectors.programs import Completed

__all__ = [
    "MAX_NAMES",
    "MAX_READ",
    "Completed",
    "CoveredError",
    "Host",
    "LiveHost",
    "NotAFileError",
    "NotLiveError",
    "RootHost",
    "SeamError",
    "TooLargeError",
    "TooSlowError",
    "condition_of",
]

MAX_READ = 4 * 1024 * 1024
"""The default cap for one file or one program's output, in bytes."""
MAX_NAMES = 100_000
"""The most entries a directory may have."""

_CHUNK = 65536
_MAX_LINKS = 40
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_LOOK = os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW
_LIST = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY


class Host(Protocol):
    """A host that can be read."""

    live: bool
    """Whether this is the running machine, so that psutil and pyudev may be asked too."""

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


class LiveHost:
    """This machine, as this process sees it.

    A path on a mount that does not belong there is refused (see `collectors.mountinfo`), also
    when nothing is found there: an empty tmpfs must not read as an empty directory. Mounts are
    read once, at the first question.
    """

    live = True

    def __init__(self) -> None:
        self._mounts: MountTable | None = None
        self._directories: dict[str, str | SeamError] = {}

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`; a FIFO or device is never opened, so it can neither hang nor act."""
        fd = self._opened(path)
        try:
            return b"".join(_content(fd, path, limit))
        finally:
            os.close(fd)

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        fd = self._opened(path)
        try:
            yield from _content(fd, path, limit)
        finally:
            os.close(fd)

    def names(self, path: str) -> list[str]:
        """See `Host.names`."""
        real = os.path.realpath(path)
        self._check(real)
        with os.scandir(real) as entries:
            return _sorted(entries, path)

    def link(self, path: str) -> str:
        """See `Host.link`."""
        return str(os.readlink(self._real(path)))  # noqa: PTH115 - Path would tidy what is written

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """See `Host.stat`."""
        real = self._real(path)
        if follow and Path(real).is_symlink():
            real = self._target(real)
        return Path(real).lstat()

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """See `Host.run`; FileNotFoundError if there is no such program."""
        self._check(os.path.realpath(argv[0]))
        return programs.run(argv, timeout_s=timeout_s, limit=limit)

    def _opened(self, path: str) -> int:
        """The regular file at `path`, opened for reading."""
        real = self._real(path)
        try:
            if not real.startswith(("/proc/", "/sys/")):
                found = Path(real).lstat()
                if stat.S_ISLNK(found.st_mode):
                    return self._opened(self._target(real))
                _must_be_regular(found, path)
            fd = os.open(real, _READ)
        except OSError as e:
            if e.errno == errno.ELOOP:
                return self._opened(self._target(real))
            raise
        try:
            _must_be_regular(os.fstat(fd), path)
        except OSError:
            os.close(fd)
            raise
        return fd

    def _real(self, path: str) -> str:
        """`path` with its directory's symbolic links followed, once it is known uncovered."""
        directory, name = os.path.split(path)
        real = self._directories.get(directory)
        if real is None:
            real = os.path.realpath(directory)
            try:
                self._check(real)
            except SeamError as e:
                self._directories[directory] = e
                raise
            self._directories[directory] = real
        if isinstance(real, SeamError):
            raise real
        full = f"{real.rstrip('/')}/{name}"
        if full in self._table().points:
            self._check(full)
        return full

    def _target(self, link: str) -> str:
        """Where the symbolic link `link` ends, once that is known uncovered."""
        real = os.path.realpath(link)
        if Path(real).is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), link)
        self._check(real)
        return real

    def _check(self, real: str) -> None:
        self._table().check(real)

    def _table(self) -> MountTable:
        if self._mounts is None:
            self._mounts = _own_mounts()
        return self._mounts


class RootHost:
    """A host whose files lie below `root`: recorded, mounted, or a container's.

    Every symbolic link, absolute ones and `..` included, is resolved below `root` and cannot
    leave it. Only regular files are read. It has no programs and no kernel.
    """

    live = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`."""
        return b"".join(self.chunks(path, limit=limit))

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        with self._found(path, follow=True) as (fd, parent, name):
            seen = os.fstat(fd)
            _must_be_regular(seen, path)
            opened = os.open(name, _READ, dir_fd=parent)
            try:
                if not os.path.samestat(seen, os.fstat(opened)):
                    raise NotAFileError(path)
                yield from _content(opened, path, limit)
            finally:
                os.close(opened)

    def names(self, path: str) -> list[str]:
        """See `Host.names`."""
        with self._found(path, follow=True) as (_, parent, name):
            opened = os.open(name, _LIST, dir_fd=parent)
            try:
                with os.scandir(opened) as entries:
                    return _sorted(entries, path)
            finally:
                os.close(opened)

    def link(self, path: str) -> str:
        """See `Host.link`."""
        with self._found(path, follow=False) as (_, parent, name):
            return os.readlink(name, dir_fd=parent)

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """See `Host.stat`."""
        with self._found(path, follow=follow) as (fd, _, _):
            return os.fstat(fd)

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """A recorded root has no programs: NotLiveError, always."""
        del timeout_s, limit
        raise NotLiveError(argv[0])

    @contextmanager
    def _found(self, path: str, *, follow: bool) -> Iterator[tuple[int, int, str]]:
        """`path` opened for looking only, its directory, and its name in there."""
        with ExitStack() as opened, _naming(path):

            def look(name: str, directory: int | None) -> int:
                fd = os.open(name, _LOOK, dir_fd=directory)
                opened.callback(os.close, fd)
                return fd

            way = [(look(str(self.root.resolve()), None), ".")]
            parts = path.split("/")[::-1]
            links = 0
            while parts:
                part = parts.pop()
                if part in ("", "."):
                    continue
                if part == "..":
                    way = way[:-1] or way
                    continue
                fd = look(part, way[-1][0])
                if stat.S_ISLNK(os.fstat(fd).st_mode) and (follow or any(parts)):
                    links += 1
                    if links > _MAX_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                    target = os.readlink(part, dir_fd=way[-1][0])
                    way = way[:1] if target.startswith("/") else way
                    parts += target.split("/")[::-1]
                else:
                    way.append((fd, part))
            fd, name = way[-1]
            yield fd, way[-2][0] if len(way) > 1 else fd, name


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


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Errors name `path` as it was asked for, not the part of it that was opened."""
    try:
        yield
    except OSError as e:
        if not isinstance(e, SeamError):
            e.filename = path
        raise


def _must_be_regular(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        raise NotAFileError(path)


def _content(fd: int, path: str, limit: int) -> Iterator[bytes]:
    """All that `fd` yields; the size it states is not believed, /proc states 0."""
    size = 0
    while data := os.read(fd, min(_CHUNK, limit + 1 - size)):
        size += len(data)
        if size > limit:
            raise TooLargeError(path, limit)
        yield data


def _sorted(entries: Iterator["os.DirEntry[str]"], path: str) -> list[str]:
    names: list[str] = []
    for entry in entries:
        names.append(os.fsdecode(entry.name))
        if len(names) > MAX_NAMES:
            raise TooLargeError(path, MAX_NAMES)
    return sorted(names)
