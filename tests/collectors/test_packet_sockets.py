"""Packet sockets in namespaces made for the tests, beside what `ss` says of them."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.host import MAX_READ, LiveHost, RootHost
from collectors.packet_sockets import packet_sockets
from facts.status import Status, condition
from facts.tables import SPECS
from tests.collectors.namespaces import WITHOUT_HANDLES, Namespace, holding, namespace
from tests.collectors.observe import NOBODY, observe

ALL = frozenset(column.name for column in SPECS["packet_sockets"].columns)
SNIFFERS = """
a = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
b = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM); b.bind(("left", 0x0800))
c = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); c.bind(("left-long-named", 0x88cc))
said["inodes"] = [os.fstat(x.fileno()).st_ino for x in (a, b, c)]
said["fds"] = [x.fileno() for x in (a, b, c)]
"""
EVERY_PROTOCOL = 3


@pytest.fixture
def net() -> Iterator[Namespace]:
    """A network namespace with a pair of Ethernet interfaces."""
    with namespace() as made:
        made.ip("link add left type veth peer name left-long-named")
        made.ip("link set left up")
        made.ip("link set left-long-named up")
        yield made


@pytest.mark.parametrize("inside", [True, False], ids=["own", "another"])
def test_packet_sockets_are_those_of_ss(net: Namespace, inside: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """In the own namespace and in any other: type, protocol, interface, process, descriptor."""
    with holding(net, SNIFFERS) as holder:
        seen = net.of(observe("packet_sockets", prefix=net.prefix if inside else ()))
        answer = net.answer(["ss", "-H", "-0", "-n", "-p", "-e"])

    listed = set()
    for line in re.findall(r"^p_.*", answer, re.MULTILINE):
        kind, _, _, place, *_ = line.split()
        protocol, _, interface = place.rpartition(":")
        pid, fd = re.findall(r"pid=(\d+),fd=(\d+)", line)[0]
        inode = re.findall(r"ino:(\d+)", line)[0]
        listed.add((kind, interface, int(pid), int(fd), int(inode)))
        row = seen.one(socket=int(inode))
        every = row["protocol"] == EVERY_PROTOCOL
        assert protocol == ("*" if every else f"[{row['protocol']}]")
    assert {
        (
            {"raw": "p_raw", "dgram": "p_dgr"}[row["type"]],
            row["interface"] or "*",
            row["pid"],
            row["fd"],
            row["socket"],
        )
        for row in seen.rows
    } == listed
    assert sorted(row["socket"] for row in seen.rows) == sorted(holder["inodes"])
    assert {row["uid"] for row in seen.rows} == {0}
    assert seen.one(interface="left")["protocol"] == 0x0800
    assert seen.one(interface="left-long-named")["protocol"] == 0x88CC


def test_every_process_that_holds_one_has_a_row(net: Namespace) -> None:
    """A sniffer may hand its socket on; each of the holders is named."""
    forked = f"""{SNIFFERS}
child = os.fork()
if child == 0:
    sys.stdin.read(); os._exit(0)
said["child"] = child
"""
    with holding(net, forked) as holder:
        seen = net.of(observe("packet_sockets"))

    assert {row["pid"] for row in seen.all(interface="left")} == {holder["pid"], holder["child"]}
    assert len(seen.rows) == 6


def test_an_interface_that_is_not_told_is_partial(net: Namespace) -> None:
    """In another namespace the name of a link that is down is not told: NULL, not all of them."""
    net.ip("link set left down")
    net.ip("link set left-long-named down")
    with holding(net, SNIFFERS):
        seen = observe("packet_sockets")

    unnamed = net.of(seen).all(interface=None)
    assert {row["protocol"] for row in unnamed} == {0x0800, 0x88CC}
    assert seen.columns["interface"][:2] == ("partial", "source_missing")


def test_a_plain_user_is_denied_owners_only(net: Namespace) -> None:
    """The sockets are all there; whose they are is denied, not -1."""
    with holding(net, SNIFFERS):
        seen = observe("packet_sockets", prefix=[*net.prefix, *WITHOUT_HANDLES], user=NOBODY)

    rows = net.of(seen).rows
    assert len(rows) == 3
    assert {row["pid"] for row in rows} == {None}
    assert seen.columns["pid"][:2] == ("denied", "missing_privilege")


def test_a_kernel_without_packet_sockets_has_none() -> None:
    """The table is not there, and the namespace is: none, and complete."""

    class Without(LiveHost):
        def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
            if path.endswith("/packet"):
                raise FileNotFoundError(2, "not there", path)
            return super().read(path, limit=limit)

    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        observed = packet_sockets(Without(), frozenset({"protocol"}))

    assert observed.rows == []
    assert observed.condition.reason is None or observed.condition.reason.code == "namespace_unseen"


@pytest.mark.parametrize(
    "damage", [b"", b"sk RefCnt Type Proto  Iface R Rmem User Inode\n1 2", b"\0"]
)
def test_a_damaged_table_is_unreadable(damage: bytes) -> None:
    """An emptied or cut table is told from a host without packet sockets."""

    class Damaged(LiveHost):
        def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
            return damage if path == "/proc/net/packet" else super().read(path, limit=limit)

    observed = packet_sockets(Damaged(), ALL)

    damaged = condition(Status.UNREADABLE, "malformed_source", "/proc/net")
    assert observed.condition == damaged


def test_a_mounted_root_has_no_packet_sockets(tmp_path: Path) -> None:
    """Files cannot say who listens to the wire."""
    observed = packet_sockets(RootHost(tmp_path), ALL)

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/proc/net/packet")
