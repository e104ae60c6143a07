"""Python packages installed for the whole host, by the metadata beside them (PEP 376, PEP 627).

What people install below their homes is not looked at. A host without any such directory has no
package.
"""

import re
from collections.abc import Iterator

from collectors.config import decoded, entries, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Status, condition

_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
_OPT = "/opt"
_PYTHON = re.compile(r"python[0-9.]*")
_PACKAGES = ("dist-packages", "site-packages")
_METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
_FIELD = re.compile(rb"^(Name|Version|Summary|Author|License|License-Expression):[ \t]*(.*)$",
                    re.MULTILINE)  # fmt: skip
_COLUMNS = {
    "Name": "name",
    "Version": "version",
    "Summary": "summary",
    "Author": "author",
    "License": "license",
    "License-Expression": "license",
}
_LIMIT = 4 * 1024 * 1024


def python_packages(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each package in each directory that a system's Python imports from."""
    present(host, *_LIBRARIES, _OPT)
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    seen: set[tuple[int, int]] = set()
    for directory in _directories(host):
        try:
            found = host.stat(directory)
            place = (found.st_dev, found.st_ino)
            names = [] if place in seen else entries(host, directory)
            seen.add(place)  # /usr/lib64 may be a link to /usr/lib
        except FileNotFoundError:
            continue
        except OSError as e:
            observed = condition_of(e, directory)
            continue
        for name in names:
            suffix = name[name.rfind(".") :]
            if suffix not in _METADATA:
                continue
            path = f"{directory}/{name}"
            try:
                row = _package(host, path, suffix)
                if "uid" in columns:
                    row["uid"] = host.stat(path).st_uid
            except FileNotFoundError:
                continue  # removed meanwhile, or never finished: pip passes it over, too
            except OSError as e:
                observed = condition_of(e, path)
                continue
            if "name" not in row:
                observed = condition(Status.PARTIAL, "malformed_source", path)
                continue
            rows.append({**row, "path": path, "directory": directory})
    return Observed(rows, observed)


def _directories(host: Host) -> Iterator[str]:
    """Every directory that may hold packages, whether it is there or not."""
    libraries = [*_LIBRARIES]
    for first in entries(host, _OPT):
        libraries += [f"{_OPT}/{first}/lib", f"{_OPT}/{first}/lib64"]
        for second in entries(host, f"{_OPT}/{first}"):
            if second not in ("lib", "lib64"):
                libraries.append(f"{_OPT}/{first}/{second}/lib")
    for library in libraries:
        for python in entries(host, library):
            if _PYTHON.fullmatch(python):
                yield from (f"{library}/{python}/{packages}" for packages in _PACKAGES)


def _package(host: Host, path: str, suffix: str) -> dict[str, Cell]:
    """The wanted fields at the head of a package's metadata; its description is not read."""
    try:
        head = _head(host, f"{path}/{_METADATA[suffix]}")
    except NotADirectoryError:
        head = _head(host, path)
    row: dict[str, Cell] = {}
    for name, value in _FIELD.findall(head):
        row.setdefault(_COLUMNS[name.decode("ascii")], decoded(value).strip())
    return row


def _head(host: Host, path: str) -> bytes:
    """What comes before the first blank line."""
    head = b""
    for chunk in host.chunks(path, limit=_LIMIT):
        head += chunk.replace(b"\r\n", b"\n")
        if b"\n\n" in head:
            break
    return head.partition(b"\n\n")[0]
