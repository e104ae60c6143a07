import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from collectors.host import LiveHost, RootHost
from collectors.processes import executable, processes
from facts.source import Key
from facts.status import COMPLETE, Status, condition
from tests.collectors.namespaces import mounted
from tests.collectors.observe import NOBODY, here, observe

PR_SET_NAME = 15


@contextmanager
def running(setup: str) -> Iterator[int]:
    """A Python program that has done `setup`, for as long as the block lasts."""
    argv = [sys.executable, "-c", f"{setup}\nprint(flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def test_sees_a_process_as_psutil_does() -> None:
    """Our own row says what psutil, which reads /proc its own way, says of this process."""
    me = psutil.Process()
    start = me.create_time()

    row = {r["pid"]: r for r in here("processes").rows}[me.pid]

    assert row["name"] == me.name()
    assert row["path"] == me.exe()
    assert row["on_disk"] == 1
    assert row["cmdline"] == " ".join(me.cmdline())
    assert row["cwd"] == me.cwd()
    assert row["root"] == "/"
    assert (row["uid"], row["euid"], row["suid"]) == tuple(me.uids())
    assert (row["gid"], row["egid"], row["sgid"]) == tuple(me.gids())
    assert row["parent"] == me.ppid()
    assert row["pgroup"] == os.getpgrp()
    assert row["nice"] == me.nice()
    assert row["threads"] == me.num_threads()
    assert row["total_size"] == pytest.approx(me.memory_info().vms, rel=0.2)
    assert row["resident_size"] == pytest.approx(me.memory_info().rss, rel=0.2)
    assert row["start_time"] == pytest.approx(start, abs=2)


def test_misses_no_process() -> None:
    """Whatever ran before and after the reading has a row."""
    before = set(psutil.pids())

    seen = {row["pid"] for row in here("processes", ["pid", "name"]).rows}

    assert before & set(psutil.pids()) <= seen


def test_a_refused_executable_denies_the_column() -> None:
    """The column path is complete only if the kernel let us read every executable."""
    refused = False
    for pid in psutil.pids():
        try:
            Path(f"/proc/{pid}/exe").readlink()
        except PermissionError:
            refused = True
        except OSError:
            continue

    observed = here("processes", ["pid", "path"])

    assert observed.condition == COMPLETE
    assert ("path" in observed.columns) == refused


def test_a_name_of_any_bytes() -> None:
    """A name with brackets, blanks and undecodable bytes is kept, and shifts no other column."""
    name = b"a) S 1 \xff("
    with running(f"import ctypes; ctypes.CDLL(None).prctl({PR_SET_NAME}, {name!r})") as pid:
        row = {r["pid"]: r for r in here("processes", ["name", "parent"]).rows}[pid]

    assert row["name"] == "a) S 1 \\xff("
    assert row["parent"] == os.getpid()


def test_a_deleted_executable(tmp_path: Path) -> None:
    """A program whose file is gone has its path, and is not on disk."""
    program = tmp_path / "program"
    shutil.copy("/usr/bin/cat", program)
    with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
        program.unlink()
        row = {r["pid"]: r for r in here("processes").rows}[process.pid]
        process.communicate()

    assert row["path"] == str(program)
    assert row["on_disk"] == 0


def test_a_file_called_deleted(tmp_path: Path) -> None:
    """A file whose real name ends like the kernel's mark is on disk."""
    program = tmp_path / "program (deleted)"
    shutil.copy("/usr/bin/cat", program)
    with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
        row = {r["pid"]: r for r in here("processes").rows}[process.pid]
        process.communicate()

    assert row["path"] == str(program)
    assert row["on_disk"] == 1


def test_kernel_threads_have_no_path() -> None:
    """A kernel thread has an empty path, also for a plain user who may not ask for it."""
    seen = observe("processes", ["path", "on_disk"], user=NOBODY)

    row = seen.one(pid=2)

    assert (row["path"], row["on_disk"]) == ("", -1)


def test_a_process_that_vanishes_is_not_partial() -> None:
    """A process listed and then gone has no row, and takes nothing from the table."""

    class Ghost(LiveHost):
        def names(self, path: str) -> list[str]:
            return [*super().names(path), "4194305"] if path == "/proc" else super().names(path)

    observed = processes(Ghost(), frozenset({"pid", "name"}))

    assert observed.condition == COMPLETE
    assert 4194305 not in {row["pid"] for row in observed.rows}


def test_a_plain_user_is_denied_columns_but_sees_rows() -> None:
    """Without privilege every process has a row, and what is refused is denied, never empty."""
    seen = observe("processes", ["pid", "name", "path", "on_disk"], user=NOBODY)

    row = seen.one(pid=os.getpid())

    assert seen.status == "complete"
    assert seen.columns["path"][:2] == ("denied", "missing_privilege")
    assert "CAP_SYS_PTRACE" in seen.columns["path"][2]
    assert seen.columns["on_disk"] == seen.columns["path"]
    assert "name" not in seen.columns
    assert row["name"]
    assert row.get("path") is None


@pytest.mark.parametrize("option", ["hidepid=1", "hidepid=2", "hidepid=4", "hidepid=invisible"])
def test_hidepid_makes_the_table_unreadable(option: str) -> None:
    """Where the kernel hides other users' processes the table is unreadable, not short."""
    seen = observe("processes", prefix=_proc(option), user=NOBODY)

    assert (seen.status, seen.reason[0]) == ("unreadable", "hidepid")
    assert seen.rows == []


def test_hidepid_does_not_hide_from_root() -> None:
    """With the capability to trace hidepid hides nothing."""
    seen = observe("processes", ["pid"], prefix=_proc("hidepid=2"))

    assert seen.status == "complete"
    assert seen.one(pid=os.getpid())


def test_hidepid_spares_its_group() -> None:
    """A member of the group in gid= sees all processes."""
    seen = observe("processes", ["pid"], prefix=_proc(f"hidepid=2,gid={NOBODY}"), user=NOBODY)

    assert seen.status == "complete"
    assert seen.one(pid=os.getpid())


def test_hidepid_ptraceable_spares_no_group() -> None:
    """The group does not help where only traceable processes are shown."""
    prefix = _proc(f"hidepid=ptraceable,gid={NOBODY}")

    seen = observe("processes", ["pid"], prefix=prefix, user=NOBODY)

    assert (seen.status, seen.reason[0]) == ("unreadable", "hidepid")


def test_hidepid_hides_from_root_without_the_capability() -> None:
    """Being root is not enough: what counts is the capability."""
    prefix = [*_proc("hidepid=ptraceable"), "setpriv", "--bounding-set=-sys_ptrace", "--"]

    seen = observe("processes", ["pid"], prefix=prefix)

    assert (seen.status, seen.reason[0]) == ("unreadable", "hidepid")


def test_two_capabilities_are_enough() -> None:
    """The two capabilities that the service keeps show as much as all of root's."""
    kept = ["setpriv", "--bounding-set=-all,+dac_read_search,+sys_ptrace", "--"]
    columns = ["pid", "path", "on_disk", "cwd", "root", "disk_bytes_read"]
    with running("import os; os.setresuid(65534, 65534, 65534)") as pid:
        limited = observe("processes", columns, prefix=kept)
        full = observe("processes", columns)

    assert limited.columns.keys() == full.columns.keys()
    assert limited.one(pid=pid) == full.one(pid=pid)
    assert limited.one(pid=pid)["path"] == os.path.realpath(sys.executable)


def test_a_pid_namespace_of_its_own_is_no_host() -> None:
    """In a container only its own processes are there: unreadable."""
    seen = observe("processes", prefix=["unshare", "--pid", "--fork", "--mount-proc", "--"])

    assert (seen.status, seen.reason[0]) == ("unreadable", "container")


@pytest.mark.parametrize(
    "command", ["mount -t proc -o subset=pid proc /proc", "mount -t tmpfs tmpfs /proc"]
)
def test_a_covered_proc_is_unreadable(command: str) -> None:
    """A /proc that lacks its files, or is none, tells nothing."""
    seen = observe("processes", prefix=mounted(command))

    assert seen.status == "unreadable"
    assert seen.rows == []


def test_a_recorded_root_has_no_processes(tmp_path: Path) -> None:
    """Files cannot say what runs."""
    (tmp_path / "proc").mkdir()

    observed = processes(RootHost(tmp_path), frozenset({"pid"}))

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/proc")


def _proc(options: str) -> list[str]:
    """The command line that starts a program on a procfs of its own with these options."""
    return mounted(f"mount -t proc -o {options} proc /proc")


def test_a_single_executable_is_asked_for_by_number() -> None:
    """It is what `processes` says of that process; one that is gone has no row."""
    own = os.getpid()
    host = LiveHost()

    found = executable(host, frozenset({"pid", "path", "on_disk"}), Key("pid", str(own)))
    gone = executable(host, frozenset({"pid", "path"}), Key("pid", "4194305"))
    odd = executable(host, frozenset({"pid", "path"}), Key("pid", "../1"))

    assert [(r["pid"], r["path"], r["on_disk"]) for r in found.rows] == [
        (own, str(Path(f"/proc/{own}/exe").readlink()), 1)
    ]
    assert found.condition.complete
    assert (list(gone.rows), gone.condition.complete) == ([], True)
    assert list(odd.rows) == []
