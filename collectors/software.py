"""Installed packages, from dpkg's own database."""

import re
from collections.abc import Iterator

from collectors.config import decoded, entries, present
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Status, condition

_STATUS = "/var/lib/dpkg/status"
_STATUS_D = "/var/lib/dpkg/status.d"
_MAX_STATUS = 128 * 1024 * 1024
_FIELDS = {
    "Package": "name",
    "Version": "version",
    "Source": "source",
    "Installed-Size": "size",
    "Architecture": "arch",
    "Status": "status",
    "Maintainer": "maintainer",
    "Section": "section",
    "Priority": "priority",
}


def deb_packages(host: Host, columns: frozenset[str]) -> Observed:
    """The packages dpkg knows; a host without /var/lib/dpkg has no dpkg, and none.

    Images built without dpkg keep one file a package in status.d; such a package is installed,
    though no file says so.
    """
    if not present(host, "/var/lib/dpkg"):
        return Observed(())
    rows: list[dict[str, Cell]] = []
    pattern = _pattern(columns)
    observed = COMPLETE
    parts = [name for name in entries(host, _STATUS_D) if not name.endswith(".md5sums")]
    for name in parts:
        path = f"{_STATUS_D}/{name}"
        for row in _packages(host.read(path), pattern):
            row.setdefault("status", "install ok installed")
            rows.append(row)
    if not parts or present(host, _STATUS):
        rows += _packages(host.read(_STATUS, limit=_MAX_STATUS), pattern)
    for row in rows:
        row.setdefault("source", "")
    if any("name" not in row for row in rows):
        observed = condition(Status.PARTIAL, "malformed_source", _STATUS)
    return Observed([row for row in rows if "name" in row], observed)


def _pattern(columns: frozenset[str]) -> re.Pattern[bytes]:
    """What finds the wanted fields, and the blank line that ends a package, in one pass."""
    wanted = columns | {"name"} | ({"version"} if "revision" in columns else set())
    fields = "|".join(field for field, column in _FIELDS.items() if column in wanted)
    return re.compile(rb"^(?:(%s):[ \t]*(.*)|[ \t]*)$" % fields.encode("ascii"), re.MULTILINE)


def _packages(data: bytes, pattern: re.Pattern[bytes]) -> Iterator[dict[str, Cell]]:
    row: dict[str, Cell] = {}
    for found in pattern.finditer(data):
        if found[1] is None:
            if row:
                yield row
                row = {}
            continue
        column, value = _FIELDS[found[1].decode("ascii")], decoded(found[2]).strip()
        if column == "size":
            row[column] = int(value) * 1024 if value.isdecimal() else None
            continue
        row[column] = value
        if column == "version":
            row["revision"] = value.rpartition("-")[2] if "-" in value else ""
    if row:
        yield row
