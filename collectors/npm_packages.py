"""Node packages installed for the whole host, by their package.json.

Projects and homes are not looked at. A host without any of the directories has no package.
"""

from collections.abc import Iterator

import msgspec

from collectors.config import entries, present
from collectors.errors import TooLargeError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.json_text import parsed
from evidence.canonical import Cell
from facts.status import COMPLETE, Status, condition

_DIRECTORIES = ("/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/share/nodejs")
_MODULES = "node_modules"
_MAX_DEPTH = 16
_MAX_PACKAGES = 20_000
_LIMIT = 1024 * 1024


class _Named(msgspec.Struct):
    name: str = ""
    type: str = ""


class _Package(msgspec.Struct):
    name: str = ""
    version: str = ""
    description: str | None = None
    author: _Named | str | None = None
    license: _Named | str | None = None
    homepage: str | None = None


class _Loose(msgspec.Struct):
    """The same from a file whose other fields are not as they should be."""

    name: str
    version: str = ""


def npm_packages(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each package, those inside of packages included."""
    del columns
    present(host, *_DIRECTORIES)
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for directory in _DIRECTORIES:
        try:
            for path, home, depth in _packages(host, directory):
                if len(rows) >= _MAX_PACKAGES:
                    raise TooLargeError(directory, _MAX_PACKAGES)
                try:
                    said = _decoded(host.read(f"{path}/package.json", limit=_LIMIT))
                except (FileNotFoundError, NotADirectoryError):
                    continue  # a directory that is no package
                except ValueError:
                    observed = condition(Status.PARTIAL, "malformed_source", f"{path}/package.json")
                    continue
                rows.append({**said, "path": path, "directory": home, "depth": depth})
        except OSError as e:
            observed = condition_of(e, directory)
    return Observed(rows, observed)


def _packages(host: Host, directory: str, depth: int = 0) -> Iterator[tuple[str, str, int]]:
    """Path, directory and depth of what may be a package below `directory`.

    Links are left out: they lead to a package that is here anyway, or to somebody's project.
    """
    if depth > _MAX_DEPTH:
        raise TooLargeError(directory, _MAX_DEPTH)
    for name in entries(host, directory):
        if name.startswith("."):
            continue
        scoped = entries(host, f"{directory}/{name}") if name.startswith("@") else [None]
        for inner in scoped:
            path = f"{directory}/{name}" if inner is None else f"{directory}/{name}/{inner}"
            if not _is_link(host, path):
                yield path, directory, depth
                yield from _packages(host, f"{path}/{_MODULES}", depth + 1)


def _is_link(host: Host, path: str) -> bool:
    try:
        host.link(path)
    except OSError:
        return False
    return True


def _decoded(data: bytes) -> dict[str, Cell]:
    try:
        said = parsed(data, _Package)
    except msgspec.ValidationError:
        loose = parsed(data, _Loose)
        said = _Package(loose.name, loose.version)
    return {
        "name": said.name,
        "version": said.version,
        "description": said.description or "",
        "author": _person(said.author),
        "license": said.license.type if isinstance(said.license, _Named) else said.license or "",
        "homepage": said.homepage or "",
    }


def _person(author: _Named | str | None) -> str:
    """A name, without the addresses that may follow it."""
    text = author.name if isinstance(author, _Named) else author or ""
    return text.partition("<")[0].partition("(")[0].strip()
