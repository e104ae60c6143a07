"""Files by path, directory or pattern: metadata and digests, below the host's own allow-list."""

import hashlib
import os
import stat
from collections.abc import Callable, Sequence

from collectors.host import Host, TooLargeError, condition_of
from collectors.interface import Observed
from collectors.paths import Budget, Place, SpentError, places
from evidence.canonical import Cell
from facts.source import Key
from facts.status import COMPLETE, Condition, Status, condition

_MAX_HASHED = 256 * 1024 * 1024
_HASHING_S = 5.0
"""How long what one key names may be read, in seconds."""
_TYPES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "regular"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISCHR, "character"),
    (stat.S_ISBLK, "block"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
)
_OF_ITSELF = frozenset({"path", "directory", "filename", "symlink"})
"""The columns that hold whatever a link leads to."""


def file(host: Host, columns: frozenset[str], key: Key) -> Observed:
    """Metadata of what `key` names; nothing there is complete, without rows.

    Of a symbolic link it is the metadata of its target that is told, as osquery does, and its own
    if it leads nowhere. Where it leads out of the allow-list, only that it is a link.
    """
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    beyond: dict[str, Condition] = {}
    if "btime" in columns:
        beyond["btime"] = condition(Status.UNSUPPORTED, "not_observed", "btime")
    try:
        for place in places(host, key, Budget(key.value)):
            if place.seen is None:
                observed = place.problem or observed
                continue
            told = _where(place, key) | {
                "filename": place.path.rpartition("/")[2],
                "symlink": int(stat.S_ISLNK(place.seen.st_mode)),
            }
            if place.problem is not None:
                beyond.update(dict.fromkeys(columns - _OF_ITSELF, place.problem))
            else:
                try:
                    told |= _metadata(host, place, place.seen)
                except OSError as e:
                    observed = condition_of(e, place.path)
                    continue
            rows.append(told)
    except SpentError as e:
        observed = e.condition
    return Observed(rows, observed, beyond)


def digests(host: Host, columns: frozenset[str], key: Key) -> Observed:
    """Digests of what `key` names, as far as it is regular files; only the wanted ones."""
    algorithms = [name for name in ("md5", "sha1", "sha256") if name in columns]
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    budget = Budget(key.value, seconds=_HASHING_S)
    try:
        for place in places(host, key, budget):
            if place.problem is not None:
                observed = place.problem
                continue
            try:
                told = _digested(host, place, algorithms)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as e:
                observed = condition_of(e, place.path)
                continue
            if told is not None:
                rows.append(_where(place, key) | told)
            budget.spend()
    except SpentError as e:
        observed = e.condition
    return Observed(rows, observed)


def _digested(host: Host, place: Place, algorithms: Sequence[str]) -> dict[str, Cell] | None:
    """The digests of what is at `place`; None if it is no regular file."""
    found = host.stat(place.real, follow=False)
    if not stat.S_ISREG(found.st_mode):
        return None
    if found.st_size > _MAX_HASHED:
        raise TooLargeError(place.path, _MAX_HASHED)
    hashes = [hashlib.new(name, usedforsecurity=False) for name in algorithms]
    for chunk in host.chunks(place.real, limit=_MAX_HASHED):
        for digest in hashes:
            digest.update(chunk)
    return {digest.name: digest.hexdigest() for digest in hashes}


def _where(place: Place, key: Key) -> dict[str, Cell]:
    """The key columns; the one that was asked by has the very text of the question."""
    row: dict[str, Cell] = {"path": place.path, "directory": place.directory}
    if not key.like:
        row[key.column] = key.value
    return row


def _metadata(host: Host, place: Place, seen: os.stat_result) -> dict[str, Cell]:
    """The metadata of what is at `place`, itself `seen`, which may be a link to it."""
    is_link = stat.S_ISLNK(seen.st_mode)
    found = seen
    if is_link:
        try:
            found = host.stat(place.real, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            found = seen
    is_device = stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)
    return {
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
        "type": next((name for test, name in _TYPES if test(found.st_mode)), ""),
        "symlink_target_path": place.real if is_link else "",
    }
