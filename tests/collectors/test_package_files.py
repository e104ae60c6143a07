"""Files that are not as their package brought them, beside debsums and rpm --verify."""

import re
import shutil
import subprocess
from hashlib import md5
from pathlib import Path

import pytest

from collectors.host import Host, LiveHost, RootHost
from collectors.interface import Observed
from collectors.package_files import package_file_changes
from facts.source import Key
from facts.status import COMPLETE, Status, condition
from facts.tables import SPECS
from tests.collectors import rpms
from tests.collectors.roots import cells, root

COLUMNS = frozenset(column.name for column in SPECS["package_file_changes"].columns)
INFO = "/var/lib/dpkg/info"


def changes(host: Host, package: str) -> Observed:
    return package_file_changes(host, COLUMNS, Key("package", package))


def digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


STATUS = f"""\
Package: tool
Status: install ok installed
Architecture: amd64
Conffiles:
 /etc/tool.conf {digest("setting")}
 /etc/old.conf {digest("old")} obsolete
 /etc/new.conf newconffile

Package: libtool
Status: install ok installed
Architecture: amd64
Multi-Arch: same

Package: gone
Status: deinstall ok config-files
Architecture: amd64
"""


@pytest.fixture(name="files")
def _files() -> dict[str, str | bytes]:
    """A host on which nothing has changed."""
    sums = "".join(
        f"{digest(text)}  {path}\n" for path, text in [("usr/bin/tool", "a"), ("usr/share/t", "b")]
    )
    return {
        "/var/lib/dpkg/status": STATUS,
        f"{INFO}/tool.md5sums": sums,
        f"{INFO}/libtool:amd64.md5sums": f"{digest('lib')}  usr/lib/libtool.so\n",
        "/etc/tool.conf": "setting",
        "/usr/bin/tool": "a",
        "/usr/share/t": "b",
        "/usr/lib/libtool.so": "lib",
    }


@pytest.mark.parametrize("package", ["tool", "tool:amd64", "libtool", "libtool:amd64", "gone", "x"])
def test_nothing_changed_is_complete(
    tmp_path: Path, files: dict[str, str | bytes], package: str
) -> None:
    """An installed package as it was, one that is gone and one never heard of: no rows."""
    found = changes(root(tmp_path, files), package)

    assert (list(found.rows), found.condition) == ([], COMPLETE)


def test_each_kind_of_change_is_told(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    """Content, a missing file, another type of file; configuration apart from the rest."""
    host = root(tmp_path, {**files, "/etc/tool.conf": "mine", "/usr/bin/tool": "evil"})
    (tmp_path / "usr/share/t").unlink()
    (tmp_path / "usr/lib/libtool.so").unlink()
    (tmp_path / "usr/lib/libtool.so").symlink_to("/tmp/libtool.so")

    found = changes(host, "tool")
    library = changes(host, "libtool:amd64")

    assert cells(found, "path", "kind", "configuration", "expected", "found") == [
        ("/etc/tool.conf", "content", 1, digest("setting"), digest("mine")),
        ("/usr/bin/tool", "content", 0, digest("a"), digest("evil")),
        ("/usr/share/t", "missing", 0, digest("b"), ""),
    ]
    assert cells(library, "package", "kind", "expected", "found") == [
        ("libtool:amd64", "type", "regular", "symlink")
    ]


def test_a_diverted_file_is_where_it_was_put(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    """What another package diverted is compared in its new place; the diverter's own is not."""
    files["/usr/bin/tool.real"] = files["/usr/bin/tool"]
    files["/usr/bin/tool"] = "a wrapper"
    files["/var/lib/dpkg/diversions"] = "/usr/bin/tool\n/usr/bin/tool.real\nwrapper\n"

    found = changes(root(tmp_path, files), "tool")

    assert list(found.rows) == []


def test_what_dpkg_was_told_to_leave_out_is_not_missing(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    """The last rule that names a path counts, as in dpkg."""
    files["/etc/dpkg/dpkg.cfg.d/slim"] = "path-exclude=/usr/*\npath-include=/usr/share/*\n"
    host = root(tmp_path, files)
    (tmp_path / "usr/share/t").unlink()
    (tmp_path / "usr/bin/tool").unlink()

    assert cells(changes(host, "tool"), "path") == [("/usr/share/t",)]


def test_a_package_without_its_list_is_not_believed(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    """With files and no digests it is partial; a package of directories only is complete."""
    del files[f"{INFO}/tool.md5sums"]
    files[f"{INFO}/tool.list"] = "/.\n/usr\n/etc/tool.conf\n"
    empty = changes(root(tmp_path, files), "tool")
    (tmp_path / INFO[1:] / "tool.list").write_text("/.\n/usr/bin/tool\n")
    robbed = changes(RootHost(tmp_path), "tool")
    (tmp_path / INFO[1:] / "tool.list").unlink()
    bare = changes(RootHost(tmp_path), "tool")

    lost = condition(Status.PARTIAL, "source_missing", f"{INFO}/tool.md5sums")
    assert [empty.condition, robbed.condition, bare.condition] == [COMPLETE, lost, lost]


def test_a_damaged_list_is_said(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    """A list that is no list is partial."""
    files[f"{INFO}/tool.md5sums"] = b"\0\xff" * 500

    found = changes(root(tmp_path, files), "tool")

    assert found.condition == condition(Status.PARTIAL, "malformed_source", f"{INFO}/tool.md5sums")


def test_an_image_without_dpkg_is_compared_too(tmp_path: Path) -> None:
    """Packages of status.d have their digests beside them."""
    directory = "/var/lib/dpkg/status.d"
    host = root(
        tmp_path,
        {
            f"{directory}/base": "Package: base\nVersion: 1\n",
            f"{directory}/base.md5sums": f"{digest('x')}  etc/base\n",
            "/etc/base": "y",
        },
    )

    assert cells(changes(host, "base"), "path", "kind") == [("/etc/base", "content")]


def test_packages_of_this_host_are_as_debsums_says() -> None:
    """For real packages of this machine, the changed and missing files are debsums' own."""
    host = LiveHost()
    for package in ("bash", "libc6", "base-files", "passwd"):
        answer = subprocess.run(
            ["debsums", "--all", package], capture_output=True, text=True, check=False
        )
        failed = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith("FAILED")}
        missing = set(re.findall(r"missing file (\S+)", answer.stderr))

        found = changes(host, package)

        assert found.condition == COMPLETE
        told = {str(row["path"]) for row in found.rows}
        assert failed <= told
        assert told <= failed | missing


@pytest.fixture(scope="module", name="installed")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rpms.made(tmp_path_factory.mktemp("rpm"))


@pytest.mark.parametrize("format_", ["sqlite", "berkeley"])
def test_changes_are_those_of_rpm(installed: Path, tmp_path: Path, format_: str) -> None:
    """Content, mode, a missing file: what `rpm --verify` marks, in either format."""
    shutil.copytree(installed, tmp_path / "root", symlinks=True)
    host = RootHost(tmp_path / "root")
    share = host.root / "usr/share/sample"
    untouched = changes(host, "sample")
    (host.root / "etc/sample.conf").write_text("mine\n")
    (share / "data").write_text("evil\n")
    (share / "opened").chmod(0o666)
    (share / "gone").unlink()
    (share / "moved").unlink()
    (share / "moved").symlink_to("data")
    (host.root / "var/log/sample.log").unlink(missing_ok=True)
    told = rpms.rpm(host.root, "--verify", "--nodeps", "sample", status=(0, 1))
    if format_ == "berkeley":
        rpms.berkeley(host.root)

    found = changes(host, "sample")

    assert (list(untouched.rows), found.condition) == ([], COMPLETE)
    assert sorted(cells(found, "path", "kind", "configuration")) == [
        ("/etc/sample.conf", "content", 1),
        ("/usr/share/sample/data", "content", 0),
        ("/usr/share/sample/gone", "missing", 0),
        ("/usr/share/sample/moved", "type", 0),
        ("/usr/share/sample/opened", "mode", 0),
    ]
    marked = {
        line.split()[-1]
        for line in told.splitlines()
        if line.startswith("missing") or set("5ML") & set(line.split()[0])
    }
    assert marked == {str(row["path"]) for row in found.rows}


def test_a_package_that_rpm_does_not_know_has_no_rows(installed: Path) -> None:
    """Nor has one without files."""
    host = RootHost(installed)

    for package in ("other", "never-heard-of"):
        assert (list(changes(host, package).rows), changes(host, package).condition) == (
            [],
            COMPLETE,
        )


def test_a_file_beyond_the_cap_is_said(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    """A huge (here: sparse) file is not read: over budget, neither changed nor as it was."""
    host = root(tmp_path, files)
    with (tmp_path / "usr/bin/tool").open("r+b") as file:
        file.truncate(513 * 1024 * 1024)

    found = changes(host, "tool")

    assert found.condition.status is Status.OVER_BUDGET
    assert list(found.rows) == []
