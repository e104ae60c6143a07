"""What systemd's own restrictions do to a scan, under a real systemd."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.collectors import booted
from tests.collectors.silence import Said

pytestmark = pytest.mark.xdist_group("a booted systemd")


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The command line that starts a program under a real systemd, sshd's directory made."""
    if not booted.possible():
        pytest.skip("needs root, nsenter and systemd's program")
    with booted.systemd(tmp_path_factory.mktemp("systemd")) as prefix:
        subprocess.run([*prefix, "mkdir", "-p", "/run/sshd", "/var/lib/anfang"], check=True)
        yield prefix


def _scan(inside: list[str], restrictions: list[str], tables: list[str]) -> dict[str, Said]:
    """What `tables` say in a service with these restrictions."""
    program = [sys.executable, "-m", "tests.collectors.silence"]
    job = {"covered": [], "tables": tables, "user": None}
    answer = subprocess.run(
        [*inside, *booted.service(restrictions), *program],
        input=json.dumps(job).encode(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr.decode()
    return {name: Said(**said) for name, said in json.loads(answer.stdout).items()}


def test_the_shipped_unit_hides_nothing_it_should_see(inside: list[str]) -> None:
    """Under the shipped restrictions these tables are as complete as without any."""
    tables = [
        *("deb_packages", "groups", "kernel_info", "kernel_module_files", "kernel_modules"),
        *("log_retention", "modprobe_config", "os_version", "shadow", "sshd_config"),
        *("system_controls", "system_info", "systemd_units", "users"),
    ]

    said = _scan(inside, booted.shipped(), tables)

    assert {name: table.reason for name, table in said.items() if not table.silent} == {}
    assert said["sshd_config"].rows > 50


@pytest.mark.parametrize(
    ("restriction", "table", "code"),
    [
        ("InaccessiblePaths=/etc/ssh", "sshd_config", "own_sandbox"),
        ("InaccessiblePaths=/etc/shadow", "shadow", "own_sandbox"),
        ("InaccessiblePaths=/var/lib/dpkg", "deb_packages", "own_sandbox"),
        ("ProcSubset=pid", "system_controls", "own_sandbox"),
        ("ProcSubset=pid", "kernel_modules", "own_sandbox"),
        ("TemporaryFileSystem=/etc/modprobe.d", "modprobe_config", "foreign_mount"),
        ("BindReadOnlyPaths=/usr/share:/etc/ssh", "sshd_config", "foreign_mount"),
    ],
)
def test_what_a_restriction_hides_is_unreadable(
    inside: list[str], restriction: str, table: str, code: str
) -> None:
    """A path hidden from our own service is said to be, by the sandbox's name where it has one."""
    said = _scan(inside, [restriction], [table])[table]

    assert said.status != "complete"
    assert said.reason[0] == code


def test_sizes_are_those_of_the_host(inside: list[str]) -> None:
    """In mounts of our own, sizes are still those the first process sees."""
    said = _scan(inside, ["ProtectSystem=strict", "PrivateTmp=yes"], ["mounts"])["mounts"]

    assert said.silent
