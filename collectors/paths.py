"""Which files a key stands for, below the host's own allow-list: a path, a directory, a pattern.

Symbolic links are followed one by one, so that nothing outside the allow-list is even looked at.
A pattern is searched for directory by directory, no further than it can match, and `%%` does not
descend into links. A search ends, and says so, after so many entries, levels or seconds.
"""

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from collectors.config import present
from collectors.host import Host, condition_of
from evidence import canonical
from facts.globs import Glob, compiled
from facts.source import Key
from facts.status import Condition, Status, condition

_TREES = (
    *("/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/opt"),
    *("/var/lib", "/var/log", "/run", "/dev", "/srv"),
)
"""System trees; what people keep for themselves (/home, /root, /tmp) is never looked at."""
_NOT = ("/run/user", "/dev/shm", "/srv/home")  # noqa: S108 - names of what is left out

MAX_ENTRIES = 20_000
"""How many directory entries one pattern may look at."""
MAX_LEVELS = 32
"""How far below its first directory one pattern may search."""
MAX_SECONDS = 2.0
"""How long one key may take to be searched for."""
_MAX_LINKS = 40

_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
_WILD = re.compile("[%_]")


class Place(NamedTuple):
    """Something a key stands for."""

    path: str
    """As it was asked for, or as it was found."""
    directory: str
    """The directory it is in, likewise."""
    seen: os.stat_result | None = None
    """What it is itself, be it a link; None if it may not be looked at."""
    real: str = ""
    """Where it really is, once every symbolic link is followed."""
    problem: Condition | None = None
    """Why it may not be looked at, or where its link leads may not."""


class Budget:
    """What is left for one key, from now."""

    def __init__(
        self, asked: str, *, entries: int = MAX_ENTRIES, seconds: float = MAX_SECONDS
    ) -> None:
        self._asked = asked
        self._entries = entries
        self._until = time.monotonic() + seconds

    def spend(self, count: int = 0) -> None:
        """Take `count` entries.

        Raises:
            SpentError: there are none left, or the time is up.
        """
        self._entries -= count
        if self._entries < 0 or time.monotonic() > self._until:
            raise SpentError(self._asked)


class SpentError(Exception):
    """A key was not searched to its end."""

    @property
    def condition(self) -> Condition:
        """What the key gets from it."""
        return condition(Status.OVER_BUDGET, "pattern_too_wide", str(self))


def places(host: Host, key: Key, budget: Budget) -> Iterator[Place]:
    """Everything there is that `key` stands for; nothing is known where nothing was recorded.

    Raises:
        SpentError: there is more than the budget allows for.
    """
    if not key.value:
        return
    nothing = True
    for place in _named(host, key, budget):
        nothing = False
        yield place
    if nothing and not host.running:
        path = compiled(key.value).base if key.like else key.value
        try:
            present(host, path)
        except OSError as e:
            yield Place(path, path, problem=condition_of(e, path))


def _named(host: Host, key: Key, budget: Budget) -> Iterator[Place]:
    if key.like and _WILD.search(key.value):
        yield from _Search(host, compiled(key.value), budget, key).places()
    elif key.column == "path":
        yield from _asked(host, key.value)
    else:
        yield from _listed(host, key.value, budget)


def _asked(host: Host, path: str) -> Iterator[Place]:
    """What is at `path`, which may be spelled as undecodable names are shown."""
    directory = path.rpartition("/")[0] or "/"
    found = list(_followed(host, path, path, directory))
    if not found and (raw := _unescaped(path)) is not None:
        found = list(_followed(host, raw, path, directory))
    yield from found


def _followed(host: Host, path: str, shown: str, directory: str) -> Iterator[Place]:
    way = _way(host, path)
    if way.itself is None:
        yield Place(shown, directory, problem=way.problem)
    else:
        yield from _entry(host, way.itself, shown, directory)


def _listed(host: Host, directory: str, budget: Budget) -> Iterator[Place]:
    """What is in `directory`; nothing if there is no such directory."""
    real, problem = _directory(host, directory)
    if problem is not None:
        yield Place(directory, directory, problem=problem)
        return
    try:
        names = host.names(real)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as e:
        yield Place(directory, directory, problem=condition_of(e, directory))
        return
    for name in names:
        budget.spend()
        yield from _entry(host, f"{real}/{name}", f"{directory.rstrip('/')}/{name}", directory)


def _entry(host: Host, itself: str, shown: str, directory: str) -> Iterator[Place]:
    """What is at `itself`, of which only the last part may be a link; nothing if it is gone."""
    try:
        seen = host.stat(itself, follow=False)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as e:
        yield Place(shown, directory, problem=condition_of(e, shown))
        return
    real, problem = itself, None
    if stat.S_ISLNK(seen.st_mode):
        real, problem = _way(host, itself, shown)[1:]
    yield Place(shown, directory, seen, real, problem)


@dataclass(frozen=True, slots=True)
class _Search:
    """One pattern on its way through directories."""

    host: Host
    glob: Glob
    budget: Budget
    key: Key

    def places(self) -> Iterator[Place]:
        base = self.glob.base
        real, problem = _directory(self.host, base)
        if problem is not None:
            refused = condition(Status.DENIED, "key_outside_allow_list", self.key.value)
            yield Place(base, base, problem=refused)
            return
        yield from self._below(base, real, self.glob.feed(self.glob.start, "/"), 1)

    def _below(self, shown: str, real: str, state: int, level: int) -> Iterator[Place]:
        """What matches below the directory `real`, entered with `state`."""
        if level > MAX_LEVELS:
            raise SpentError(self.key.value)
        if not _listable(real):
            yield Place(shown, shown, problem=_refused(shown))
            return
        try:
            name = self.glob.name(state)
            names = self.host.names(real) if name is None else [name]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as e:
            yield Place(shown, shown, problem=condition_of(e, shown))
            return
        self.budget.spend(len(names))
        for name in names:
            after = self.glob.feed(state, _text(name))
            matches, deeper = self.glob.accepts(after), self.glob.feed(after, "/")
            if matches or deeper:
                for place in _entry(self.host, f"{real}/{name}", f"{shown}/{name}", shown):
                    yield from self._from(place, deeper, level, matches=matches)

    def _from(self, place: Place, deeper: int, level: int, *, matches: bool) -> Iterator[Place]:
        """`place` if it matches, and what matches below it."""
        if place.seen is None or (matches and self.key.column == "path"):
            yield place
        if place.seen is None:
            return
        is_link = stat.S_ISLNK(place.seen.st_mode)
        if not is_link and not stat.S_ISDIR(place.seen.st_mode):
            return
        if matches and self.key.column == "directory":
            yield from _listed(self.host, place.path, self.budget)
        if not deeper or (is_link and self.glob.deep(deeper)):
            return
        if place.problem is not None:
            yield Place(place.path, place.directory, problem=place.problem)
        else:
            yield from self._below(place.path, place.real, deeper, level + 1)


class _Way(NamedTuple):
    """How a path is walked."""

    itself: str | None
    """The path with the links before its last part followed; None if that is refused already."""
    real: str
    """The path with every link followed."""
    problem: Condition | None


def _way(host: Host, path: str, shown: str | None = None) -> _Way:
    """`path` link by link; refused as soon as it leaves the allow-list."""
    refused = _refused(shown or path)
    if not path.startswith("/") or not _allowed(os.path.normpath(path)):
        return _Way(None, path, refused)
    itself: str | None = None
    real, parts, links = "", [part for part in path.split("/")[::-1] if part not in ("", ".")], 0
    while parts:
        part = parts.pop()
        if part == "..":
            real = real.rpartition("/")[0]
            continue
        here = f"{real}/{part}"
        if itself is None and not parts:
            itself = here
        try:
            target = host.link(here)
        except OSError:
            real = here
            continue
        links += 1
        real = "" if target.startswith("/") else real
        parts += [part for part in target.split("/")[::-1] if part not in ("", ".")]
        if links > _MAX_LINKS or not _allowed(_ahead(real, parts)):
            return _Way(itself, path, refused)
    if not _allowed(real):
        return _Way(None, path, refused)
    return _Way(itself or real, real, None)


def _directory(host: Host, directory: str) -> tuple[str, Condition | None]:
    """Where `directory` really is, or why it may not be listed."""
    _, real, problem = _way(host, directory)
    if problem is None and not _listable(real):
        problem = _refused(directory)
    return real, problem


def _ahead(real: str, parts: list[str]) -> str:
    return os.path.normpath("/".join((real, *parts[::-1])) or "/")


def _refused(path: str) -> Condition:
    return condition(Status.DENIED, "key_outside_allow_list", path)


def _allowed(path: str) -> bool:
    """Whether what is at `path` may be looked at, the roots of what is left out included."""
    return any(path == tree or path.startswith(f"{tree}/") for tree in _TREES) and not any(
        path.startswith(f"{tree}/") for tree in _NOT
    )


def _listable(path: str) -> bool:
    return _allowed(path) and path not in _NOT


def _text(name: str) -> str:
    """`name` as SQL sees it."""
    return name if name.isascii() else canonical.text(os.fsencode(name))


def _unescaped(path: str) -> str | None:
    """The undecodable path that is shown as `path`; None if there is none."""
    raw = _ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), os.fsencode(path))
    if b"\0" in raw or raw == os.fsencode(path) or canonical.text(raw) != path:
        return None
    return os.fsdecode(raw)
