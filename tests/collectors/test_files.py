"""Single files by path: what other tools say, and nothing outside the allow-list."""

import os
import subprocess
from pathlib import Path

import pytest

from collectors.files import digests, file
from collectors.host import Host, LiveHost
from collectors.interface import Observed
from facts.source import Key
from facts.status import COMPLETE, Status, condition
from facts.tables import SPECS
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
        "",
    ],
)
def test_outside_the_allow_list_is_denied(path: str) -> None:
    """Homes, temporary and process files are denied, whichever way they are spelled."""
    for read_by in (file, digests):
        found = read_by(LiveHost(), FILE | HASH, Key("path", path))
        assert list(found.rows) == []
        assert found.condition == condition(Status.DENIED, "key_outside_allow_list", path)


@pytest.mark.parametrize("target", ["/root/secret", "../root/secret", "/etc/hop"])
def test_a_link_out_of_the_allow_list_is_denied(tmp_path: Path, target: str) -> None:
    """A link that leaves is refused before its target is looked at."""
    host = root(
        tmp_path,
        {"/etc/link": f"-> {target}", "/etc/hop": "-> /root/secret", "/root/secret": "secret"},
    )

    for table in ("file", "hash"):
        found = read(host, table, Key("path", "/etc/link"))
        assert list(found.rows) == []
        assert found.condition.status is Status.DENIED


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

    assert sorted(found.rows[0]) == ["directory", "path", "sha256"]


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
