"""The rpm database beside rpm: both of its formats, damaged ones, and none."""

import os
import random
import shutil
from pathlib import Path

import apsw
import pytest

from collectors.host import RootHost
from collectors.rpm import rpm_packages
from facts.status import COMPLETE, Status, condition
from tests.collectors import rpms
from tests.collectors.roots import cells, read, root

COLUMNS = {
    "name": "NAME",
    "epoch": "EPOCHNUM",
    "version": "VERSION",
    "release": "RELEASE",
    "source": "SOURCERPM",
    "size": "SIZE",
    "sha1": "SHA1HEADER",
    "arch": "ARCH",
    "install_time": "INSTALLTIME",
    "vendor": "VENDOR",
    "package_group": "GROUP",
}
SQLITE = "/var/lib/rpm/rpmdb.sqlite"


@pytest.fixture(scope="module", name="installed")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rpms.made(tmp_path_factory.mktemp("rpm"))


@pytest.fixture(name="host")
def _host(installed: Path, tmp_path: Path) -> RootHost:
    """A copy that a test may change."""
    shutil.copytree(installed, tmp_path / "root", symlinks=True)
    return RootHost(tmp_path / "root")


def test_packages_are_those_of_rpm(installed: Path) -> None:
    """Every column of every package is what rpm prints."""
    form = "|".join(f"%{{{tag}}}" for tag in COLUMNS.values()) + "\n"
    told = rpms.rpm(installed, "-qa", "--queryformat", form).splitlines()

    found = read(RootHost(installed), "rpm_packages")

    assert found.condition == COMPLETE
    shown = ["|".join(map(str, row)) for row in cells(found, *COLUMNS)]
    assert sorted(shown) == sorted(told)
    assert len(told) == 2


def test_the_format_before_sqlite_is_read_too(host: RootHost) -> None:
    """Headers that fit a page of Berkeley DB and headers that fill several, none lost."""
    before = cells(read(host, "rpm_packages"), *COLUMNS)

    rpms.berkeley(host.root, copies=40)

    found = read(host, "rpm_packages")
    assert found.condition == COMPLETE
    assert sorted(cells(found, *COLUMNS)) == sorted(before * 40)
    backend = ("--define", "_db_backend bdb_ro")
    assert len(rpms.rpm(host.root, *backend, "-qa").splitlines()) == 80


def test_a_database_where_newer_hosts_keep_it(host: RootHost) -> None:
    """The place that distributions are moving to is found, through a link as well."""
    (host.root / "usr/lib/sysimage").mkdir(parents=True)
    (host.root / "var/lib/rpm").rename(host.root / "usr/lib/sysimage/rpm")
    (host.root / "var/lib/rpm").symlink_to("../../usr/lib/sysimage/rpm")

    assert len(read(host, "rpm_packages").rows) == 2


def test_a_host_without_rpm_has_no_packages(tmp_path: Path) -> None:
    """No database, or only an empty directory of it: complete, no rows. No /var: not known."""
    debian = root(tmp_path / "a", {"/usr/lib/x": "", "/var/lib/dpkg/status": ""})
    (tmp_path / "a/var/lib/rpm").mkdir()

    assert (read(debian, "rpm_packages").rows, read(debian, "rpm_packages").condition) == (
        (),
        COMPLETE,
    )
    with pytest.raises(FileNotFoundError):
        read(root(tmp_path / "b", {"/etc/hostname": "h"}), "rpm_packages")


def test_changes_beside_the_database_are_said(host: RootHost) -> None:
    """What waits in SQLite's journal is not among the rows, so the table is partial."""
    (host.root / f"{SQLITE[1:]}-wal").write_bytes(b"x" * 100)

    found = read(host, "rpm_packages")

    assert len(found.rows) == 2
    assert found.condition == condition(Status.PARTIAL, "changes_pending", f"{SQLITE}-wal")


def test_a_format_that_is_not_known_is_unsupported(tmp_path: Path) -> None:
    """SUSE's database is told apart, never taken for none."""
    host = root(tmp_path, {"/usr/lib/sysimage/rpm/Packages.db": "RpmP"})

    found = read(host, "rpm_packages")

    assert found.rows == ()
    assert found.condition.status is Status.UNSUPPORTED


@pytest.mark.parametrize("length", [0, 17, 4096, 9000])
@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages"])
def test_a_truncated_database_is_unreadable(host: RootHost, name: str, length: int) -> None:
    """A database that ends early is damaged, not short."""
    if name == "Packages":
        rpms.berkeley(host.root)
    os.truncate(host.root / "var/lib/rpm" / name, length)

    found = read(host, "rpm_packages")

    assert not found.rows
    assert found.condition.status is Status.UNREADABLE


@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages"])
def test_hostile_bytes_are_never_complete_and_wrong(host: RootHost, name: str) -> None:
    """Whatever bytes are changed, nothing crashes and no read goes on for ever."""
    if name == "Packages":
        rpms.berkeley(host.root)
    path = host.root / "var/lib/rpm" / name
    whole = path.read_bytes()
    chance = random.Random(7)

    for _ in range(60):
        damaged = bytearray(whole)
        for place in chance.choices(range(len(whole)), k=40):
            damaged[place] = chance.choice((0, 255, chance.randrange(256)))
        path.write_bytes(damaged)
        found = read(host, "rpm_packages")
        assert len(found.rows) <= 2 or not found.condition.complete


def test_a_view_that_never_ends_is_stopped(tmp_path: Path) -> None:
    """A database whose table of packages is a query without end is refused."""
    path = tmp_path / "var/lib/rpm/rpmdb.sqlite"
    path.parent.mkdir(parents=True)
    database = apsw.Connection(str(path))
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
    database.execute(
        f"CREATE VIEW Packages AS {endless} SELECT x AS hnum, zeroblob(16) AS blob FROM n"
    )
    database.close()

    found = read(RootHost(tmp_path), "rpm_packages")

    assert found.condition == condition(Status.UNREADABLE, "malformed_source", SQLITE)


def test_only_wanted_tags_are_decoded(installed: Path) -> None:
    """A policy that reads names pays for names."""
    found = rpm_packages(RootHost(installed), frozenset({"name"}))

    assert {tuple(row) for row in found.rows} == {("name",)}
