"""Accounts as the name service knows them; passwords as states, never as hashes."""

import json
import subprocess
from pathlib import Path

import pytest

from collectors.accounts import password_state
from facts.status import COMPLETE, Status, condition
from tests.collectors.observe import here
from tests.collectors.roots import cells, read, root


def _getent(database: str) -> list[list[str]]:
    answer = subprocess.run(
        ["getent", "-s", "files", database], capture_output=True, check=True, text=True
    )
    return [line.split(":") for line in answer.stdout.splitlines()]


def test_users_are_those_of_getent() -> None:
    """Every field of every account is what getent says."""
    expected = [(f[0], int(f[2]), int(f[3]), f[4], f[5], f[6]) for f in _getent("passwd")]

    found = here("users")

    assert cells(found, "username", "uid", "gid", "description", "directory", "shell") == expected


def test_groups_are_those_of_getent() -> None:
    """Every group is what getent says."""
    expected = [(fields[0], int(fields[2])) for fields in _getent("group")]

    assert cells(here("groups"), "groupname", "gid") == expected


def test_groups_of_an_account_are_those_of_id() -> None:
    """For every account, `id -G` names the same groups."""
    names = {uid: name for name, uid in cells(here("users"), "username", "uid")}

    found = cells(here("user_groups"), "uid", "gid")

    for uid, name in names.items():
        told = subprocess.run(
            ["id", "-G", str(name)], capture_output=True, check=True, text=True
        ).stdout
        assert {gid for each, gid in found if each == uid} == set(map(int, told.split()))


def test_shadow_is_what_passwd_says() -> None:
    """State and ages agree with `passwd --status` for every account."""
    answer = subprocess.run(["passwd", "-Sa"], capture_output=True, check=True, text=True)
    letters = {"active": "P", "locked": "L", "not_set": "L", "empty": "NP"}

    told = {line.split()[0]: line.split()[1] for line in answer.stdout.splitlines()}

    assert {
        u: letters[str(s)] for u, s in cells(here("shadow"), "username", "password_status")
    } == told


@pytest.mark.parametrize(
    ("field", "state", "algorithm"),
    [
        ("", "empty", ""),
        ("*", "locked", ""),
        ("!", "locked", ""),
        ("!!", "not_set", ""),
        ("!*", "locked", ""),
        ("x", "locked", ""),
        ("*LK*", "locked", ""),
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC", "active", "y"),
        ("$6$salt$hash", "active", "6"),
        ("!$6$salt$hash", "locked", "6"),
        ("!!$1$salt$hash", "locked", "1"),
        ("$sm3$salt$hash", "active", "sm3"),
        ("$2b$05$abcdefghijklmnopqrstuu", "active", "2b"),
        ("$md5,rounds=5$salt$hash", "active", "md5"),
        ("rEK1ecacw.7.c", "active", "des"),
        ("_J9..CCCCXBrJUJV154M", "active", "bsdi"),
    ],
)
def test_password_states(field: str, state: str, algorithm: str) -> None:
    """A field is active only if crypt(3) could match it; a lock keeps the algorithm in view."""
    assert password_state(field) == (state, algorithm)


def test_no_hash_leaves_the_collector(tmp_path: Path) -> None:
    """Nothing of salt or hash is in any cell."""
    line = "a:$6$SALTSALT$HASHHASH:19000:0:99999:7:::\n"
    host = root(tmp_path, {"/etc/shadow": line, "/etc/passwd": "a:x:0:0::/:/bin/sh\n"})

    observed = read(host, "shadow")

    assert not {"SALT", "HASH"} & set(json.dumps(list(observed.rows)).split("$"))
    assert cells(observed, "username", "hash_alg", "last_change", "max", "expire") == [
        ("a", "6", 19000, 99999, None)
    ]


def test_a_password_field_in_passwd_counts(tmp_path: Path) -> None:
    """Who is not in shadow signs in by the field in passwd, empty or hashed."""
    passwd = "a:x:1:1::/:/bin/sh\nb::0:0::/:/bin/sh\nc:$1$SALTSALT$HASH:2:2::/:/bin/sh\n"
    host = root(tmp_path, {"/etc/shadow": "a:!:1::::::\n", "/etc/passwd": passwd})

    assert cells(read(host, "shadow"), "username", "password_status", "hash_alg") == [
        ("a", "locked", ""),
        ("b", "empty", ""),
        ("c", "active", "1"),
    ]


def test_two_accounts_of_one_number_are_two_rows(tmp_path: Path) -> None:
    """A second line of a name or a number is kept: it is what a check looks for."""
    line = "{}:x:0:0::/root:/bin/sh\n"
    host = root(tmp_path, {"/etc/passwd": line.format("root") + line.format("toor")})

    assert cells(read(host, "users"), "username", "uid") == [("root", 0), ("toor", 0)]


@pytest.mark.parametrize(
    ("table", "path", "line"),
    [
        ("users", "/etc/passwd", "+::::::"),
        ("users", "/etc/passwd", "a:x:0x10:0::/:/bin/sh"),
        ("users", "/etc/passwd", "a:x:4294967296:0::/:/bin/sh"),
        ("groups", "/etc/group", "wheel:x:10"),
        ("shadow", "/etc/shadow", "root:*:soon:0:99999:7:::"),
    ],
)
def test_a_line_that_cannot_be_read_is_said(
    tmp_path: Path, table: str, path: str, line: str
) -> None:
    """A line in another form leaves the table partial, with its number."""
    files = {"/etc/passwd": "", path: f"\n{line}\n"}

    found = read(root(tmp_path, files), table)

    assert found.rows == []
    assert found.condition == condition(Status.PARTIAL, "malformed_source", f"{path}:2")


def test_large_numbers_are_also_signed(tmp_path: Path) -> None:
    """The signed columns hold what 32 bits make of the number."""
    host = root(tmp_path, {"/etc/passwd": "n:x:4294967294:65534::/:/bin/false\n"})

    found = read(host, "users")

    assert cells(found, "uid", "uid_signed", "gid_signed") == [(4294967294, -2, 65534)]
    assert found.condition == COMPLETE


@pytest.mark.parametrize("table", ["users", "groups", "shadow"])
def test_a_root_without_the_file_is_not_a_host_without_accounts(tmp_path: Path, table: str) -> None:
    """Every host has these files: a missing one is an error, not an empty table."""
    with pytest.raises(FileNotFoundError):
        read(root(tmp_path, {"/etc/hostname": "h\n"}), table)
