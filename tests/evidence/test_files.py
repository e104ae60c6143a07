"""Files are whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evidence import files

FULL = """
import resource, signal, sys
from pathlib import Path
from evidence import files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    files.write_atomic(Path(sys.argv[1]), b"x" * 100_000)
except OSError:
    sys.exit(7)
"""


def test_replaces_a_file_and_sets_its_mode(tmp_path: Path) -> None:
    """The mode is exact whatever the umask, and nothing stays beside it."""
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    before = os.umask(0o077)
    try:
        files.write_atomic(path, b"new", mode=0o644)
    finally:
        os.umask(before)

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o7777 == 0o644
    assert [*tmp_path.iterdir()] == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A write that the system refuses half-way changes nothing and leaves nothing behind."""
    path = tmp_path / "state.json"
    path.write_bytes(b"old")

    ended = subprocess.run([sys.executable, "-c", FULL, path], check=False)

    assert ended.returncode == 7
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_does_not_write_through_a_link(tmp_path: Path) -> None:
    """A link in the place of the file is neither followed nor replaced."""
    target = tmp_path / "target"
    target.write_bytes(b"target")
    path = tmp_path / "link"
    path.symlink_to(target)

    with pytest.raises(OSError, match="not a regular file"):
        files.write_atomic(path, b"new")

    assert target.read_bytes() == b"target"
    assert path.is_symlink()


def test_a_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    """Whoever names /dev/null as root does not take it from everybody."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(OSError, match="not a regular file"):
        files.write_atomic(path, b"new")

    assert path.is_fifo()
    assert [*tmp_path.iterdir()] == [path]


def test_a_new_file_never_replaces_one(tmp_path: Path) -> None:
    """Where something is, even a dangling link, nothing is written."""
    path = tmp_path / "key.pem"
    files.write_new(path, b"first")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")

    for taken in (path, link):
        with pytest.raises(FileExistsError):
            files.write_new(taken, b"second")

    assert path.read_bytes() == b"first"
    assert sorted(tmp_path.iterdir()) == [path, link]
