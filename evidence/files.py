"""Files that are there whole or not at all, also after a power cut."""

import os
import secrets
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace `path` by `data`: after this returns it is on disk, before that the old file is.

    `mode` is exact, whatever the umask. A full disk (OSError) leaves the old file as it was.
    """
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
