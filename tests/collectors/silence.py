"""What tables say when their sources are taken away: a host read by a child that cannot see it.

`covered(["/etc/ssh"], ["sshd_config"])` reads the tables in a process whose own mounts have an
empty tmpfs (for a file: an empty file) over each path; `as_plain_user` in one that is nobody.
Nothing outside that process changes.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.host import LiveHost
from collectors.registry import COLLECTORS, collector
from collectors.source import HostSource
from facts.spec import Kind
from facts.status import Condition
from facts.tables import SPECS

ROOT = Path(__file__).parents[2]
NOBODY = 65534
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


@dataclass(frozen=True, slots=True)
class Said:
    """How well one table was observed."""

    status: str
    reason: Sequence[str]
    """Code and arguments; empty when complete."""
    columns: Mapping[str, Sequence[str]]
    """Status, code and arguments of the columns that differ."""
    rows: int

    @property
    def silent(self) -> bool:
        """Whether nothing at all says that something is missing."""
        return self.status == "complete" and not self.columns


def covered(
    paths: Sequence[str],
    tables: Sequence[str],
    *,
    bind: str | None = None,
    links: Mapping[str, str] | None = None,
) -> dict[str, Said]:
    """What `tables` say with an empty tmpfs, or the directory `bind`, over each of `paths`.

    `links` are symbolic links made then, by their path; they belong below one of `paths`.
    """
    job = {"covered": list(paths), "bind": bind, "links": links or {}}
    return _child({**job, "tables": list(tables), "user": None})


def as_plain_user(tables: Sequence[str]) -> dict[str, Said]:
    """What `tables` say to a user who may do nothing special."""
    return _child({"covered": [], "tables": list(tables), "user": NOBODY})


def full_tables() -> list[str]:
    """Every table a collector reads whole."""
    return [name for name in COLLECTORS if SPECS[name].kind is Kind.FULL]


def _child(job: Mapping[str, object]) -> dict[str, Said]:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.collectors.silence"],
        input=json.dumps(job).encode(),
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr.decode())
    return {name: Said(**said) for name, said in json.loads(answer.stdout).items()}


def _main() -> None:
    job = json.load(sys.stdin)
    for table in job["tables"]:
        collector(table)  # imported now: its file may be covered next
    libc = ctypes.CDLL(None, use_errno=True)
    if job["covered"]:
        _must(libc.unshare(CLONE_NEWNS))
        _must(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    for path in job["covered"]:
        if job.get("bind"):
            _must(libc.mount(job["bind"].encode(), path.encode(), None, MS_BIND, None))
        elif Path(path).is_dir():
            _must(libc.mount(b"tmpfs", path.encode(), b"tmpfs", 0, None))
        else:
            _must(libc.mount(b"/dev/null", path.encode(), None, MS_BIND, None))
    for path, target in job.get("links", {}).items():
        Path(path).symlink_to(target)
    if job["user"] is not None:
        os.setgroups([])
        os.setresgid(job["user"], job["user"], job["user"])
        os.setresuid(job["user"], job["user"], job["user"])
    source = HostSource(LiveHost(), None)
    said = {}
    for table in job["tables"]:
        reading = source.read(table, tuple(column.name for column in SPECS[table].columns))
        status, *reason = _words(reading.condition)
        columns = {name: _words(found) for name, found in reading.columns.items()}
        rows = len(reading.rows)
        said[table] = {"status": status, "reason": reason, "columns": columns, "rows": rows}
    json.dump(said, sys.stdout)


def _must(returned: int) -> None:
    if returned:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _words(condition: Condition) -> list[str]:
    reason = condition.reason
    return [condition.status.value, *([] if reason is None else [reason.code, *reason.args])]


if __name__ == "__main__":
    _main()
