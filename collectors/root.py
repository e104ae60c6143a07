"""A host made of files below a directory."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from collectors.errors import NotAFileError, NotLiveError, SeamError
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

_LOOK = os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW
_LIST = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY


class RootHost:
    """A host whose files lie below `root`: recorded, mounted, or a container's.

    Every symbolic link, absolute ones and `..` included, is resolved below `root` and cannot
    leave it. Only regular files are read. It has no programs and no kernel.
    """

    live = False
    running = False
    machine: Machine | None = None

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`."""
        return b"".join(self.chunks(path, limit=limit))

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        with self._found(path, follow=True) as (fd, parent, name):
            seen = os.fstat(fd)
            must_be_regular(seen, path)
            opened = os.open(name, READ, dir_fd=parent)
            try:
                if not os.path.samestat(seen, os.fstat(opened)):
                    raise NotAFileError(path)
                yield from content(opened, path, limit)
            finally:
                os.close(opened)

    def names(self, path: str) -> list[str]:
        """See `Host.names`."""
        with self._found(path, follow=True) as (_, parent, name):
            opened = os.open(name, _LIST, dir_fd=parent)
            try:
                with os.scandir(opened) as entries:
                    return sorted_names(entries, path)
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
        """A root without a kernel has no programs: NotLiveError, always."""
        del timeout_s, limit
        raise NotLiveError(argv[0])

    def dump(self, kind: int) -> bytes:
        """A root without a kernel has no such tables: NotLiveError, always."""
        del kind
        raise NotLiveError("rtnetlink")

    @contextmanager
    def _found(self, path: str, *, follow: bool) -> Iterator[tuple[int, int, str]]:
        """`path` opened for looking only, its directory, and its name in there."""
        must_be_a_name(path)
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
                    if links > MAX_LINKS:
                        raise too_many_links(path)
                    target = os.readlink(part, dir_fd=way[-1][0])
                    way = way[:1] if target.startswith("/") else way
                    parts += target.split("/")[::-1]
                else:
                    way.append((fd, part))
            fd, name = way[-1]
            yield fd, way[-2][0] if len(way) > 1 else fd, name


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Errors name `path` as it was asked for, not the part of it that was opened."""
    try:
        yield
    except OSError as e:
        if not isinstance(e, SeamError):
            e.filename = path
        raise
