"""Where packages come from: apt's sources beside apt itself, yum's as its manual says."""

import re
import subprocess
from pathlib import Path

import pytest

from collectors.host import RootHost
from collectors.locations import without_credentials
from facts.status import COMPLETE, Status, condition
from tests.collectors.roots import by, cells, read, root

APT = {
    "/etc/apt/sources.list": (
        "# comment\n"
        "deb http://mirror.test/debian/ bookworm main contrib # why\n"
        "deb-src http://mirror.test/debian bookworm main\n"
        "deb [ arch=amd64,arm64 trusted=yes signed-by=/k/a.gpg ] https://u:p@repo.test/a_b ./\n"
    ),
    "/etc/apt/sources.list.d/new.sources": (
        "# a comment: with a colon\n"
        "Types: deb deb-src\nURIs: http://one.test http://two.test\n"
        "Suites: stable\n testing\nComponents: main\n extra\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off.test\nSuites: stable\nComponents: main\n\n"
        "Types: deb-src\nURIs: http://source.test\nSuites: stable\nComponents: main\n"
    ),
    "/etc/apt/sources.list.d/old.list.save": "deb http://ignored.test x y\n",
    "/var/lib/apt/lists/mirror.test_debian_dists_bookworm_InRelease": (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
        "Origin: Debian\nCodename: bookworm\nVersion: 12.5\nArchitectures: all amd64\n"
        "SHA256:\n 0 1 Codename: wrong\n"
    ),
    "/var/lib/apt/lists/repo.test_a%5fb_._InRelease": "Origin: Flat\nSHA256:\n",
    "/var/lib/dpkg/status": "",
}


def test_sources_are_those_of_apt(tmp_path: Path) -> None:
    """Every address and suite that apt itself would fetch packages from, no other."""
    host = root(tmp_path, APT)
    argv = ["apt-get", f"-o=Dir={tmp_path}", "-o=APT::Architecture=amd64", "--print-uris", "update"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    told = re.findall(r"^'(\S+?)/(?:dists/(\S+?)/|(\./))\S*Packages", said, re.MULTILINE)

    found = read(host, "apt_sources")

    assert found.condition == COMPLETE
    assert set(cells(found, "base_uri", "release")) == {
        (without_credentials(address), suite.partition("/")[0] or flat)
        for address, suite, flat in told
    }
    assert cells(found, "name", "components") == [
        ("mirror.test/debian bookworm", "main contrib"),
        ("repo.test/a_b ./", ""),
        ("one.test stable", "main extra"),
        ("one.test testing", "main extra"),
        ("two.test stable", "main extra"),
        ("two.test testing", "main extra"),
    ]


def test_repositories_say_what_they_are(tmp_path: Path) -> None:
    """Code name, version and origin come from the list that apt fetched, where there is one."""
    found = read(root(tmp_path, APT), "apt_sources")

    columns = ("release", "version", "maintainer", "architectures", "trusted", "signed_by")
    assert cells(found, *columns)[:3] == [
        ("bookworm", "12.5", "Debian", "all amd64", None, ""),
        ("./", "", "Flat", "amd64 arm64", 1, "/k/a.gpg"),
        ("stable", "", "", "", None, "inline"),
    ]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/etc/apt/sources.list", "deb\n"),
        ("/etc/apt/sources.list", "rpm http://a.test x\n"),
        ("/etc/apt/sources.list.d/a.sources", "Types: deb\nURIs: http://a.test\n"),
        ("/etc/apt/sources.list.d/a.sources", b"\0\xff\n"),
    ],
)
def test_what_apt_would_not_understand_is_said(
    tmp_path: Path, path: str, content: str | bytes
) -> None:
    """A line or stanza that is no source makes the table partial."""
    found = read(root(tmp_path, {path: content}), "apt_sources")

    assert found.condition == condition(Status.PARTIAL, "malformed_source", path)


def test_hosts_without_a_package_system_have_no_sources(tmp_path: Path) -> None:
    """Neither directory beside others in /etc: complete, no rows."""
    host = root(tmp_path, {"/etc/hostname": "h"})

    for table in ("apt_sources", "yum_sources"):
        found = read(host, table)
        assert (list(found.rows), found.condition) == ([], COMPLETE)


YUM = {
    "/etc/dnf/dnf.conf": "[main]\ngpgcheck=1\nbest=True\n",
    "/etc/yum.repos.d/base.repo": (
        "[base]\nname=Base $releasever\n"
        "metalink=https://m.test/?repo=base&arch=x&token=abc\n"
        "gpgkey=file:///etc/pki/rpm-gpg/KEY\n  https://k.test/KEY2\n"
        "[debug]\nname = Debug\nbaseurl= http://u:p@r.test/$basearch/, http://s.test/\n"
        "enabled=0\ngpgcheck=no\n"
    ),
    "/etc/yum.repos.d/notes.txt": "not a repository\n",
}


def test_yums_repositories_are_as_they_are_in_force(tmp_path: Path) -> None:
    """What a repository leaves open is the main section's; secrets in addresses are gone."""
    found = read(root(tmp_path, YUM), "yum_sources")

    assert found.condition == COMPLETE
    assert cells(found, "id", "name", "enabled", "gpgcheck") == [
        ("base", "Base $releasever", "1", "1"),
        ("debug", "Debug", "0", "0"),
    ]
    assert by(found, "id", "metalink")["base"] == "https://m.test/?repo=base&arch=x&token=***"
    assert by(found, "id", "gpgkey")["base"] == "file:///etc/pki/rpm-gpg/KEY https://k.test/KEY2"
    assert by(found, "id", "baseurl")["debug"] == "http://r.test/$basearch/ http://s.test/"


def test_signatures_are_not_checked_unless_somebody_says_so(tmp_path: Path) -> None:
    """With no word of it anywhere, the program's default is off."""
    host = root(tmp_path, {"/etc/yum.repos.d/a.repo": "[a]\nname=A\n"})

    assert cells(read(host, "yum_sources"), "enabled", "gpgcheck") == [("1", "0")]


@pytest.mark.parametrize("content", ["baseurl=http://a.test\n", "[a]\nnonsense\n", b"\0\xff"])
def test_a_damaged_repository_is_said(tmp_path: Path, content: str | bytes) -> None:
    """A file that is no configuration makes the table partial, and the others stay."""
    path = "/etc/yum.repos.d/z.repo"

    found = read(root(tmp_path, {**YUM, path: content}), "yum_sources")

    assert found.condition == condition(Status.PARTIAL, "malformed_source", path)
    assert len(found.rows) == 2


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pass@host.test/a", "https://host.test/a"),
        ("https://to@ken@host.test:8443/@scope", "https://host.test:8443/@scope"),
        (
            "https://h.test/r?access_token=x&arch=a;sig=1#f",
            "https://h.test/r?access_token=***&arch=a;sig=***#f",
        ),
        ("cdrom:[Debian 12]/", "cdrom:[Debian 12]/"),
        ("file:/srv/mirror", "file:/srv/mirror"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, shown: str) -> None:
    """Users, passwords and tokens go; what tells repositories apart stays."""
    assert without_credentials(address) == shown


def test_a_link_to_nowhere_is_no_source(tmp_path: Path) -> None:
    """A dangling link says nothing, as it does to apt."""
    (tmp_path / "etc/apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list.d/x.list").symlink_to("/gone")

    found = read(RootHost(tmp_path), "apt_sources")

    assert (list(found.rows), found.condition) == ([], COMPLETE)
