"""Files an administrator names on the command line: read with a limit, refused with a reason."""

from pathlib import Path

from server.errors import UsageError


def read(path: Path, limit: int) -> bytes:
    """The bytes of the file at `path`, at most `limit`.

    Raises:
        UsageError: it cannot be read, or is longer.
    """
    try:
        with path.open("rb") as f:
            data = f.read(limit + 1)
    except OSError as e:
        raise unreadable(path, e) from e
    if len(data) > limit:
        raise UsageError(f"{path}: 超过 {limit} 字节", f"{path}: longer than {limit} bytes")
    return data


def unreadable(path: Path, error: OSError) -> UsageError:
    """What to tell about a file that cannot be read."""
    return UsageError(
        f"{path}: 无法读取：{error.strerror}", f"{path}: cannot be read: {error.strerror}"
    )
