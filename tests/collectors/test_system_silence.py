"""Facts about the system whose sources are taken away: none of them is complete then."""

import json
import subprocess
import sys

import pytest

from tests.collectors import booted
from tests.collectors.silence import Said, as_plain_user, covered

pytestmark = pytest.mark.xdist_group("a booted systemd")

AFFECTED = {
    "/etc": ["clock_servers", "crontab", "dns_resolvers", "etc_hosts", "etc_protocols",
             "etc_services", "security_modules", "startup_items", "time"],
    "/etc/cron.d": ["crontab"],
    "/etc/init.d": ["startup_items"],
    "/etc/services": ["etc_services"],
    "/etc/systemd": ["clock_servers"],
    "/proc": ["clock_sync", "cpuid", "memory_info", "uptime"],
    "/proc/meminfo": ["memory_info"],
    "/sys": ["acpi_tables", "apparmor_profiles", "disk_encryption", "platform_info", "secureboot",
             "security_modules", "selinux_settings", "smbios_tables"],
    "/sys/class/block": ["disk_encryption"],
    "/sys/firmware": ["acpi_tables", "platform_info", "secureboot", "smbios_tables"],
    "/sys/kernel": ["security_modules"],
    "/usr/lib": ["clock_servers", "clock_sync"],
    "/var/spool": ["crontab"],
}  # fmt: skip
"""Tables that read something below each path on this host."""
UNDER_RESTRICTIONS = [
    *("acpi_tables", "apparmor_profiles", "clock_servers", "cpuid", "crontab", "dns_resolvers"),
    *("etc_hosts", "etc_protocols", "etc_services", "memory_info", "platform_info", "secureboot"),
    *("selinux_settings", "smbios_tables", "startup_items", "time", "uptime"),
]


@pytest.mark.parametrize("path", AFFECTED)
def test_an_empty_tmpfs_is_not_an_empty_system(path: str) -> None:
    """With a tmpfs over a source no table that reads it is complete."""
    said = covered([path], AFFECTED[path])

    assert [name for name, table in said.items() if table.silent] == []


def test_a_plain_user_reads_what_is_open_to_all() -> None:
    """What everybody may read is complete for a plain user too."""
    tables = ["cpuid", "etc_hosts", "etc_services", "memory_info", "secureboot", "time", "uptime"]

    said = as_plain_user(tables)

    assert [name for name in tables if not said[name].silent] == []


@pytest.fixture(scope="module", name="restricted")
def _restricted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What the tables say in a service of a real systemd with the shipped restrictions."""
    if not booted.possible():
        pytest.skip("needs root, nsenter and systemd's program")
    job = {"covered": [], "tables": [*UNDER_RESTRICTIONS, "clock_sync"], "user": None}
    with booted.systemd(tmp_path_factory.mktemp("systemd")) as inside:
        subprocess.run([*inside, "mkdir", "-p", "/var/lib/anfang"], check=True)
        answer = subprocess.run(
            [*inside, *booted.service(booted.shipped()), sys.executable, "-m",
             "tests.collectors.silence"],
            input=json.dumps(job).encode(), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
    assert answer.returncode == 0, answer.stderr.decode()
    return {name: Said(**said) for name, said in json.loads(answer.stdout).items()}


def test_the_shipped_unit_hides_nothing_of_these(restricted: dict[str, Said]) -> None:
    """Under the shipped restrictions these tables are as complete as without any."""
    hidden = {name: said for name, said in restricted.items() if not said.silent}

    assert set(hidden) <= {"clock_sync"}


def test_a_refused_question_about_the_clock_is_asked_another_way(
    restricted: dict[str, Said],
) -> None:
    """The unit may not ask the kernel, so timedatectl is asked, which needs a bus to answer."""
    said = restricted["clock_sync"]

    assert said.rows >= 1
    assert said.columns["max_error_us"] == ["unreadable", "own_sandbox", "adjtimex(2)"]
    if "synchronized" in said.columns:
        assert said.columns["synchronized"][1:3] == ["program_failed", "/usr/bin/timedatectl"]
