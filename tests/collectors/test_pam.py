"""PAM's rules in the order they run, and what they and the files make of password rules."""

from pathlib import Path

from facts.status import COMPLETE, Status
from tests.collectors.observe import here
from tests.collectors.roots import by, cells, read, root

SERVICES = {
    "/etc/pam.d/login": (
        "auth required pam_nologin.so\n@include common-auth\nsession include extra\n"
    ),
    "/etc/pam.d/common-auth": (
        "auth\t[success=1 default=ignore]\tpam_unix.so nullok \\\n  try_first_pass\n"
        "-auth optional pam_gone.so passwd=hunter2 [dn=a b]\n"
    ),
    "/usr/lib/pam.d/extra": "auth required pam_deny.so\nsession required pam_limits.so # why\n",
    "/usr/lib/pam.d/login": "auth required pam_permit.so\n",
}


def test_rules_stand_in_the_order_they_run(tmp_path: Path) -> None:
    """Included files are in place, of an `include` only the same type; /etc goes before /usr."""
    found = read(root(tmp_path, SERVICES), "pam_rules")

    rows = [
        row[1:] for row in cells(found, "service", "type", "control", "module") if row[0] == "login"
    ]
    assert found.condition == COMPLETE
    assert rows == [
        ("auth", "required", "pam_nologin.so"),
        ("auth", "[success=1 default=ignore]", "pam_unix.so"),
        ("auth", "optional", "pam_gone.so"),
        ("session", "include", "extra"),
        ("session", "required", "pam_limits.so"),
    ]
    assert [row["position"] for row in found.rows if row["service"] == "login"] == [1, 2, 3, 4, 5]


def test_arguments_without_secrets(tmp_path: Path) -> None:
    """Arguments are whole over continued lines; one named like a password keeps its name only."""
    found = by(read(root(tmp_path, SERVICES), "pam_rules"), "module", "arguments")

    assert found["pam_unix.so"] == "nullok try_first_pass"
    assert found["pam_gone.so"] == "passwd [dn=a b]"


def test_a_missing_include_and_a_circle_are_said(tmp_path: Path) -> None:
    """PAM refuses what it cannot follow; we say that something is missing."""
    missing = read(root(tmp_path / "a", {"/etc/pam.d/x": "@include gone\n"}), "pam_rules")
    circle = read(root(tmp_path / "b", {"/etc/pam.d/x": "@include x\n"}), "pam_rules")

    assert missing.condition.status is Status.PARTIAL
    assert circle.condition.status is Status.PARTIAL


def test_every_rule_of_this_host_is_understood() -> None:
    """The files of the installed services hold no line that we take for malformed."""
    found = here("pam_rules")

    assert found.condition == COMPLETE
    assert {"common-auth", "login", "passwd"} <= {row["service"] for row in found.rows}


def test_arguments_go_before_files(tmp_path: Path) -> None:
    """Merged as libpwquality and pam_faillock do: directory, main file, then arguments."""
    files = {
        "/etc/pam.d/passwd": "password requisite pam_pwquality.so retry=3 minlen=12\n",
        "/etc/pam.d/login": (
            "auth required pam_faillock.so preauth deny=5\n"
            "auth required pam_faillock.so authfail deny=3\n"
        ),
        "/etc/pam.d/su": "auth sufficient pam_rootok.so\nauth required pam_cracklib.so\n",
        "/etc/security/pwquality.conf": "minlen = 8\nminclass = 3\n",
        "/etc/security/pwquality.conf.d/a.conf": "minclass = 4\nenforce_for_root\n",
        "/etc/security/faillock.conf": "unlock_time = 600 # ten minutes\neven_deny_root\n",
    }

    found = read(root(tmp_path, files), "password_policy")

    assert set(cells(found, "service", "module", "name", "value")) == {
        ("passwd", "pam_pwquality", "retry", "3"),
        ("passwd", "pam_pwquality", "minlen", "12"),
        ("passwd", "pam_pwquality", "minclass", "3"),
        ("passwd", "pam_pwquality", "enforce_for_root", ""),
        ("login", "pam_faillock", "preauth", ""),
        ("login", "pam_faillock", "authfail", ""),
        ("login", "pam_faillock", "deny", "5"),
        ("login", "pam_faillock", "unlock_time", "600"),
        ("login", "pam_faillock", "even_deny_root", ""),
        ("su", "pam_cracklib", "", ""),
    }


def test_the_last_line_of_login_defs_counts(tmp_path: Path) -> None:
    """Tabs or blanks, comments, doubled names."""
    files = {"/etc/login.defs": "# x\nPASS_MAX_DAYS\t99999\nUMASK  022\nPASS_MAX_DAYS 90\n"}

    found = read(root(tmp_path, files), "login_defs")

    assert cells(found, "name", "value", "line") == [
        ("PASS_MAX_DAYS", "90", 4),
        ("UMASK", "022", 3),
    ]
