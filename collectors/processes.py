"""Processes, from /proc/<pid> (proc(5)). A process that ends while it is read has no row."""

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from collectors import procfs
from collectors.errors import MalformedError, NotLiveError, SeamError, condition_of
from collectors.host import Host, Machine
from collectors.interface import Observed, running_only
from evidence import canonical
from evidence.canonical import Cell
from facts.source import Key
from facts.status import Condition

_STAT = frozenset(
    {
        "name",
        "state",
        "parent",
        "pgroup",
        "user_time",
        "system_time",
        "nice",
        "threads",
        "start_time",
        "total_size",
        "resident_size",
    }
)
_USER, _GROUP = ("uid", "euid", "suid"), ("gid", "egid", "sgid")
_IO = {"disk_bytes_read": "read_bytes", "disk_bytes_written": "write_bytes"}
_DELETED = " (deleted)"
_PF_KTHREAD = 0x00200000

T = TypeVar("T")


@running_only("/proc")
def processes(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each process."""
    view = procfs.view(host)
    if not view.listing.complete:
        return Observed((), view.listing)
    try:
        boot = _boot_time(host) if "start_time" in wanted else 0
        names = host.names("/proc")
    except OSError as e:
        return Observed((), condition_of(e, "/proc"))
    reader = _Reader(host, wanted, view, boot)
    rows = [row for name in names if name.isdecimal() and (row := reader.row(name)) is not None]
    return Observed(rows, columns=reader.columns)


@running_only("/proc")
def executable(host: Host, wanted: frozenset[str], key: Key) -> Observed:
    """The executable of the process that `key` names; a process that is gone has no row."""
    view = procfs.view(host)
    if not view.listing.complete:
        return Observed((), view.listing)
    if not key.value.isdecimal():
        return Observed(())
    reader = _Reader(host, wanted, view, boot=0)
    row = reader.row(key.value)
    return Observed(() if row is None else (row,), columns=reader.columns)


class _Reader:
    """Reads the wanted columns of one process after another, and notes what was refused."""

    def __init__(self, host: Host, wanted: frozenset[str], view: procfs.View, boot: int) -> None:
        self.columns: dict[str, Condition] = {}
        self._host = host
        self._wanted = wanted
        self._view = view
        self._boot = boot
        if host.machine is None:
            raise NotLiveError("sysconf")
        self._machine = host.machine

    def row(self, pid: str) -> Mapping[str, Cell] | None:
        """The row of the process `pid`; None if it ended meanwhile."""
        try:
            return self._row(f"/proc/{pid}", int(pid))
        except (FileNotFoundError, ProcessLookupError):
            return None
        except (ValueError, LookupError) as e:
            raise MalformedError(f"/proc/{pid}") from e

    def _row(self, base: str, pid: int) -> Mapping[str, Cell]:
        host, wanted = self._host, self._wanted
        row: dict[str, Cell] = {"pid": pid, "wired_size": 0}
        kernel_thread = False
        if not wanted.isdisjoint(_STAT | {"path", "on_disk", "cwd", "root"}):
            stat, kernel_thread = _stat(host.read(f"{base}/stat"), self._machine, self._boot)
            row |= stat
        if not wanted.isdisjoint(_USER + _GROUP):
            row |= _ids(procfs.fields(host.read(f"{base}/status")))
        if "path" in wanted or "on_disk" in wanted:
            row |= {"path": "", "on_disk": -1} if kernel_thread else self._executable(base)
        for column in ("cwd", "root"):
            if column in wanted:
                row[column] = "" if kernel_thread else self._link(base, column)
        if "cmdline" in wanted:
            arguments = self._asked(lambda: host.read(f"{base}/cmdline"), base, "cmdline")
            row["cmdline"] = None if arguments is None else _joined(arguments)
        if not wanted.isdisjoint(_IO):
            data = self._asked(lambda: host.read(f"{base}/io"), base, *_IO)
            counters = procfs.fields(data or b"")
            for column, name in _IO.items():
                row[column] = int(counters[name]) if name in counters else None
        if "cgroup_path" in wanted:
            row["cgroup_path"] = _cgroup(host.read(f"{base}/cgroup"))
        return row

    def _executable(self, base: str) -> Mapping[str, Cell]:
        target = self._link(base, "exe", "path", "on_disk")
        if target is None:
            return {}
        if target == "":
            return {"path": "", "on_disk": -1}
        if target.endswith(_DELETED) and not self._named(target, f"{base}/exe"):
            return {"path": target.removesuffix(_DELETED), "on_disk": 0}
        return {"path": target, "on_disk": 1}

    def _named(self, name: str, executable: str) -> bool:
        """Whether the file is really called so, and not marked by the kernel."""
        try:
            return os.path.samestat(self._host.stat(name), self._host.stat(executable))
        except OSError:
            return False

    def _link(self, base: str, name: str, *columns: str) -> str | None:
        """Where a link points; empty for a process that is past having one, as zombies are."""
        try:
            return self._asked(
                lambda: self._host.link(f"{base}/{name}"), base, *(columns or (name,))
            )
        except FileNotFoundError:
            self._host.stat(base)
            return ""

    def _asked(self, ask: Callable[[], T], base: str, *columns: str) -> T | None:
        """What `ask` answers; None, noted for `columns`, if it is refused."""
        try:
            return ask()
        except PermissionError:
            refusal = self._view.denied(base)
        except SeamError as e:
            refusal = e.condition
        self.columns.update(dict.fromkeys(columns, refusal))
        return None


def _boot_time(host: Host) -> int:
    """When the kernel started, in seconds since the epoch."""
    for line in host.read("/proc/stat").splitlines():
        name, _, value = line.partition(b" ")
        if name == b"btime" and value.strip().isdigit():
            return int(value)
    raise MalformedError("/proc/stat")


def _stat(data: bytes, machine: Machine, boot: int) -> tuple[dict[str, Cell], bool]:
    """The columns in /proc/<pid>/stat, and whether this is a kernel thread.

    The name may itself hold blanks and brackets: it ends at the last bracket.
    """
    head, _, tail = data.rpartition(b")")
    values = tail.split()
    return {
        "name": canonical.text(head.partition(b"(")[2]),
        "state": values[0].decode("ascii"),
        "parent": int(values[1]),
        "pgroup": int(values[2]),
        "user_time": int(values[11]) * 1000 // machine.clock_ticks,
        "system_time": int(values[12]) * 1000 // machine.clock_ticks,
        "nice": int(values[16]),
        "threads": int(values[17]),
        "start_time": boot + int(values[19]) // machine.clock_ticks,
        "total_size": int(values[20]),
        "resident_size": int(values[21]) * machine.page_size,
    }, bool(int(values[6]) & _PF_KTHREAD)


def _ids(status: Mapping[str, str]) -> dict[str, Cell]:
    users, groups = status["Uid"].split(), status["Gid"].split()
    return dict(zip(_USER + _GROUP, map(int, users[:3] + groups[:3]), strict=True))


def _joined(arguments: bytes) -> str:
    return canonical.text(arguments.rstrip(b"\0").replace(b"\0", b" "))


def _cgroup(data: bytes) -> str:
    """The path in the unified hierarchy, else in the one that systemd keeps for itself."""
    paths: dict[str, str] = {}
    for line in canonical.text(data).split("\n"):
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths["unified" if hierarchy == "0" else controllers] = path
    unified, named = paths.get("unified", ""), paths.get("name=systemd", "")
    return named if unified in ("", "/") and named else unified
