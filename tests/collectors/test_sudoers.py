"""The rules of sudo, read as sudo reads them."""

from pathlib import Path

from facts.status import COMPLETE, Status, condition
from tests.collectors.roots import cells, read, root

MAIN = """\
# a comment
Defaults env_reset, \\
    use_pty
User_Alias ADMINS = ops, dba
root\tALL=(ALL:ALL) ALL
%sudo ALL=(ALL) NOPASSWD: ALL
#1001 ALL = /usr/bin/id
#include /etc/sudoers.local
@includedir /etc/sudoers.d
"""


def test_rules_stand_in_the_order_sudo_reads_them(tmp_path: Path) -> None:
    """Continuations are joined, a user's number is no comment, includes are followed in place."""
    files = {
        "/etc/sudoers": MAIN,
        "/etc/sudoers.local": "ops ALL=/bin/ls\n",
        "/etc/sudoers.d/20-b": "b ALL=ALL\n",
        "/etc/sudoers.d/10-a": "a ALL=ALL\n",
        "/etc/sudoers.d/30-c.dpkg-old": "c ALL=ALL\n",
        "/etc/sudoers.d/40-d~": "d ALL=ALL\n",
    }

    found = read(root(tmp_path, files), "sudoers")

    assert found.condition == COMPLETE
    assert cells(found, "source", "line", "header", "rule_details") == [
        ("/etc/sudoers", 2, "Defaults", "env_reset,     use_pty"),
        ("/etc/sudoers", 4, "User_Alias", "ADMINS = ops, dba"),
        ("/etc/sudoers", 5, "root", "ALL=(ALL:ALL) ALL"),
        ("/etc/sudoers", 6, "%sudo", "ALL=(ALL) NOPASSWD: ALL"),
        ("/etc/sudoers", 7, "#1001", "ALL = /usr/bin/id"),
        ("/etc/sudoers", 8, "#include", "/etc/sudoers.local"),
        ("/etc/sudoers.local", 1, "ops", "ALL=/bin/ls"),
        ("/etc/sudoers", 9, "@includedir", "/etc/sudoers.d"),
        ("/etc/sudoers.d/10-a", 1, "a", "ALL=ALL"),
        ("/etc/sudoers.d/20-b", 1, "b", "ALL=ALL"),
    ]


def test_a_host_without_sudo_has_no_rules(tmp_path: Path) -> None:
    """No file, no rule, and nothing missing."""
    found = read(root(tmp_path, {"/etc/passwd": ""}), "sudoers")

    assert (list(found.rows), found.condition) == ([], COMPLETE)


def test_an_included_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """The rules that were read stay; those of the file in question are missed."""
    files = {"/etc/sudoers": "@include /etc/sudoers.d\nroot ALL=ALL\n", "/etc/sudoers.d/x": ""}

    found = read(root(tmp_path, files), "sudoers")

    assert found.condition.status is Status.PARTIAL
    assert ("root", "ALL=ALL") in cells(found, "header", "rule_details")


def test_files_that_include_one_another_come_to_an_end(tmp_path: Path) -> None:
    """A circle is cut, and said."""
    found = read(root(tmp_path, {"/etc/sudoers": "@include /etc/sudoers\n"}), "sudoers")

    assert found.condition == condition(Status.PARTIAL, "malformed_source", "/etc/sudoers:1")
    assert len(found.rows) == 17


def test_very_many_rules_are_over_budget(tmp_path: Path) -> None:
    """The cap is said, and what was read before it stays."""
    found = read(root(tmp_path, {"/etc/sudoers": "a ALL=ALL\n" * 20_001}), "sudoers")

    assert found.condition.status is Status.OVER_BUDGET
    assert len(found.rows) == 20_000
