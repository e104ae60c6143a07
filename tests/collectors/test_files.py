"""Files by path, directory and pattern: what other tools say, and nothing beyond the allow-list."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectors import paths
from collectors.files import digests, file
from collectors.host import Host, LiveHost
from collectors.interface import Observed
from collectors.source import HostSource
from facts.source import Key
from facts.status import COMPLETE, Status, condition
from facts.tables import SPECS
from tests.collectors.observe import ROOT
from tests.collectors.roots import cells, read, root

FILE = frozenset(column.name for column in SPECS["file"].columns)
HASH = frozenset(column.name for column in SPECS["hash"].columns)


def _file(host: Host, path: str) -> Observed:
    return file(host, FILE, Key("path", path))


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/shadow", "/usr/bin", "/dev/null"])
def test_metadata_is_that_of_stat(path: str) -> None:
    """Owner, bits, size, times and links are what stat prints."""
    told = _output("stat", "--format", "%i %u %g %a %s %Y %Z %h %o", path).split()

    found = _file(LiveHost(), path)

    columns = ("inode", "uid", "gid", "size", "mtime", "ctime", "hard_links", "block_size")
    assert [str(cell) for cell in cells(found, *columns)[0]] == [*told[:3], *told[4:]]
    assert int(str(found.rows[0]["mode"]), 8) == int(told[3], 8)
    assert found.condition == COMPLETE


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/etc", "directory"), ("/etc/passwd", "regular"), ("/dev/null", "character")],
)
def test_kinds_are_named(path: str, kind: str) -> None:
    """A directory, a file and a device are told apart."""
    assert _file(LiveHost(), path).rows[0]["type"] == kind


def test_a_link_shows_its_target() -> None:
    """Metadata is the target's; that it is a link, and where it leads, stands beside."""
    ((symlink, target, size),) = cells(
        _file(LiveHost(), "/etc/os-release"), "symlink", "symlink_target_path", "size"
    )

    assert (symlink, target) == (1, "/usr/lib/os-release")
    assert size == Path("/usr/lib/os-release").stat().st_size


def test_creation_is_not_told() -> None:
    """What Python cannot ask is unsupported, and not a silent NULL."""
    assert _file(LiveHost(), "/etc/passwd").columns["btime"].status is Status.UNSUPPORTED


def test_what_is_not_there_is_complete() -> None:
    """A missing file, and one below a file, are answers: no row."""
    for path in ("/etc/there-is-no-such-file", "/etc/passwd/x"):
        found = _file(LiveHost(), path)
        assert (list(found.rows), found.condition) == ([], COMPLETE)


@pytest.mark.parametrize(
    "path",
    [
        "/home/user/.ssh/id_ed25519",
        "/root/.bash_history",
        "/tmp/x",
        "/proc/1/environ",
        "/etc/../root/x",
        "/etcetera",
        "/run/user/1000/x",
        "etc/passwd",
    ],
)
def test_outside_the_allow_list_is_denied(path: str) -> None:
    """Homes, temporary and process files are denied, whichever way they are spelled."""
    for read_by in (file, digests):
        found = read_by(LiveHost(), FILE | HASH, Key("path", path))
        assert list(found.rows) == []
        assert found.condition == condition(Status.DENIED, "key_outside_allow_list", path)


@pytest.mark.parametrize("target", ["/root/secret", "../root/secret", "/etc/hop", "/run/user/1"])
def test_a_link_out_of_the_allow_list_is_told_and_not_followed(tmp_path: Path, target: str) -> None:
    """That it is a link is known, and of its target nothing is looked at."""
    host = root(
        tmp_path,
        {"/etc/link": f"-> {target}", "/etc/hop": "-> /root/secret", "/root/secret": "secret"},
    )

    told = file(host, FILE, Key("path", "/etc/link"))
    named = file(host, frozenset({"path", "symlink"}), Key("path", "/etc/link"))
    hashed = digests(host, HASH, Key("path", "/etc/link"))

    assert cells(told, "path", "symlink", "size", "type") == [("/etc/link", 1, None, None)]
    assert told.columns["size"] == condition(Status.DENIED, "key_outside_allow_list", "/etc/link")
    assert (named.condition, dict(named.columns)) == (COMPLETE, {})
    assert (list(hashed.rows), hashed.condition.status) == ([], Status.DENIED)


def test_a_link_out_on_the_way_is_denied(tmp_path: Path) -> None:
    """What lies behind a link that leaves is not told at all."""
    host = root(tmp_path, {"/etc/away": "-> /root", "/root/secret": "secret"})

    for key in (
        Key("path", "/etc/away/secret"),
        Key("directory", "/etc/away"),
        Key("path", "/etc/%/secret", like=True),
        Key("directory", "/etc/aw%", like=True),
        Key("path", "/etc/away/%", like=True),
    ):
        for table in ("file", "hash"):
            found = read(host, table, key)
            assert list(found.rows) == [], key
            assert found.condition.status is Status.DENIED, key


def test_a_link_to_nowhere_is_told_as_itself(tmp_path: Path) -> None:
    """A name is taken, although nothing is behind it."""
    host = root(tmp_path, {"/etc/link": "-> /opt/none"})

    found = read(host, "file", Key("path", "/etc/link"))

    assert cells(found, "type", "symlink", "symlink_target_path") == [("symlink", 1, "/opt/none")]
    assert list(read(host, "hash", Key("path", "/etc/link")).rows) == []


TREE = {
    "/etc/cron.d/backup": "1",
    "/etc/cron.d/.hidden": "2",
    "/etc/cron.daily/backup": "3",
    "/etc/cron.daily/sub/deep/backup": "4",
    "/etc/crontab": "5",
    "/etc/my_conf": "6",
    "/etc/my-conf": "7",
    "/etc/linked": "-> cron.daily",
    "/usr/lib/a/x.so": "8",
}


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("/etc/cron%", ["/etc/cron.d", "/etc/cron.daily", "/etc/crontab"]),
        ("/etc/cron.d/%", ["/etc/cron.d/.hidden", "/etc/cron.d/backup"]),
        (
            "/etc/%/backup",
            ["/etc/cron.d/backup", "/etc/cron.daily/backup", "/etc/linked/backup"],
        ),
        (
            "/etc/%%backup",
            ["/etc/cron.d/backup", "/etc/cron.daily/backup", "/etc/cron.daily/sub/deep/backup"],
        ),
        (
            "/etc/cron.daily/%%",
            [
                "/etc/cron.daily/backup",
                "/etc/cron.daily/sub",
                "/etc/cron.daily/sub/deep",
                "/etc/cron.daily/sub/deep/backup",
            ],
        ),
        ("/etc/my_conf", ["/etc/my-conf", "/etc/my_conf"]),
        ("/etc/CRON%", []),
        ("/etc/none/%", []),
        ("/etc/crontab/%", []),
        ("/etc/crontab", ["/etc/crontab"]),
        ("/usr/lib/%%/%.so", ["/usr/lib/a/x.so"]),
        ("", []),
    ],
)
def test_a_pattern_finds_what_it_says(tmp_path: Path, pattern: str, wanted: list[str]) -> None:
    """One sign stays within a directory, two go to any depth and through no link."""
    host = root(tmp_path, TREE)

    found = file(host, frozenset({"path"}), Key("path", pattern, like=True))

    assert sorted(str(path) for (path,) in cells(found, "path")) == sorted(wanted)
    assert found.condition == COMPLETE


def test_a_pattern_of_directories_lists_each(tmp_path: Path) -> None:
    """The directory of each row is the one that matched."""
    host = root(tmp_path, TREE)

    found = file(host, frozenset({"path"}), Key("directory", "/etc/cron.d%", like=True))

    assert sorted(cells(found, "directory", "path")) == [
        ("/etc/cron.d", "/etc/cron.d/.hidden"),
        ("/etc/cron.d", "/etc/cron.d/backup"),
        ("/etc/cron.daily", "/etc/cron.daily/backup"),
        ("/etc/cron.daily", "/etc/cron.daily/sub"),
    ]


def test_a_pattern_finds_what_find_finds() -> None:
    """On this host, at any depth, the paths are those of another tool."""
    told = _output("find", "/etc", "-mindepth", "1").splitlines()

    found = file(LiveHost(), frozenset({"path"}), Key("path", "/etc/%%", like=True))

    assert sorted(str(path) for (path,) in cells(found, "path")) == sorted(told)


@pytest.mark.parametrize("pattern", ["/%", "/etc%", "/root/%", "/%%", "%", "etc/%", "/run/user/%"])
def test_a_pattern_that_begins_outside_the_allow_list_is_denied(pattern: str) -> None:
    """It is not searched, and says so."""
    for read_by in (file, digests):
        found = read_by(LiveHost(), FILE | HASH, Key("path", pattern, like=True))
        assert list(found.rows) == []
        assert found.condition.status is Status.DENIED


def test_what_a_pattern_may_not_search_is_denied(tmp_path: Path) -> None:
    """The directories left out are told, and what is in them is not."""
    host = root(tmp_path, {"/run/a": "", "/run/user/1000/x": ""})

    listed = file(host, frozenset({"path"}), Key("path", "/run/%", like=True))
    searched = file(host, frozenset({"path"}), Key("path", "/run/%%", like=True))

    assert cells(listed, "path") == cells(searched, "path") == [("/run/a",), ("/run/user",)]
    assert listed.condition == COMPLETE
    assert searched.condition.status is Status.DENIED


def test_a_search_is_bounded_in_entries_and_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is beyond is not found, and the key says so."""
    host = root(tmp_path, {"/etc/many/" + str(i): "" for i in range(8)} | {"/etc/a/b/c/d/e": ""})
    wide, deep = Key("path", "/etc/many/%", like=True), Key("path", "/etc/a/%%", like=True)
    over = [condition(Status.OVER_BUDGET, "pattern_too_wide", key.value) for key in (wide, deep)]
    before = [file(host, FILE, key).condition for key in (wide, deep)]

    monkeypatch.setattr(paths.Budget.__init__, "__kwdefaults__", {"entries": 7, "seconds": 2.0})
    monkeypatch.setattr(paths, "MAX_LEVELS", 3)
    after = [file(host, FILE, key) for key in (wide, deep)]

    assert before == [COMPLETE, COMPLETE]
    assert [found.condition for found in after] == over
    assert cells(after[1], "path") == [("/etc/a/b",), ("/etc/a/b/c",), ("/etc/a/b/c/d",)]


def test_a_search_is_bounded_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither looking nor hashing goes on for ever."""
    host = root(tmp_path, {"/etc/a": "", "/etc/b": ""})
    monkeypatch.setattr(paths.Budget.__init__, "__kwdefaults__", {"entries": 9, "seconds": -1.0})
    monkeypatch.setattr("collectors.files._HASHING_S", -1.0)

    for read_by in (file, digests):
        for key in (Key("path", "/etc/%", like=True), Key("directory", "/etc")):
            assert read_by(host, FILE | HASH, key).condition.status is Status.OVER_BUDGET


@pytest.mark.parametrize(
    "key",
    [Key("path", "/opt/a"), Key("directory", "/opt/a"), Key("path", "/opt/a/%", like=True)],
)
def test_what_a_root_does_not_hold_is_not_absent(tmp_path: Path, key: Key) -> None:
    """Of a tree that lacks even the top directory nothing is known; else it is not there."""
    lacking, holding = root(tmp_path / "1", {"/etc/a": ""}), root(tmp_path / "2", {"/opt/b": ""})

    for table in ("file", "hash"):
        assert read(lacking, table, key).condition.status is Status.UNREADABLE
        assert read(holding, table, key).condition == COMPLETE


def test_an_undecodable_name_is_found_again_as_it_is_shown(tmp_path: Path) -> None:
    """A join asks for the digest by the text that the file is shown under."""
    host = root(tmp_path, {"/etc/a": ""})
    (tmp_path / "etc" / os.fsdecode(b"b\xff")).write_text("secret")
    source = HostSource(host, None)

    (path,) = source.read("file", ("path",), Key("path", "/etc/b%", like=True)).rows[0]
    again = source.read("hash", ("path", "sha256"), Key("path", str(path)))

    assert path == "/etc/b\\xff"
    assert [row[0] for row in again.rows] == [path]


def test_a_directory_that_may_not_be_listed_makes_the_pattern_incomplete() -> None:
    """A plain user learns that there is more."""
    program = (
        "import os; from collectors.host import LiveHost; from collectors.files import file; "
        "from facts.source import Key; os.setresuid(65534, 65534, 65534); "
        "print(file(LiveHost(), frozenset({'path'}), "
        "Key('path', '/etc/ssl/%/%', like=True)).condition.status)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT
    ).stdout

    assert said.strip() == b"denied"


def test_a_directory_lists_its_entries() -> None:
    """Asked by directory, every entry is a row, under the very text of the question."""
    names = sorted(os.fsdecode(path.name) for path in Path("/etc/ssh").iterdir())

    found = file(LiveHost(), FILE, Key("directory", "/etc/ssh/"))

    assert [row["filename"] for row in found.rows] == names
    assert {row["directory"] for row in found.rows} == {"/etc/ssh/"}
    assert found.rows[0]["path"] == f"/etc/ssh/{names[0]}"


def test_digests_are_those_of_coreutils() -> None:
    """All three digests of a program are what the command line says."""
    path = "/usr/bin/dpkg"
    told = [_output(f"{name}sum", path).split()[0] for name in ("md5", "sha1", "sha256")]

    found = digests(LiveHost(), HASH, Key("path", path))

    assert cells(found, "md5", "sha1", "sha256") == [tuple(told)]


def test_only_wanted_digests_are_made() -> None:
    """Nobody pays for MD5 who asks for SHA-256."""
    found = digests(LiveHost(), frozenset({"path", "sha256"}), Key("path", "/etc/passwd"))

    assert found.rows[0].keys() & {"md5", "sha1", "sha256"} == {"sha256"}


def test_only_regular_files_have_digests(tmp_path: Path) -> None:
    """Directories, devices and FIFOs have none, and are not opened."""
    (tmp_path / "etc").mkdir()
    os.mkfifo(tmp_path / "etc/fifo")
    host = root(tmp_path, {"/etc/a": "a"})

    found = read(host, "hash", Key("directory", "/etc"))

    assert cells(found, "path") == [("/etc/a",)]
    assert list(digests(LiveHost(), HASH, Key("path", "/dev/zero")).rows) == []


def test_a_file_beyond_the_cap_is_over_budget(tmp_path: Path) -> None:
    """A huge (here: sparse) file has no digest, and says why."""
    host = root(tmp_path, {"/opt/big": ""})
    os.truncate(tmp_path / "opt/big", 256 * 1024 * 1024 + 1)

    found = read(host, "hash", Key("path", "/opt/big"))

    assert list(found.rows) == []
    assert found.condition.status is Status.OVER_BUDGET
