"""A real rpm database, made by rpm itself, with packages that rpmbuild built.

`made(directory)` builds them below `directory` and installs them into the root `directory/root`;
`berkeley` writes the same headers as a database of the format before SQLite, by Berkeley DB's
own tool.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import apsw

_SPEC = """\
Name: sample
Epoch: 2
Version: 1.2
Release: 3.el8
Summary: one of each kind of file
License: MIT
Vendor: Example
Group: System/Base
BuildArch: noarch
%description
%install
mkdir -p %{buildroot}/etc %{buildroot}/usr/share/sample %{buildroot}/var/log
echo setting > %{buildroot}/etc/sample.conf
for name in data moved opened gone; do echo $name > %{buildroot}/usr/share/sample/$name; done
ln -s data %{buildroot}/usr/share/sample/link
touch %{buildroot}/var/log/sample.log
%files
%config(noreplace) /etc/sample.conf
%dir /usr/share/sample
/usr/share/sample/*
%ghost /var/log/sample.log

%package -n other
Summary: another
%description -n other
%files -n other
"""
DATABASE = "/var/lib/rpm"


def made(directory: Path) -> Path:
    """The root that the packages were installed into, with its rpm database."""
    (directory / "sample.spec").write_text(_SPEC)
    defined = [("_topdir", directory / "top"), ("_rpmdir", directory / "rpms")]
    options = [word for name, value in defined for word in ("--define", f"{name} {value}")]
    _run("rpmbuild", "-bb", *options, str(directory / "sample.spec"))
    root = directory / "root"
    (root / DATABASE.lstrip("/")).mkdir(parents=True)
    packages = [str(path) for path in sorted((directory / "rpms").rglob("*.rpm"))]
    rpm(root, "--install", "--nodeps", *packages)
    return root


def rpm(root: Path, *arguments: str, status: Sequence[int] = (0,)) -> str:
    """What rpm says of the packages below `root`."""
    options = ["--root", str(root), "--dbpath", DATABASE]
    answer = subprocess.run(
        ["rpm", *options, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    if answer.returncode not in status:
        raise RuntimeError(answer.stderr)
    return answer.stdout


def berkeley(root: Path, copies: int = 1) -> None:
    """Puts a Berkeley DB with the same headers, each `copies` times, in the place of SQLite's."""
    directory = root / DATABASE.lstrip("/")
    database = apsw.Connection(str(directory / "rpmdb.sqlite"))
    blobs = [blob for (blob,) in database.execute("SELECT blob FROM Packages")]
    database.close()
    for path in directory.iterdir():
        path.unlink()
    values = [(1000).to_bytes(4, "little"), *blobs * copies]
    pairs = [f" {i.to_bytes(4, 'little').hex()}\n {v.hex()}\n" for i, v in enumerate(values)]
    dump = "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n"
    text = f"{dump}{''.join(pairs)}DATA=END\n"
    _run("db5.3_load", str(directory / "Packages"), given=text)


def _run(*argv: str, given: str = "") -> None:
    subprocess.run(argv, input=given, capture_output=True, text=True, check=True, timeout=60)
