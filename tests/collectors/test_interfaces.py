import ipaddress
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from collectors.host import RootHost
from collectors.interfaces import interface_addresses, interface_details
from facts.status import Status, condition
from tests.collectors.namespaces import Namespace, namespace
from tests.collectors.observe import here, observe

IFF_UP, IFF_LOOPBACK, IFF_PROMISC = 0x1, 0x8, 0x100


@pytest.fixture
def net() -> Iterator[Namespace]:
    """A network namespace with a pair of Ethernet interfaces, one of them with addresses."""
    with namespace() as made:
        made.ip("link add left address 02:00:00:00:00:01 mtu 1400 type veth peer name right")
        made.ip("address add 192.0.2.10/24 broadcast 192.0.2.255 dev left")
        made.ip("address add 198.51.100.1 peer 198.51.100.2/32 dev left")
        made.ip("address add 203.0.113.7/28 dev left valid_lft 3600 preferred_lft 1800")
        made.ip("address add 2001:db8::5/48 dev left nodad")
        made.ip("link set left up")
        made.ip("link set right up")
        yield made


def test_details_are_those_of_ip(net: Namespace) -> None:
    """Name, address, MTU, flags and type as `ip` shows them."""
    seen = observe("interface_details", prefix=net.prefix)

    listed = json.loads(net.answer(["ip", "-j", "-s", "link", "show"]))
    assert {row["interface"] for row in seen.rows} == {link["ifname"] for link in listed}
    for link in listed:
        row = seen.one(interface=link["ifname"])
        assert row["mac"] == link["address"]
        assert row["mtu"] == link["mtu"]
        assert bool(row["flags"] & IFF_UP) == ("UP" in link["flags"])
        assert bool(row["flags"] & IFF_LOOPBACK) == ("LOOPBACK" in link["flags"])
        assert row["type"] == {"loopback": 772, "ether": 1}[link["link_type"]]
    assert seen.one(interface="left")["link_speed"] == 10000
    assert seen.one(interface="lo")["link_speed"] == 0


def test_counters(net: Namespace) -> None:
    """The counters are those of `ip`, after traffic that makes them differ from zero."""
    send = (
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9))"
    )
    net.answer([sys.executable, "-c", send])

    row = observe("interface_details", prefix=net.prefix).one(interface="lo")

    (link,) = json.loads(net.answer(["ip", "-j", "-s", "link", "show", "lo"]))
    received, sent = link["stats64"]["rx"], link["stats64"]["tx"]
    assert received["packets"] > 0
    assert (row["ipackets"], row["ibytes"]) == (received["packets"], received["bytes"])
    assert (row["opackets"], row["obytes"]) == (sent["packets"], sent["bytes"])
    assert (row["ierrors"], row["idrops"]) == (received["errors"], received["dropped"])


def test_a_sniffer_shows_in_the_flags(net: Namespace) -> None:
    """Promiscuous mode asked for by a packet socket is seen, if not by `ip link`."""
    sniffer = (
        "import socket, struct, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW);"
        "i = socket.if_nametoindex('left');"
        "s.setsockopt(263, 1, struct.pack('iHH8s', i, 1, 0, b''));"
        "print(flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    argv = [*net.prefix, sys.executable, "-c", sniffer]
    before = observe("interface_details", ["flags"], prefix=net.prefix).one(interface="left")
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        during = observe("interface_details", ["flags"], prefix=net.prefix)
        process.communicate()

    assert not before["flags"] & IFF_PROMISC
    assert during.one(interface="left")["flags"] & IFF_PROMISC
    assert not during.one(interface="right")["flags"] & IFF_PROMISC


def test_the_pci_slot_is_that_of_the_device_tree() -> None:
    """An adapter on PCI has its address there; a virtual interface has none."""
    observed = here("interface_details", ["interface", "pci_slot"])

    for row in observed.rows:
        place = os.path.realpath(f"/sys/class/net/{row['interface']}")
        slots = [part for part in place.split("/") if part.count(":") == 2]
        assert row["pci_slot"] == (slots[-1] if slots else "")
    assert {row["interface"]: row["pci_slot"] for row in observed.rows}["lo"] == ""


def test_addresses_are_those_of_ip(net: Namespace) -> None:
    """Every address with its mask, broadcast and peer."""
    seen = observe("interface_addresses", prefix=net.prefix)

    listed = {
        (link["ifname"], found["local"], found["prefixlen"])
        for link in json.loads(net.answer(["ip", "-j", "address", "show"]))
        for found in link["addr_info"]
    }
    assert {(row["interface"], row["address"], _bits(row["mask"])) for row in seen.rows} == listed
    assert seen.one(address="192.0.2.10")["broadcast"] == "192.0.2.255"
    assert seen.one(address="192.0.2.10")["point_to_point"] == ""
    assert seen.one(address="198.51.100.1")["point_to_point"] == "198.51.100.2"
    assert seen.one(address="2001:db8::5")["mask"] == "ffff:ffff:ffff::"


def test_how_an_address_came_to_be(net: Namespace) -> None:
    """A lifetime tells a lease from what somebody set; a link-local address makes itself."""
    seen = observe("interface_addresses", prefix=net.prefix)

    assert seen.one(address="192.0.2.10")["type"] == "manual"
    assert seen.one(address="203.0.113.7")["type"] == "dhcp"
    assert seen.one(address="2001:db8::5")["type"] == "manual"
    (link_local,) = [r for r in seen.all(interface="left") if r["address"].startswith("fe80")]
    assert link_local["type"] == "auto"


def test_addresses_are_those_of_psutil() -> None:
    """What the kernel tells us is what the C library tells psutil."""
    observed = here("interface_addresses")

    wanted = {
        (name, found.address.partition("%")[0])
        for name, addresses in psutil.net_if_addrs().items()
        for found in addresses
        if found.family in (socket.AF_INET, socket.AF_INET6)
    }
    assert {(row["interface"], row["address"]) for row in observed.rows} == wanted


def test_a_recorded_root_has_no_interfaces(tmp_path: Path) -> None:
    """Files cannot say what the host is connected to."""
    for collect in (interface_addresses, interface_details):
        observed = collect(RootHost(tmp_path), frozenset({"interface"}))

        assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "rtnetlink")


def _bits(mask: str) -> int:
    return int(ipaddress.ip_address(mask)).bit_count()
