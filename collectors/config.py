"""Configuration files: whether they are there, which of them count, and what their lines say."""

import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collectors.host import Host

_SINGLY = ("/proc", "/sys")
_MERGED = {"/bin": "/usr", "/lib": "/usr", "/sbin": "/usr"}
"""Directories that are links into /usr on most hosts, and then not recorded twice."""
NULL_FILE = "/dev/null"
"""A link to here masks a file of that name in every later directory."""


def first(host: Host, *paths: str) -> str | None:
    """The first of `paths` that is there.

    Raises:
        OSError: it cannot be told, for instance behind a directory we may not search.
    """
    for path in paths:
        try:
            host.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        return path
    return None


def present(host: Host, *paths: str) -> str | None:
    """The first of `paths` that is there; None if it is known that none is.

    In a mounted root that lacks even the top directory of a path, that path was not recorded,
    and of /proc and /sys a record holds single files only: nothing is known, which is an error.

    Raises:
        FileNotFoundError: the root says nothing about one of `paths`.
        OSError: as `first`.
    """
    found = first(host, *paths)
    if found is None and not host.running:
        for path in paths:
            top = "/" + path.strip("/").partition("/")[0]
            if top in _SINGLY or first(host, _MERGED.get(top, top)) is None:
                raise FileNotFoundError(errno.ENOENT, "not recorded", path)
    return found


def entries(host: Host, directory: str) -> list[str]:
    """The names in `directory`; none if there is no such directory."""
    try:
        return host.names(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []


def content(host: Host, path: str) -> bytes:
    """The content of `path`; nothing if it vanished, or is a link to nowhere."""
    try:
        return host.read(path)
    except FileNotFoundError:
        return b""


def masked(host: Host, path: str) -> bool:
    """Whether `path` is a link to /dev/null."""
    try:
        return host.link(path) == NULL_FILE
    except OSError:
        return False


def drop_ins(host: Host, directories: Sequence[str], suffix: str = ".conf") -> list[str]:
    """The files that count, in the order they are read: by name, whatever their directory.

    A name in an earlier directory masks the same name in a later one; a link to /dev/null there
    leaves none.
    """
    chosen: dict[str, str] = {}
    for directory in directories:
        for name in entries(host, directory):
            if name.endswith(suffix) and not name.startswith("."):
                chosen.setdefault(name, f"{directory}/{name}")
    paths = [chosen[name] for name in sorted(chosen)]
    return [path for path in paths if not masked(host, path)]


@dataclass(frozen=True, slots=True)
class Line:
    """One line that says something, its continuations joined, and where it starts."""

    path: str
    number: int
    text: str


def lines(host: Host, path: str, *, comments: str = "#", continued: bool = False) -> Iterator[Line]:
    """The lines of `path` that are neither blank nor a comment.

    `comments` are the characters that start one; `continued` whether a final backslash joins
    the next line.
    """
    text = decoded(content(host, path))
    joined, start = "", 0
    for number, raw in enumerate(text.split("\n"), 1):
        start = start or number
        joined += raw
        if continued and joined.endswith("\\"):
            joined = joined[:-1]
            continue
        stripped = joined.strip()
        if stripped and stripped[0] not in comments:
            yield Line(path, start, stripped)
        joined, start = "", 0
    if joined.strip() and joined.strip()[0] not in comments:
        yield Line(path, start, joined.strip())


def decoded(data: bytes) -> str:
    """`data` as text, undecodable bytes as surrogate escapes, as in names."""
    return data.decode("utf-8", "surrogateescape")


def settings(host: Host, paths: Sequence[str], section: str) -> dict[str, tuple[str, str]]:
    """Of systemd's kind of files, what `section` says: setting → (value, file); the last wins.

    An empty value puts a setting back to its default, and is left out.
    """
    found: dict[str, tuple[str, str]] = {}
    for path in paths:
        inside = ""
        for line in lines(host, path, comments="#;", continued=True):
            if line.text.startswith("["):
                inside = line.text.strip("[]")
            elif inside == section:
                key, _, value = line.text.partition("=")
                found[key.strip()] = (value.strip(), path)
    return {key: said for key, said in found.items() if said[0]}
