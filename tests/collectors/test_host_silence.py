"""Silence: a table whose source is taken away says so, whatever else it can still read."""

import pytest

from tests.collectors.silence import as_plain_user, covered, full_tables

AFFECTED = {
    "/etc": ["groups", "log_retention", "modprobe_config", "os_version", "shadow", "sshd_config",
             "system_controls", "systemd_units", "users"],
    "/etc/audit": ["log_retention"],
    "/etc/modprobe.d": ["modprobe_config"],
    "/etc/passwd": ["users"],
    "/etc/shadow": ["shadow"],
    "/etc/ssh": ["sshd_config"],
    "/etc/sysctl.d": ["system_controls"],
    "/etc/systemd": ["log_retention", "systemd_units"],
    "/proc": ["kernel_info", "kernel_module_files", "kernel_modules", "mounts", "system_controls",
              "system_info", "users"],
    "/proc/cmdline": ["kernel_info", "modprobe_config"],
    "/proc/sys": ["kernel_modules", "system_controls", "system_info"],
    "/sys": ["system_info"],
    "/usr/lib": ["log_retention", "modprobe_config", "os_version", "system_controls",
                 "systemd_units"],
    "/usr/sbin": ["sshd_config"],
    "/var": ["deb_packages", "log_retention"],
    "/var/lib/dpkg": ["deb_packages"],
    "/var/log/audit": ["log_retention"],
}  # fmt: skip
"""Tables that read something below each path on this host."""


@pytest.mark.parametrize("path", AFFECTED)
def test_an_empty_tmpfs_is_not_an_empty_host(path: str) -> None:
    """With a tmpfs over a source no table that reads it is complete."""
    said = covered([path], AFFECTED[path])

    assert [name for name, table in said.items() if table.silent] == []


def test_the_mount_is_named() -> None:
    """The reason says where the foreign mount is, and of which type."""
    said = covered(["/etc/ssh"], ["sshd_config"])["sshd_config"]

    assert list(said.reason) == ["foreign_mount", "/etc/ssh", "tmpfs"]


def test_another_directory_bound_over_a_source_is_no_source() -> None:
    """A clean-looking directory bound over the real one is not believed either."""
    said = covered(["/etc/ssh"], ["sshd_config"], bind="/etc/opt")["sshd_config"]

    assert said.reason[:2] == ["foreign_mount", "/etc/ssh"]


@pytest.mark.parametrize(
    ("link", "target", "table"),
    [
        ("/etc/passwd", "/usr/share/base-passwd/passwd.master", "users"),
        ("/etc/modprobe.d", "/usr/lib/modprobe.d", "modprobe_config"),
    ],
)
def test_a_link_on_a_foreign_mount_leads_nowhere(link: str, target: str, table: str) -> None:
    """A link out of a foreign mount, to what lies on the host itself, is not followed."""
    said = covered(["/etc"], [table], links={link: target})[table]

    assert list(said.reason) == ["foreign_mount", "/etc", "tmpfs"]


def test_nothing_else_is_drawn_in() -> None:
    """A table that reads nothing below the covered path stays complete."""
    said = covered(["/etc/ssh"], ["users", "deb_packages", "kernel_info"])

    assert [table.silent for table in said.values()] == [True, True, True]


def test_a_plain_user_is_denied_what_root_reads() -> None:
    """What only root may read is denied to a plain user, as a table, in part, or by column."""
    said = as_plain_user(["shadow", "log_retention", "sshd_config", "system_controls"])

    assert said["shadow"].status == "denied"
    assert said["log_retention"].status == "partial"
    assert said["sshd_config"].status == "partial"
    assert list(said["system_controls"].columns) == ["current_value"]


def test_a_plain_user_reads_what_is_open_to_all() -> None:
    """What everybody may read is complete for a plain user too."""
    tables = ["users", "groups", "deb_packages", "os_version", "kernel_info"]

    said = as_plain_user(tables)

    assert [name for name in tables if not said[name].silent] == []


def test_every_table_survives_a_host_without_kernel_filesystems() -> None:
    """Without /proc and /sys no collector crashes; each says what it could not see."""
    said = covered(["/sys", "/proc"], full_tables())

    crashed = [name for name, table in said.items() if "collector_failed" in table.reason]
    assert crashed == []
