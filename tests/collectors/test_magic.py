"""Kinds of files beside libmagic's own program."""

import bz2
import gzip
import io
import lzma
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.host import LiveHost, RootHost
from collectors.magic import magic, recognised
from facts.source import Key
from facts.status import COMPLETE, Status
from tests.collectors.roots import cells, read, root

COLUMNS = frozenset({"path", "mime_type", "mime_encoding"})
GUESSED = ("text/plain", "application/octet-stream")
"""What stands for every kind that is not told apart."""


def programs() -> list[str]:
    """Every program of this machine, each once."""
    found = (path for path in sorted(Path("/usr/bin").iterdir()) if not path.is_symlink())
    return [str(path) for path in found if stat.S_ISREG(path.stat().st_mode)]


def test_programs_are_what_libmagic_says() -> None:
    """Of every program of this machine, the kind and the encoding."""
    paths = programs()
    said = subprocess.run(
        ["file", "--brief", "--mime", *paths], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    told = dict(zip(paths, (tuple(line.split("; charset=")) for line in said), strict=True))

    found = {path: magic(LiveHost(), COLUMNS, Key("path", path)) for path in paths}

    wrong = {}
    for path, seen in found.items():
        ((kind, encoding),) = cells(seen, "mime_type", "mime_encoding")
        exact = (kind, encoding) == told[path]
        if not exact and kind not in GUESSED:
            wrong[path] = (kind, encoding, told[path])
    assert wrong == {}
    assert sum(cells(s, "mime_type")[0][0] in GUESSED for s in found.values()) < len(paths) / 20


def zipped(data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a", data)
    return made.getvalue()


def tarred(data: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("a")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (gzip.compress, "application/gzip"),
        (bz2.compress, "application/x-bzip2"),
        (lzma.compress, "application/x-xz"),
        (zipped, "application/zip"),
        (tarred, "application/x-tar"),
    ],
)
def test_archives_are_known(make: Callable[[bytes], bytes], kind: str) -> None:
    """What Python's own library makes."""
    assert recognised(make(b"x")) == (kind, "binary")


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", ("inode/x-empty", "binary")),
        (b"#!/usr/bin/env -S python3 -u\n", ("text/x-script.python", "us-ascii")),
        (b"#! /bin/sh\n# \xe5\x8d\x95", ("text/x-shellscript", "utf-8")),
        (("单" * 21846).encode()[:65536], ("text/plain", "utf-8")),
        (b"caf\xe9", ("text/plain", "iso-8859-1")),
        (b"\x91x", ("text/plain", "unknown-8bit")),
        (b"\x7fELF", ("application/octet-stream", "binary")),
        (b"\x7fELF\x02\x01" + b"\xff" * 58, ("application/octet-stream", "binary")),
        (b"MZ" + b"\xff" * 100, ("text/plain", "iso-8859-1")),
        (b"MZ" + b"\0" * 58 + b"\x40\0\0\0PE\0\0",
         ("application/vnd.microsoft.portable-executable", "binary")),
    ],
)  # fmt: skip
def test_beginnings_are_told_apart(head: bytes, told: tuple[str, str]) -> None:
    """Scripts by their interpreter, texts by their bytes, and what only begins like a program."""
    assert recognised(head) == told


def test_only_regular_files_below_the_allow_list_are_opened(tmp_path: Path) -> None:
    """A home is denied, a directory has no kind, and nothing there is complete."""
    host = root(tmp_path, {"/root/x": "#!/bin/sh\n", "/etc/y": "text", "/etc/z/a": ""})

    assert read(host, "magic", Key("path", "/root/x")).condition.status is Status.DENIED
    assert read(host, "magic", Key("path", "/etc/z")).rows == []
    missing = magic(RootHost(tmp_path), COLUMNS, Key("path", "/etc/gone"))
    assert (list(missing.rows), missing.condition) == ([], COMPLETE)
    assert cells(read(host, "magic", Key("path", "/etc/y")), "mime_type") == [("text/plain",)]


def test_libmagics_words_are_not_given(tmp_path: Path) -> None:
    """The column is there for osquery's queries, and says that it is not observed."""
    found = read(root(tmp_path, {"/etc/y": "text"}), "magic", Key("path", "/etc/y"))

    assert found.columns["data"].status is Status.UNSUPPORTED
