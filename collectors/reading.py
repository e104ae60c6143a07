"""How bytes and names are taken from what is open, whichever host it belongs to."""

import errno
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from collectors.errors import NotAFileError, TooLargeError

MAX_READ = 4 * 1024 * 1024
"""The default cap for one file or one program's output, in bytes."""
MAX_NAMES = 100_000
"""The most entries a directory may have."""
MAX_LINKS = 40
"""The most symbolic links on the way to one file, as the kernel has it."""
READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
"""How a file is opened: never through a last link, never waiting for anybody."""

_CHUNK = 65536


class Machine(NamedTuple):
    """What a reader of the kernel's numbers must know of the machine that they are from."""

    architecture: str
    """As `uname -m`."""
    page_size: int
    """Bytes in a page of memory."""
    clock_ticks: int
    """Units of processor time in a second."""


def must_be_a_name(path: str) -> None:
    """That `path` can name a file; FileNotFoundError for one with a NUL, which none has."""
    if "\0" in path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def must_be_regular(found: os.stat_result, path: str) -> None:
    """That `found`, of `path`, is a regular file; IsADirectoryError or NotAFileError if not."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        raise NotAFileError(path)


def content(fd: int, path: str, limit: int) -> Iterator[bytes]:
    """All that `fd` yields; the size it states is not believed, /proc states 0."""
    size = 0
    while data := os.read(fd, min(_CHUNK, limit + 1 - size)):
        size += len(data)
        if size > limit:
            raise TooLargeError(path, limit)
        yield data


def sorted_names(entries: Iterator["os.DirEntry[str]"], path: str) -> list[str]:
    """The names in the directory `path`, no more than the cap."""
    names: list[str] = []
    for entry in entries:
        names.append(os.fsdecode(entry.name))
        if len(names) > MAX_NAMES:
            raise TooLargeError(path, MAX_NAMES)
    return sorted(names)


def too_many_links(path: str) -> OSError:
    """What the kernel says of links in a circle."""
    return OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
