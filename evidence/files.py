"""Files that are there whole or not at all, also after a power cut."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def read_regular(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of the regular file at `path`, links followed.

    A FIFO or device in its place is an OSError, and is neither waited for nor read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        parts = []
        while limit > 0 and (part := os.read(descriptor, limit)):
            parts.append(part)
            limit -= len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace `path` by `data`: after this returns it is on disk, before that the old file is.

    `mode` is exact, whatever the umask. A full disk (OSError) leaves the old file as it was. What
    is no regular file is left alone (OSError): people name /dev/null and /dev/stdout, and as root
    would take them from the whole machine.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
    temporary = _written_beside(path, data, mode)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` to `path` as `write_atomic` does, but only where nothing is yet.

    Raises:
        FileExistsError: something is there; it is left alone.
    """
    temporary = _written_beside(path, data, mode)
    try:
        # A hard link, unlike a rename, fails where the name is taken.
        path.hardlink_to(temporary)
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def _written_beside(path: Path, data: bytes, mode: int) -> Path:
    """A new file in the directory of `path`, holding `data`, on disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_directory(directory: Path) -> None:
    """Make the names in `directory` last."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
