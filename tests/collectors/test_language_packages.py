"""Packages of Python and Node beside importlib.metadata and npm."""

import json
import shutil
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pytest

from facts.status import COMPLETE, Status, condition
from tests.collectors.observe import here
from tests.collectors.roots import by, cells, read, root

SITE = "/usr/lib/python3/dist-packages"


def test_python_packages_are_those_of_pythons_own_library() -> None:
    """In a directory of this machine: name, version and summary of every package."""
    found = here("python_packages")

    for directory in sorted({str(row["directory"]) for row in found.rows}):
        told = {(d.name, d.version, d.metadata["Summary"]) for d in distributions(path=[directory])}
        rows = [row for row in found.rows if row["directory"] == directory]
        assert {(r["name"], r["version"], r.get("summary")) for r in rows} == told
    assert found.condition == COMPLETE
    assert found.rows


def test_every_way_to_keep_metadata_is_known(tmp_path: Path) -> None:
    """Directories of both kinds, a plain file, an environment below /opt; never a home."""
    head = "Metadata-Version: 2.1\nName: {0}\nVersion: 1\nAuthor: A\nLicense: MIT\n\nName: text\n"
    host = root(
        tmp_path,
        {
            f"{SITE}/a-1.dist-info/METADATA": head.format("A"),
            f"{SITE}/b-1.egg-info/PKG-INFO": head.format("b").replace("\n", "\r\n"),
            f"{SITE}/c-1.egg-info": head.format("c"),
            f"{SITE}/unfinished-1.dist-info/RECORD": "",
            "/opt/tool/lib/python3.9/site-packages/d-1.dist-info/METADATA": head.format("d"),
            "/opt/site/venv/lib/python3.11/site-packages/e-1.dist-info/METADATA": head.format("e"),
            "/usr/local/lib64/x": "",
            "/home/u/.local/lib/python3/site-packages/h-1.dist-info/METADATA": head.format("h"),
        },
    )
    (tmp_path / "usr/lib64").symlink_to("lib")

    found = read(host, "python_packages")

    assert found.condition == COMPLETE
    assert cells(found, "name", "version", "author", "license") == [
        (name, "1", "A", "MIT") for name in ("A", "b", "c", "e", "d")
    ]
    assert by(found, "name", "path")["c"] == f"{SITE}/c-1.egg-info"


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 100, b"Version: 1\n"])
def test_a_python_package_without_a_name_is_said(tmp_path: Path, content: bytes) -> None:
    """Damaged metadata is partial, not one package fewer."""
    path = f"{SITE}/a-1.dist-info"

    found = read(root(tmp_path, {f"{path}/METADATA": content, "/opt/x": ""}), "python_packages")

    assert found.condition == condition(Status.PARTIAL, "malformed_source", path)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_node_packages_are_those_of_npm() -> None:
    """Every directory that `npm ls --global --all` knows, with its version."""
    argv = ["npm", "ls", "--global", "--all", "--json", "--long"]
    said = json.loads(subprocess.run(argv, capture_output=True, check=False).stdout)
    told: dict[str, str] = {}

    def note(packages: dict[str, dict[str, object]]) -> None:
        for package in packages.values():
            if isinstance(path := package.get("path"), str):
                told[path] = str(package["version"])
                note(package.get("dependencies", {}))  # type: ignore[arg-type]  # npm's form

    note(said.get("dependencies", {}))

    found = by(here("npm_packages"), "path", "version")

    assert {path: found.get(path) for path in told} == told


NODE = "/usr/lib/node_modules"


def test_node_packages_inside_of_others_are_rows(tmp_path: Path) -> None:
    """Scopes, nesting, every form of author and licence; no link, no other directory."""
    host = root(
        tmp_path,
        {
            f"{NODE}/a/package.json": json.dumps(
                {"name": "a", "version": "1", "author": "Ann <ann@a.test> (http://a.test)"}
            ),
            f"{NODE}/a/node_modules/@s/b/package.json": json.dumps(
                {"name": "@s/b", "version": "2", "author": {"name": "Bob"}, "license": "MIT"}
            ),
            f"{NODE}/odd/package.json": '{"name": "odd", "version": "3", "author": ["x"]}',
            f"{NODE}/docs/README": "",
            f"{NODE}/.bin/tool": "",
            f"{NODE}/linked": "-> /home/u/project",
            "/home/u/project/package.json": '{"name": "private"}',
        },
    )

    found = read(host, "npm_packages")

    assert found.condition == COMPLETE
    assert cells(found, "name", "version", "author", "license", "depth") == [
        ("a", "1", "Ann", "", 0),
        ("@s/b", "2", "Bob", "MIT", 1),
        ("odd", "3", "", "", 0),
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff", b"[" * 5000, b'{"x":' * 100_000, b'{"name": 1}', b"[]"]
)
def test_a_damaged_node_package_is_said(tmp_path: Path, content: bytes) -> None:
    """A package.json that is none makes the table partial, and the others stay."""
    host = root(
        tmp_path,
        {f"{NODE}/a/package.json": content, f"{NODE}/b/package.json": '{"name": "b"}'},
    )

    found = read(host, "npm_packages")

    assert cells(found, "name") == [("b",)]
    assert found.condition == condition(
        Status.PARTIAL, "malformed_source", f"{NODE}/a/package.json"
    )


def test_nesting_without_end_is_over_budget(tmp_path: Path) -> None:
    """Directories inside of directories are followed so far and no further."""
    path = NODE + "/a/node_modules" * 30
    host = root(tmp_path, {f"{path}/a/package.json": "{}"})

    assert read(host, "npm_packages").condition.status is Status.OVER_BUDGET


def test_hosts_without_the_languages_have_no_packages(tmp_path: Path) -> None:
    """None of their directories beside others: complete, no rows."""
    host = root(tmp_path, {"/usr/bin/x": "", "/opt/y": ""})

    for table in ("python_packages", "npm_packages"):
        found = read(host, table)
        assert (list(found.rows), found.condition) == ([], COMPLETE)
