"""Links and neighbours of a namespace made for the tests, beside what `ip` says of it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.arp import arp_cache
from collectors.host import LiveHost, RootHost
from collectors.links import network_links
from facts.status import Status, condition
from tests.collectors.namespaces import Namespace, holding, namespace
from tests.collectors.observe import Seen, observe

IFF_PROMISC = 0x100
FLAGS = {
    "UP": 0x1,
    "BROADCAST": 0x2,
    "LOOPBACK": 0x8,
    "POINTOPOINT": 0x10,
    "NOARP": 0x80,
    "PROMISC": IFF_PROMISC,
    "ALLMULTI": 0x200,
    "MULTICAST": 0x1000,
    "LOWER_UP": 0x10000,
}
SNIFFER = """
import struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex("alone"), 1, 0, b""))
"""
"""PACKET_ADD_MEMBERSHIP with PACKET_MR_PROMISC, as tcpdump does."""


@pytest.fixture(scope="module")
def net() -> Iterator[Namespace]:
    """A bridge with a port, tun and tap, a vxlan, and one end of a cable into another namespace."""
    with namespace() as far, namespace() as made:
        made.ip("link add bridge0 type bridge")
        made.ip("link add port type veth peer name end")
        made.ip("link set port master bridge0 up")
        made.ip("link set end up")
        made.ip("link set bridge0 up")
        made.ip("tuntap add mode tap name tap0 user 1234")
        made.ip("tuntap add mode tun name tun0 group 4321")
        made.ip("link add tunnel type vxlan id 7 dstport 4789 remote 192.0.2.7")
        made.ip("link add tunnel6 type vxlan id 8 dstport 4790 remote 2001:db8::7")
        made.ip("link add rider link end type macvlan mode bridge")
        made.ip("link add alone type veth peer name away")
        made.ip(f"link set away netns {far.name}")
        made.ip("link set alone promisc on")
        settled(made)
        yield made


def settled(net: Namespace) -> None:
    """Waits until the links have come up, which the kernel does in its own time."""
    states: dict[str, str] = {}
    for _ in range(100):
        found = json.loads(net.answer(["ip", "-j", "link", "show"]))
        states = {link["ifname"]: link["operstate"] for link in found}
        if {states[name] for name in ("port", "end", "bridge0")} == {"UP"}:
            return
        time.sleep(0.1)
    raise TimeoutError(states)


@pytest.fixture(scope="module")
def seen(net: Namespace) -> Seen:
    """What the collector sees there, while a program listens in promiscuous mode."""
    with holding(net, SNIFFER):
        return observe("network_links", prefix=net.prefix)


@pytest.fixture(scope="module")
def listed(net: Namespace) -> list[dict[str, Any]]:
    """What `ip` says there, with numbers for users, while a program listens likewise."""
    with holding(net, SNIFFER):
        found: list[dict[str, Any]] = json.loads(net.answer(["ip", "-j", "-d", "link", "show"]))
    return found


def test_links_are_those_of_ip(seen: Seen, listed: list[dict[str, Any]]) -> None:
    """Number, kind, state, membership, the other end and promiscuity of every link."""
    assert seen.status == "complete"
    assert len(seen.rows) == len(listed)
    for link in listed:
        row = seen.one(interface=link["ifname"])
        info = link.get("linkinfo", {})
        data = info.get("info_data", {})
        assert row["ifindex"] == link["ifindex"]
        assert row["kind"] == info.get("info_kind", "")
        assert row["state"] == link["operstate"].lower()
        assert row["master"] == link.get("master", "")
        assert row["link"] == link.get("link", "")
        assert row["link_netnsid"] == link.get("link_netnsid")
        assert row["promiscuity"] == link["promiscuity"]
        assert row["remote_address"] == data.get("remote", data.get("remote6", ""))
        assert row["mac_permanent"] == (0 if "permaddr" in link else None)
        for name, bit in FLAGS.items():
            if bit != IFF_PROMISC:
                assert bool(row["flags"] & bit) == (name in link["flags"]), (link["ifname"], name)


def test_the_kinds_are_told_apart(seen: Seen) -> None:
    """What an inspector looks for is named as the kernel names it."""
    kinds = {row["interface"]: row["kind"] for row in seen.rows}

    assert kinds["lo"] == ""
    assert (kinds["bridge0"], kinds["port"], kinds["rider"]) == ("bridge", "veth", "macvlan")
    assert (kinds["tun0"], kinds["tap0"], kinds["tunnel"]) == ("tun", "tun", "vxlan")


def test_tun_and_tap_and_whose_they_are(seen: Seen, listed: list[dict[str, Any]]) -> None:
    """Mode and persistence as `ip` says them; user and group as they were given."""
    tap, tun = seen.one(interface="tap0"), seen.one(interface="tun0")

    assert (tap["tun_owner"], tap["tun_group"]) == (1234, None)
    assert (tun["tun_owner"], tun["tun_group"]) == (None, 4321)
    for link in listed:
        row = seen.one(interface=link["ifname"])
        data = link.get("linkinfo", {}).get("info_data", {})
        if row["kind"] == "tun":
            assert row["tun_mode"] == data["type"]
            assert row["tun_persistent"] == int(data["persist"])
        else:
            assert (row["tun_mode"], row.get("tun_owner"), row.get("tun_persistent")) == (
                "",
                None,
                None,
            )


def test_who_asked_for_promiscuous_mode_is_counted(net: Namespace, seen: Seen) -> None:
    """An administrator is one, a packet socket another, and a bridge asks it of its ports."""
    after = observe("network_links", prefix=net.prefix)

    assert seen.one(interface="alone")["promiscuity"] == 2
    assert after.one(interface="alone")["promiscuity"] == 1
    assert after.one(interface="port")["promiscuity"] == 1
    assert after.one(interface="port")["flags"] & IFF_PROMISC
    assert after.one(interface="end")["promiscuity"] == 0


def test_neighbours_are_those_of_ip(net: Namespace) -> None:
    """IPv4 and IPv6, set and unresolved, as `ip neighbour` lists them."""
    net.ip("address add 192.0.2.1/24 dev bridge0")
    net.ip("address add 2001:db8::1/64 dev bridge0 nodad")
    net.ip("neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev bridge0 nud permanent")
    net.ip("neigh add 192.0.2.3 lladdr 02:00:00:00:00:03 dev bridge0 nud stale")
    net.ip("neigh add 2001:db8::2 lladdr 02:00:00:00:00:04 dev bridge0 nud permanent")
    net.ip("neigh add 192.0.2.4 dev bridge0 nud failed")
    net.ip("neigh add 192.0.2.5 lladdr 02:00:00:00:00:05 dev bridge0 nud noarp")

    seen = observe("arp_cache", prefix=net.prefix)

    listed = {
        (found["dst"], found.get("lladdr", ""), found["dev"], "PERMANENT" in found["state"])
        for found in json.loads(net.answer(["ip", "-j", "neigh", "show"]))
    }
    assert {
        (row["address"], row["mac"], row["interface"], row["permanent"] == "1") for row in seen.rows
    } == listed
    assert seen.one(address="192.0.2.2")["permanent"] == "1"
    assert seen.one(address="192.0.2.3")["mac"] == "02:00:00:00:00:03"
    assert seen.all(address="192.0.2.5") == []


@pytest.mark.parametrize("collect", [network_links, arp_cache])
@pytest.mark.parametrize("kept", [0, 20, -20, -4])
def test_a_dump_without_its_end_is_unreadable(collect: Any, kept: int) -> None:
    """A recorded answer that was cut short is not a host with fewer links."""

    class Cut(LiveHost):
        def dump(self, kind: int) -> bytes:
            return super().dump(kind)[:kept]

    observed = collect(Cut(), frozenset({"interface"}))

    assert observed.condition == condition(Status.UNREADABLE, "malformed_source", "rtnetlink")


@pytest.mark.parametrize("collect", [network_links, arp_cache])
def test_a_mounted_root_has_no_links(collect: Any, tmp_path: Path) -> None:
    """Files cannot say what the host is linked to."""
    observed = collect(RootHost(tmp_path), frozenset({"interface"}))

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "rtnetlink")
