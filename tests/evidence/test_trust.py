"""Trust directories: what is in them counts, and nothing counts by accident."""

import os
from pathlib import Path

import pytest

from evidence import trust
from evidence.errors import KeyFileError, MalformedError
from evidence.trust import Server, Trust
from tests.evidence.world import ORIGIN, World


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "trust"
    path.mkdir()
    return path


def test_what_is_saved_is_loaded(world: World, directory: Path) -> None:
    """Servers with the origin of their log, hosts by name; the TLS authority may lie beside."""
    server = Server("unit", world.server.public, ORIGIN)
    trust.save_server(directory, server)
    trust.save_host(directory, "srv-1", world.host.public)
    (directory / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (directory / "README").write_text("who is who\n")

    loaded = Trust.load(directory)

    assert loaded.servers == (server,)
    assert loaded.host_keys() == {world.host.key_id: world.host.public}
    assert loaded.log(ORIGIN) == world.server.public
    assert loaded.log("other.example") is None


def test_an_empty_directory_trusts_nobody_and_an_absent_one_is_an_error(directory: Path) -> None:
    """A mistyped path is not an empty trust."""
    assert Trust.load(directory) == Trust()
    with pytest.raises(KeyFileError, match="cannot read the trust directory"):
        Trust.load(directory / "absent")


def test_a_server_needs_its_origin(world: World, directory: Path) -> None:
    """The message shows the line that is missing."""
    (directory / "unit.server.pem").write_text(world.server.public.pem)

    with pytest.raises(KeyFileError, match="Origin: "):
        Trust.load(directory)


def test_a_key_under_another_name_is_not_passed_over(world: World, directory: Path) -> None:
    """Whoever put it there expects it to count, so the message says how to name it."""
    (directory / "unit.pem").write_text(world.server.public.pem)

    with pytest.raises(KeyFileError, match=r"NAME\.server\.pem"):
        Trust.load(directory)


@pytest.mark.parametrize("content", [b"", b"\xff", b"x" * 100_000, b"-----BEGIN PUBLIC KEY-----\n"])
def test_a_damaged_key_is_an_error(directory: Path, content: bytes) -> None:
    """It names the file."""
    (directory / "srv-1.host.pem").write_bytes(content)

    with pytest.raises(KeyFileError, match="srv-1"):
        Trust.load(directory)


def test_what_is_no_file_holds_nobody_up(directory: Path) -> None:
    """A FIFO under a key's name is an error at once, not a wait for whoever may write to it."""
    os.mkfifo(directory / "srv-1.host.pem")

    with pytest.raises(KeyFileError, match="not a regular file"):
        Trust.load(directory)


def test_two_servers_cannot_keep_one_log(world: World, directory: Path) -> None:
    """Whose checkpoint would it be?"""
    trust.save_server(directory, Server("a", world.server.public, ORIGIN))
    trust.save_server(directory, Server("b", world.stranger.public, ORIGIN))

    with pytest.raises(KeyFileError, match="same origin"):
        Trust.load(directory)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a\n", "名", "x" * 200])
def test_names_stay_in_the_directory(world: World, directory: Path, name: str) -> None:
    """No separators, no dot files, nothing that a terminal or file system takes amiss."""
    with pytest.raises(MalformedError):
        trust.save_server(directory, Server(name, world.server.public, ORIGIN))
    with pytest.raises(MalformedError):
        trust.save_host(directory, name, world.host.public)
    assert [*directory.iterdir()] == []


@pytest.mark.parametrize("origin", ["", "a b", "a\nb", "a+b"])
def test_an_origin_is_one_word(world: World, directory: Path, origin: str) -> None:
    """As it must be to name a log's key."""
    with pytest.raises(MalformedError):
        trust.save_server(directory, Server("unit", world.server.public, origin))
