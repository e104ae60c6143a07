"""Runs a collector in a process of its own, below whatever namespaces a test needs.

`observe("usb_devices", prefix=umockdev.devices("stick"))` starts this file as a program behind
the prefix, reads the live host there, and hands back what was observed. `user` drops to a plain
user once everything is imported, so that the checkout may lie where that user cannot read.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectors.host import LiveHost
from collectors.interface import Observed
from collectors.registry import collector
from facts.status import Condition
from facts.tables import SPECS

ROOT = Path(__file__).parents[2]
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Seen:
    """What a collector saw, as it travelled between the processes."""

    status: str
    reason: tuple[str, ...]
    """The code and its arguments; empty when complete."""
    columns: dict[str, tuple[str, ...]]
    """Status, code and arguments of the columns that differ."""
    rows: list[dict[str, Any]]

    def one(self, **cells: object) -> dict[str, Any]:
        """The only row with these cells."""
        (row,) = self.all(**cells)
        return row

    def all(self, **cells: object) -> list[dict[str, Any]]:
        """The rows with these cells."""
        return [row for row in self.rows if all(row.get(k) == v for k, v in cells.items())]


def observe(
    table: str,
    columns: Sequence[str] = (),
    *,
    prefix: Sequence[str] = (),
    user: int | None = None,
) -> Seen:
    """What the collector of `table` sees of `columns` (all of them), behind `prefix`."""
    program = [sys.executable, "-m", "tests.collectors.observe", table, *columns]
    dropped = [] if user is None else ["--user", str(user)]
    answer = subprocess.run(
        [*prefix, *program, *dropped], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr.decode())
    found = json.loads(answer.stdout)
    found["reason"] = tuple(found["reason"])
    found["columns"] = {name: tuple(said) for name, said in found["columns"].items()}
    return Seen(**found)


def here(table: str, columns: Sequence[str] = ()) -> Observed:
    """What the collector of `table` sees in this process."""
    wanted = frozenset(columns) or frozenset(column.name for column in SPECS[table].columns)
    observed: Observed = collector(table)(LiveHost(), wanted)
    return observed


def _said(condition: Condition) -> list[str]:
    reason = condition.reason
    return [condition.status, *([] if reason is None else [reason.code, *reason.args])]


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("table")
    parser.add_argument("columns", nargs="*")
    parser.add_argument("--user", type=int)
    arguments = parser.parse_args()
    collector(arguments.table)
    if arguments.user is not None:
        os.setgroups([])
        os.setresgid(arguments.user, arguments.user, arguments.user)
        os.setresuid(arguments.user, arguments.user, arguments.user)
    observed = here(arguments.table, arguments.columns)
    status, *reason = _said(observed.condition)
    columns = {name: _said(condition) for name, condition in observed.columns.items()}
    rows = [dict(row) for row in observed.rows]
    json.dump({"status": status, "reason": reason, "columns": columns, "rows": rows}, sys.stdout)


if __name__ == "__main__":
    _main()
