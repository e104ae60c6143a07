"""What programs hold, where they run and whose rights they take, beside lsns, find and systemd."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.host import RootHost
from collectors.suid import LEVELS, TREES, suid_bin
from facts.status import COMPLETE, Status, condition
from tests.collectors.namespaces import mounted
from tests.collectors.observe import NOBODY, here, observe
from tests.collectors.roots import cells, read, root
from tests.collectors.silence import covered

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


@contextmanager
def running(*argv: str) -> Iterator[int]:
    """A program that prints a line when it is ready, for as long as the block lasts."""
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as process:
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("it did not start")
        try:
            yield process.pid
        finally:
            process.kill()


HOLDER = """
import os, socket, sys
os.dup2(os.open("/dev/urandom", os.O_RDONLY), 100)
kept = socket.socket(); os.dup2(kept.fileno(), 101)
os.dup2(os.open(sys.argv[1], os.O_RDONLY), 102)
os.dup2(os.memfd_create("private"), 103)
os.dup2(os.eventfd(0), 104)
print(flush=True); input()
"""


def test_devices_and_sockets_are_told_and_files_are_not(tmp_path: Path) -> None:
    """A device by its path, a socket and an event by what they are; no name of a file."""
    (tmp_path / "letter.txt").write_text("dear")

    with running(sys.executable, "-c", HOLDER, str(tmp_path / "letter.txt")) as pid:
        links = {fd: Path(f"/proc/{pid}/fd/{fd}").readlink() for fd in range(100, 105)}
        seen = here("process_open_files")

    told = {row["fd"]: row["path"] for row in seen.rows if row["pid"] == pid}
    assert {fd: told[fd] for fd in (100, 101, 104)} == {
        100: "/dev/urandom",
        101: str(links[101]),
        104: "anon_inode:[eventfd]",
    }
    assert not {102, 103} & told.keys()
    assert not any("letter" in str(row["path"]) for row in seen.rows)


def test_a_plain_user_sees_a_part_of_what_is_open() -> None:
    """Descriptors of others are refused, so the table is partial."""
    seen = observe("process_open_files", user=NOBODY)

    assert (seen.status, seen.reason[0]) == ("partial", "missing_privilege")


def test_namespaces_are_those_of_lsns() -> None:
    """A program in namespaces of its own is in those that lsns names."""
    ready = [sys.executable, "-c", "print(flush=True); input()"]
    with running("unshare", "--net", "--uts", "--ipc", "--", *ready) as pid:
        said = subprocess.run(
            ["lsns", "--noheadings", "--output", "TYPE,NS", "--task", str(pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        rows = {row["pid"]: row for row in here("process_namespaces").rows}

    told = dict(line.split() for line in said.splitlines())
    assert {kind: rows[pid][f"{kind}_namespace"] for kind in KINDS} == {k: told[k] for k in KINDS}
    assert rows[pid]["net_namespace"] != rows[os.getpid()]["net_namespace"]
    assert rows[pid]["pid_namespace"] == rows[os.getpid()]["pid_namespace"]


def test_refused_namespaces_are_denied_by_column() -> None:
    """Every process keeps its row; what may not be looked into is denied."""
    seen = observe("process_namespaces", user=NOBODY)

    assert seen.status == "complete"
    assert {row["pid"] for row in seen.rows} >= {1, os.getpid()}
    assert seen.columns["net_namespace"][:2] == ("denied", "missing_privilege")


@pytest.mark.parametrize("table", ["process_open_files", "process_namespaces"])
def test_hidden_processes_make_the_tables_unreadable(table: str) -> None:
    """Where the kernel hides processes nothing can be said, rather than less."""
    prefix = mounted("mount -t proc -o hidepid=2 proc /proc")

    seen = observe(table, prefix=prefix, user=NOBODY)

    assert (seen.status, seen.reason[0], seen.rows) == ("unreadable", "hidepid", [])


@pytest.mark.parametrize("table", ["process_open_files", "process_namespaces"])
def test_files_cannot_say_what_runs(table: str, tmp_path: Path) -> None:
    """A mounted root has no processes."""
    found = read(root(tmp_path, {"/proc/1/stat": ""}), table)

    assert found.condition == condition(Status.UNSUPPORTED, "not_live", "/proc")


def test_files_with_others_rights_are_those_that_find_finds() -> None:
    """Every file with one of the bits in the same directories, and its owner."""
    trees = [tree for tree in TREES if Path(tree).is_dir() and not Path(tree).is_symlink()]
    depth = ["-maxdepth", str(LEVELS + 1), "-type", "f"]
    form = "%p %u %g\n"
    said = subprocess.run(
        ["find", *trees, *depth, "-perm", "/6000", "-printf", form],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    found = here("suid_bin")

    assert found.condition == COMPLETE
    shown = [" ".join(map(str, row)) for row in cells(found, "path", "username", "groupname")]
    assert shown == sorted(said.splitlines())
    assert shown


def test_bits_and_owners_in_a_mounted_root(tmp_path: Path) -> None:
    """Both bits, an owner without a name, a helper two levels down; no directory and no link."""
    host = root(
        tmp_path,
        {
            "/usr/bin/both": "",
            "/usr/bin/link": "-> both",
            "/usr/bin/plain": "",
            "/usr/lib/a/b/helper": "",
            "/usr/lib/a/b/c/deep": "",
            "/etc/passwd": "root:x:0:0::/:/bin/sh\nbroken\n",
            "/etc/group": "wheel:x:0:\n",
        },
    )
    (tmp_path / "bin").symlink_to("usr/bin")
    for path, mode in (
        ("bin/both", 0o6755),
        ("lib/a/b/helper", 0o4755),
        ("lib/a/b/c/deep", 0o4755),
    ):
        (tmp_path / "usr" / path).chmod(mode)
    (tmp_path / "usr/lib/a").chmod(0o2755)
    os.chown(tmp_path / "usr/lib/a/b/helper", 4321, 0)
    (tmp_path / "usr/lib/a/b/helper").chmod(0o4755)

    found = read(host, "suid_bin")

    assert found.condition == COMPLETE
    assert sorted(cells(found, "path", "username", "groupname", "permissions")) == [
        ("/usr/bin/both", "root", "wheel", "SG"),
        ("/usr/lib/a/b/helper", "4321", "wheel", "S"),
    ]


def test_a_covered_directory_of_programs_is_said() -> None:
    """An empty filesystem over /usr/libexec is not a directory without such files."""
    said = covered(["/usr/libexec"], ["suid_bin"])["suid_bin"]

    assert list(said.reason) == ["foreign_mount", "/usr/libexec", "tmpfs"]


def test_owners_that_cannot_be_named_keep_their_rows(tmp_path: Path) -> None:
    """Without /etc the names are unreadable by column, the files are still there."""
    host = root(tmp_path, {"/usr/bin/x": ""})
    (tmp_path / "usr/bin/x").chmod(0o4755)

    found = suid_bin(host, frozenset({"path", "username"}))

    assert cells(found, "path") == [("/usr/bin/x",)]
    assert found.columns["username"].status is Status.UNREADABLE


def test_a_virtual_machine_is_told_as_systemd_tells_it() -> None:
    """Whether there is a hypervisor and a container here: what systemd-detect-virt says."""
    told = {
        kind: subprocess.run(
            ["systemd-detect-virt", f"--{kind}"], capture_output=True, text=True, check=False
        ).stdout.strip()
        for kind in ("vm", "container")
    }

    (row,) = here("virtualization").rows

    assert bool(row["machine"]) is (told["vm"] != "none")
    assert row["machine"] in (told["vm"], "other", "")
    assert bool(row["container"]) is (told["container"] != "none")
    initial = str(Path("/proc/self/ns/pid").readlink()) == "pid:[4026531836]"
    assert row["initial_pid_namespace"] == int(initial)


def test_a_pid_namespace_of_its_own_is_told() -> None:
    """A process in one is not the host, whatever marks there are."""
    seen = observe("virtualization", prefix=["unshare", "--pid", "--fork", "--mount-proc", "--"])

    assert seen.one()["initial_pid_namespace"] == 0


@pytest.mark.parametrize(
    ("files", "container", "evidence"),
    [
        ({"/run/systemd/container": "lxc\n"}, "lxc", "/run/systemd/container"),
        ({"/run/.containerenv": ""}, "podman", "/run/.containerenv"),
        ({"/.dockerenv": ""}, "docker", "/.dockerenv"),
        ({"/run/x": ""}, "", ""),
    ],
)
def test_the_marks_of_containers_are_known(
    tmp_path: Path, files: dict[str, str], container: str, evidence: str
) -> None:
    """Each runtime's mark in a root; what only a running host tells is unsupported there."""
    root(tmp_path, files)

    found = read(RootHost(tmp_path), "virtualization")

    assert cells(found, "container", "container_evidence") == [(container, evidence)]
    assert found.columns["machine"].status is Status.UNSUPPORTED
