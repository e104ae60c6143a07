"""Single files by path: metadata and digests, below the host's own allow-list only."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator

from collectors.config import entries
from collectors.host import Host, TooLargeError, condition_of
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.source import Key
from facts.status import COMPLETE, Condition, Status, condition

_TREES = (
    *("/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/opt"),
    *("/var/lib", "/var/log", "/run", "/dev", "/srv"),
)
"""System trees; what people keep for themselves (/home, /root, /tmp) is never looked at."""
_NOT = ("/run/user", "/dev/shm", "/srv/home")  # noqa: S108 - names of what is left out
_MAX_HASHED = 256 * 1024 * 1024
_MAX_LINKS = 40
_TYPES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "regular"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISCHR, "character"),
    (stat.S_ISBLK, "block"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
)
_UNSUPPORTED = {"btime": condition(Status.UNSUPPORTED, "not_observed", "btime")}


def file(host: Host, columns: frozenset[str], key: Key) -> Observed:
    """Metadata of what `key` names; nothing there is complete, without rows.

    Of a symbolic link it is the metadata of its target that is told, as osquery does.
    """
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for path, real, problem in _asked(host, key):
        if problem is not None:
            observed = problem
            continue
        try:
            rows.append({**_where(path, key), **_metadata(host, path, real)})
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as e:
            observed = condition_of(e, path)
    return Observed(rows, observed, {k: v for k, v in _UNSUPPORTED.items() if k in columns})


def digests(host: Host, columns: frozenset[str], key: Key) -> Observed:
    """Digests of what `key` names, as far as it is regular files; only the wanted ones."""
    algorithms = [name for name in ("md5", "sha1", "sha256") if name in columns]
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for path, real, problem in _asked(host, key):
        if problem is not None:
            observed = problem
            continue
        try:
            found = host.stat(real)
            if not stat.S_ISREG(found.st_mode):
                continue
            if found.st_size > _MAX_HASHED:
                raise TooLargeError(path, _MAX_HASHED)
            hashes = [hashlib.new(name, usedforsecurity=False) for name in algorithms]
            for chunk in host.chunks(real, limit=_MAX_HASHED):
                for digest in hashes:
                    digest.update(chunk)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as e:
            observed = condition_of(e, path)
            continue
        rows.append(_where(path, key) | {digest.name: digest.hexdigest() for digest in hashes})
    return Observed(rows, observed)


def _asked(host: Host, key: Key) -> Iterator[tuple[str, str, Condition | None]]:
    """Each path `key` stands for, where it really is, and why it may not be looked at."""
    real, problem = _resolved(host, key.value)
    if key.column == "path" or problem is not None:
        yield key.value, real, problem
        return
    for name in entries(host, real):
        path = f"{key.value.rstrip('/')}/{name}"
        yield path, *_resolved(host, path)


def _resolved(host: Host, path: str) -> tuple[str, Condition | None]:
    """`path` with every symbolic link followed; refused as soon as it leaves the allow-list.

    Links are followed one by one, so that nothing outside is even looked at.
    """
    refused = condition(Status.DENIED, "key_outside_allow_list", path)
    if not path.startswith("/") or not _allowed(os.path.normpath(path)):
        return path, refused
    real, parts, links = "", path.split("/")[::-1], 0
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            real = real.rpartition("/")[0]
            continue
        try:
            target = host.link(f"{real}/{part}")
        except OSError:
            real = f"{real}/{part}"
            continue
        links += 1
        real = "" if target.startswith("/") else real
        parts += target.split("/")[::-1]
        if links > _MAX_LINKS or not _allowed(_ahead(real, parts)):
            return path, refused
    return (real, None) if _allowed(real) else (path, refused)


def _ahead(real: str, parts: list[str]) -> str:
    return os.path.normpath("/".join((real or "/", *parts[::-1])))


def _allowed(path: str) -> bool:
    return any(path == tree or path.startswith(f"{tree}/") for tree in _TREES) and not any(
        path == tree or path.startswith(f"{tree}/") for tree in _NOT
    )


def _where(path: str, key: Key) -> dict[str, Cell]:
    """The key columns; the one that was asked by has the very text of the question."""
    row: dict[str, Cell] = {"path": path, "directory": path.rpartition("/")[0] or "/"}
    row[key.column] = key.value
    return row


def _metadata(host: Host, path: str, real: str) -> dict[str, Cell]:
    found = host.stat(real, follow=False)
    is_link = stat.S_ISLNK(host.stat(path, follow=False).st_mode)
    is_device = stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)
    return {
        "filename": path.rpartition("/")[2],
        "inode": found.st_ino,
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "device": found.st_rdev if is_device else 0,
        "size": found.st_size,
        "block_size": found.st_blksize,
        "atime": int(found.st_atime),
        "mtime": int(found.st_mtime),
        "ctime": int(found.st_ctime),
        "hard_links": found.st_nlink,
        "symlink": int(is_link),
        "type": next((name for test, name in _TYPES if test(found.st_mode)), ""),
        "symlink_target_path": real if is_link else "",
    }
