"""Packages, units and the SSH server, beside dpkg, systemctl and sshd."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from facts.status import COMPLETE, Status, condition
from tests.collectors import booted
from tests.collectors.namespaces import mounted
from tests.collectors.observe import NOBODY, here, observe
from tests.collectors.roots import by, cells, read, root

pytestmark = pytest.mark.xdist_group("a booted systemd")


def _lines(*argv: str) -> list[str]:
    answer = subprocess.run(argv, capture_output=True, check=True, text=True)
    return answer.stdout.splitlines()


def test_packages_are_those_of_dpkg() -> None:
    """Every package dpkg-query knows, with version, architecture, state, source and size."""
    fields = "${Package}|${Version}|${Architecture}|${Status}|${Section}|${Installed-Size}\n"
    told = sorted(line.split("|") for line in _lines("dpkg-query", "--show", "-f", fields))

    found = cells(here("deb_packages"), "name", "version", "arch", "status", "section", "size")

    shown = sorted([*map(str, row[:5]), str(int(row[5] or 0) // 1024)] for row in found)
    assert shown == told


def test_only_wanted_fields_are_looked_for() -> None:
    """With few columns the rest of each package is skipped, and the rows are as many."""
    few = here("deb_packages", ["name", "revision"])

    assert len(few.rows) == len(here("deb_packages").rows)
    assert "maintainer" not in few.rows[0]
    assert by(few, "name", "revision") == by(here("deb_packages"), "name", "revision")


def test_an_image_without_dpkg_keeps_a_file_a_package(tmp_path: Path) -> None:
    """Packages of status.d are installed, though no file says so."""
    host = root(
        tmp_path,
        {
            "/var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12.4+deb12u5\n",
            "/var/lib/dpkg/status.d/base.md5sums": "0 usr/share/x\n",
            "/var/lib/dpkg/status.d/tz": "Package: tzdata\nVersion: 2024a-0\nSource: tz (2)\n",
        },
    )

    assert cells(read(host, "deb_packages"), "name", "revision", "source", "status") == [
        ("base-files", "", "", "install ok installed"),
        ("tzdata", "0", "tz (2)", "install ok installed"),
    ]


def test_the_remains_of_a_package_are_told_apart(tmp_path: Path) -> None:
    """A removed package with its configuration left is a row with that state."""
    status = (
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
        "Package: here\nStatus: install ok installed\nDescription: x\n Version: not a field\n"
        "Version: 1:2-3\n"
    )

    found = read(root(tmp_path, {"/var/lib/dpkg/status": status}), "deb_packages")

    assert cells(found, "name", "status", "version", "revision") == [
        ("gone", "deinstall ok config-files", "1", ""),
        ("here", "install ok installed", "1:2-3", "3"),
    ]


def test_a_paragraph_without_a_name_is_said(tmp_path: Path) -> None:
    """A damaged database is partial, not shorter."""
    status = "Version: 1\n\nPackage: here\nVersion: 2\n"

    found = read(root(tmp_path, {"/var/lib/dpkg/status": status}), "deb_packages")

    assert cells(found, "name") == [("here",)]
    assert found.condition == condition(Status.PARTIAL, "malformed_source", "/var/lib/dpkg/status")


def test_a_host_without_dpkg_has_no_packages(tmp_path: Path) -> None:
    """No dpkg directory beside others in /var: complete, no rows. No /var at all: unknown."""
    without = read(root(tmp_path / "a", {"/var/lib/rpm/x": ""}), "deb_packages")

    assert (without.rows, without.condition) == ((), COMPLETE)
    with pytest.raises(FileNotFoundError):
        read(root(tmp_path / "b", {"/etc/hostname": "h"}), "deb_packages")


def test_unit_files_are_those_of_systemctl() -> None:
    """Name and state of every unit file are what `systemctl list-unit-files` works out."""
    argv = ("--root=/", "--no-legend", "--no-pager", "--plain", "--full")
    told = {
        line.split()[0]: line.split()[1] for line in _lines("systemctl", "list-unit-files", *argv)
    }

    found = by(here("systemd_units"), "id", "unit_file_state")

    instances = {name for name in found if "@" in name and "@." not in name}
    assert {name: state for name, state in found.items() if name not in instances} == told


UNITS = {
    "/usr/lib/systemd/system/ssh.service": (
        "[Unit]\nDescription=The SSH server\n"
        "[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n"
    ),
    "/usr/lib/systemd/system/cups.service": "[Install]\nWantedBy=printer.target\n",
    "/usr/lib/systemd/system/plain.service": "[Service]\nExecStart=/bin/true\n",
    "/usr/lib/systemd/system/also.service": "[Install]\nAlso=cups.service\n",
    "/usr/lib/systemd/system/ModemManager.service": "[Install]\nWantedBy=multi-user.target\n",
    "/usr/lib/systemd/system/getty@.service": "[Install]\nDefaultInstance=tty1\n",
    "/usr/lib/systemd/system/vpn@.service": "[Install]\nWantedBy=multi-user.target\n",
    "/usr/lib/systemd/system/multi-user.target.wants/plain.service": "-> ../plain.service",
    "/etc/systemd/system/ModemManager.service": "-> /dev/null",
    "/etc/systemd/system/cups.path": "",
    "/etc/systemd/system/sshd.service": "-> /usr/lib/systemd/system/ssh.service",
    "/etc/systemd/system/multi-user.target.wants/ssh.service": (
        "-> /usr/lib/systemd/system/ssh.service"
    ),
    "/etc/systemd/system/getty.target.wants/getty@tty1.service": (
        "-> /usr/lib/systemd/system/getty@.service"
    ),
    "/etc/systemd/system/multi-user.target.wants/vpn@office.service": (
        "-> /usr/lib/systemd/system/vpn@.service"
    ),
    "/run/systemd/generator/data.mount": "[Mount]\nWhere=/data\n",
    "/run/systemd/system/multi-user.target.wants/cups.service": (
        "-> /usr/lib/systemd/system/cups.service"
    ),
}


def test_enablement_is_read_from_files(tmp_path: Path) -> None:
    """Links of the administrator enable, the vendor's do not; /dev/null and empty files mask."""
    found = read(root(tmp_path, UNITS), "systemd_units")

    assert by(found, "id", "unit_file_state") == {
        "ModemManager.service": "masked",
        "also.service": "indirect",
        "cups.path": "masked",
        "cups.service": "enabled-runtime",
        "data.mount": "generated",
        "getty@.service": "enabled",
        "getty@tty1.service": "enabled",
        "plain.service": "static",
        "ssh.service": "enabled",
        "sshd.service": "alias",
        "vpn@.service": "indirect",
        "vpn@office.service": "enabled",
    }
    assert by(found, "id", "description")["ssh.service"] == "The SSH server"
    path = by(found, "id", "fragment_path")
    assert path["ModemManager.service"] == "/etc/systemd/system/ModemManager.service"
    assert path["vpn@office.service"] == "/usr/lib/systemd/system/vpn@.service"


def test_states_need_a_running_systemd(tmp_path: Path) -> None:
    """In a recorded root units are known, their states are not: by column, never as `inactive`."""
    found = read(root(tmp_path, UNITS), "systemd_units")

    assert found.condition == COMPLETE
    assert found.columns["active_state"].status is Status.UNSUPPORTED
    assert {row.get("active_state") for row in found.rows} == {None}


def test_a_host_without_systemd_has_no_units(tmp_path: Path) -> None:
    """None of systemd's directories beside others: complete, no rows."""
    host = root(tmp_path, {"/etc/inittab": "", "/usr/sbin/init": "", "/run/x": "", "/lib/x": ""})

    found = read(host, "systemd_units")

    assert (found.rows, found.condition) == ((), COMPLETE)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The command line that starts a program under a real systemd."""
    if not booted.possible():
        pytest.skip("needs root, nsenter and systemd's program")
    with booted.systemd(tmp_path_factory.mktemp("systemd")) as prefix:
        yield prefix


COLUMN = {
    "LoadState": "load_state",
    "Description": "description",
    "UnitFileState": "unit_file_state",
    "SourcePath": "source_path",
    "User": "user",
    "Following": "following",
}


def test_a_running_systemd_tells_its_states(inside: list[str]) -> None:
    """Every unit in memory has the states and properties that `systemctl show` prints."""
    names = ("LoadState", "Description", "UnitFileState", "SourcePath", "User", "Following")
    properties = f"--property=Id,ActiveState,{','.join(names)}"
    shown = "\n".join(_lines(*inside, "systemctl", "show", "--all", properties, "*"))
    told = [dict(line.split("=", 1) for line in unit.splitlines()) for unit in shown.split("\n\n")]

    seen = observe("systemd_units", prefix=inside)

    assert (seen.status, seen.columns) == ("complete", {})
    found = {row["id"]: row for row in seen.rows}
    assert len(told) > 30
    for unit in told:
        row = found[unit["Id"]]
        assert {n: row[COLUMN[n]] for n in names} == {n: unit.get(n, "") for n in names}
        if not unit["Id"].startswith(("apt-", "systemd-tmpfiles", "proc-", "modprobe@")):
            assert row["active_state"] == unit["ActiveState"], unit


def test_a_running_systemd_is_asked_for_details(inside: list[str]) -> None:
    """A unit that is not in memory is inactive; object paths are systemd's."""
    seen = observe("systemd_units", prefix=inside)

    assert seen.one(id="basic.target")["active_state"] == "active"
    assert seen.one(id="basic.target")["job_id"] == 0
    stub = seen.one(id="machine.slice")
    assert (stub["load_state"], stub["active_state"]) == ("stub", "inactive")
    assert seen.one(id="-.mount")["object_path"] == "/org/freedesktop/systemd1/unit/_2d_2emount"


def test_a_systemd_that_does_not_answer_is_partial(inside: list[str]) -> None:
    """Who may not ask systemd gets its unit files, and no state."""
    hidden = mounted("mount --bind /dev/null /run/dbus/system_bus_socket")

    seen = observe("systemd_units", prefix=[*inside, *hidden], user=NOBODY)

    assert (seen.status, seen.reason[:2]) == ("partial", ("program_failed", "/usr/bin/systemctl"))
    assert seen.columns["active_state"][0] == "unreadable"
    assert seen.one(id="ssh.service")["unit_file_state"] == "enabled"


RUNNING = mounted("mount -t tmpfs none /run", "mkdir /run/sshd")
"""The directory sshd's unit makes; without it `sshd -T` refuses."""


def test_settings_are_those_of_sshd() -> None:
    """With what it needs at hand, every row is a line of `sshd -T`."""
    told = [tuple(line.split(" ", 1)) for line in _lines(*RUNNING, "/usr/sbin/sshd", "-T")]

    seen = observe("sshd_config", prefix=RUNNING)

    assert seen.status == "complete"
    assert [(row["key"], row["value"]) for row in seen.rows] == told
    assert {row["origin"] for row in seen.rows} == {"sshd -T"}


def test_match_blocks_are_kept_beside_effective_settings(tmp_path: Path) -> None:
    """What holds for some users only is not in `sshd -T`, and not forgotten."""
    host = root(
        tmp_path,
        {
            "/etc/ssh/sshd_config": "Include sshd_config.d/*.conf\nPermitRootLogin no\n",
            "/etc/ssh/sshd_config.d/ops.conf": "Match User ops\n  PermitRootLogin yes\n",
        },
    )

    assert cells(read(host, "sshd_config"), "key", "value") == [
        ("match:User ops:permitrootlogin", "yes"),
        ("permitrootlogin", "no"),
    ]


def test_without_its_directory_files_speak_and_nothing_passes() -> None:
    """When `sshd -T` refuses, the files' values are shown, and the table is not complete."""
    seen = observe("sshd_config", prefix=mounted("mount -t tmpfs none /run"))

    assert seen.status == "partial"
    assert seen.reason[:2] == ("program_failed", "sshd -T")
    assert seen.one(key="usepam")["origin"] == "/etc/ssh/sshd_config"


def test_a_recorded_sshd_is_partial(tmp_path: Path) -> None:
    """A root's files are read in sshd's order, with lines; the effective values are not known."""
    host = root(
        tmp_path,
        {
            "/etc/ssh/sshd_config": (
                "# comment\n"
                "Include /etc/ssh/sshd_config.d/*.conf\n"
                "PermitRootLogin prohibit-password\n"
                "X11Forwarding=no\n"
                'Banner "/etc/issue.net"\n'
                "Match Address 10.0.0.0/8\n"
                "  PasswordAuthentication yes\n"
                "Match all\n"
                "  UsePAM yes\n"
            ),
            "/etc/ssh/sshd_config.d/10-site.conf": "PermitRootLogin no\n",
            "/etc/ssh/sshd_config.d/notes": "PermitRootLogin yes\n",
        },
    )

    found = read(host, "sshd_config")

    assert cells(found, "key", "value", "origin", "line") == [
        ("permitrootlogin", "no", "/etc/ssh/sshd_config.d/10-site.conf", 1),
        ("permitrootlogin", "prohibit-password", "/etc/ssh/sshd_config", 3),
        ("x11forwarding", "no", "/etc/ssh/sshd_config", 4),
        ("banner", "/etc/issue.net", "/etc/ssh/sshd_config", 5),
        ("match:Address 10.0.0.0/8:passwordauthentication", "yes", "/etc/ssh/sshd_config", 7),
        ("usepam", "yes", "/etc/ssh/sshd_config", 9),
    ]
    assert found.condition == condition(Status.PARTIAL, "not_live", "/usr/sbin/sshd")


def test_a_host_without_sshd_has_no_settings(tmp_path: Path) -> None:
    """Neither program nor configuration: complete, no rows."""
    host = root(tmp_path, {"/etc/hostname": "h", "/usr/bin/x": ""})

    found = read(host, "sshd_config")

    assert (found.rows, found.condition) == ((), COMPLETE)


def test_includes_in_a_circle_end(tmp_path: Path) -> None:
    """A file that includes itself is read a bounded number of times."""
    host = root(tmp_path, {"/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config\nUsePAM yes\n"})

    assert 1 < len(read(host, "sshd_config").rows) < 100
