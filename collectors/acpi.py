"""The ACPI tables that the firmware handed to the kernel (sysfs-firmware-acpi in its ABI).

A machine without ACPI, such as many ARM boards, has no such directory and no row.
"""

import hashlib
from collections.abc import Iterator

from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Condition

_TABLES = "/sys/firmware/acpi/tables"
_BELOW = ("data", "dynamic")
_NEVER_READ = "MSDM"
"""Holds a Windows licence key."""


@running_only(_TABLES)
def acpi_tables(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each table; a digest that may not be made is denied, the others stay."""
    try:
        tables = list(_tables(host))
    except OSError as e:
        return Observed((), condition_of(e, _TABLES))
    rows: list[dict[str, Cell]] = []
    conditions: dict[str, Condition] = {}
    for directory, name in tables:
        path = f"{directory}/{name}"
        row: dict[str, Cell] = {"name": name}
        try:
            row["size"] = host.stat(path).st_size
            if "md5" in columns and not name.startswith(_NEVER_READ):
                row["md5"] = hashlib.md5(host.read(path), usedforsecurity=False).hexdigest()
        except FileNotFoundError:
            continue  # a dynamic table can be unloaded
        except OSError as e:
            conditions["md5"] = condition_of(e, path)
        rows.append(row)
    return Observed(rows, columns=conditions)


def _tables(host: Host) -> Iterator[tuple[str, str]]:
    """Directory and name of each table; none where the machine has no ACPI."""
    try:
        names = host.names(_TABLES)
    except FileNotFoundError:
        host.names("/sys/firmware")
        return
    for name in names:
        if name in _BELOW:
            directory = f"{_TABLES}/{name}"
            yield from ((directory, below) for below in host.names(directory))
        else:
            yield _TABLES, name
