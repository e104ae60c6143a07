import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.host import RootHost
from collectors.routes import routes
from facts.status import Status, condition
from tests.collectors.namespaces import Namespace, namespace, run
from tests.collectors.observe import observe


@pytest.fixture
def net() -> Iterator[Namespace]:
    """A network namespace with two interfaces that are up and have addresses."""
    with namespace() as made:
        made.ip("link add left type veth peer name right")
        made.ip("address add 192.0.2.10/24 dev left")
        made.ip("address add 198.51.100.10/24 dev right")
        made.ip("address add 2001:db8::10/64 dev left nodad")
        made.ip("link set left up")
        made.ip("link set right up")
        yield made


def test_a_second_default_route(net: Namespace) -> None:
    """Two ways out of one host are two rows, the preferred one with the lower metric."""
    net.ip("route add default via 192.0.2.1 dev left metric 100")
    net.ip("route add default via 198.51.100.1 dev right metric 600")

    seen = observe("routes", prefix=net.prefix)

    defaults = seen.all(destination="0.0.0.0", netmask=0, type="gateway")
    assert {(row["gateway"], row["interface"], row["metric"]) for row in defaults} == {
        ("192.0.2.1", "left", 100),
        ("198.51.100.1", "right", 600),
    }


def test_a_default_route_only_a_rule_reaches(net: Namespace) -> None:
    """A way out hidden in another routing table is seen."""
    net.ip("route add default via 198.51.100.1 dev right table 100")

    seen = observe("routes", prefix=net.prefix)

    assert seen.one(destination="0.0.0.0", netmask=0)["interface"] == "right"


def test_ipv6(net: Namespace) -> None:
    """The IPv6 default route, with its gateway."""
    net.ip("-6 route add default via 2001:db8::1 dev left metric 50")

    row = observe("routes", prefix=net.prefix).one(destination="::", netmask=0)

    assert (row["gateway"], row["interface"], row["metric"]) == ("2001:db8::1", "left", 50)


def test_every_route_of_ip(net: Namespace) -> None:
    """As many routes as `ip` shows for all tables, to the same destinations."""
    net.ip("route add blackhole 10.0.0.0/8")
    net.ip("route add 203.0.113.0/24 via 192.0.2.1 src 192.0.2.10 mtu 1300")

    seen = observe("routes", prefix=net.prefix)

    listed = [
        (route["dst"].partition("/")[0].replace("default", "0.0.0.0"), route.get("dev", ""))
        for route in json.loads(net.answer(["ip", "-j", "-4", "route", "show", "table", "all"]))
    ]
    found = [
        (row["destination"], row["interface"]) for row in seen.rows if "." in row["destination"]
    ]
    assert sorted(found) == sorted(listed)
    drop = seen.one(destination="10.0.0.0")
    assert (drop["type"], drop["netmask"], drop["interface"]) == ("blackhole", 8, "")
    way = seen.one(destination="203.0.113.0")
    assert (way["source"], way["mtu"], way["type"]) == ("192.0.2.10", 1300, "gateway")
    assert seen.one(destination="192.0.2.10")["type"] == "local"


def test_every_next_hop_has_a_row(net: Namespace) -> None:
    """A route over two next hops is two rows."""
    net.ip(
        "route add 203.0.113.0/24 nexthop via 192.0.2.1 dev left nexthop via 198.51.100.1 dev right"
    )

    seen = observe("routes", prefix=net.prefix)

    hops = {(row["gateway"], row["interface"]) for row in seen.all(destination="203.0.113.0")}
    assert hops == {("192.0.2.1", "left"), ("198.51.100.1", "right")}


def test_a_gateway_of_the_other_family(net: Namespace) -> None:
    """An IPv4 route may leave through an IPv6 neighbour."""
    net.ip("route add 203.0.113.0/24 via inet6 2001:db8::1 dev left")

    row = observe("routes", prefix=net.prefix).one(destination="203.0.113.0")

    assert row["gateway"] == "2001:db8::1"


def test_a_next_hop_known_by_number_only_is_partial(net: Namespace) -> None:
    """Where the kernel withholds the next hop its columns are partial, and the route is kept."""
    write = "echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode"
    run([*net.prefix, "sh", "-c", write])
    net.ip("nexthop add id 7 via 192.0.2.1 dev left")
    net.ip("route add default nhid 7")

    seen = observe("routes", prefix=net.prefix)

    assert seen.one(destination="0.0.0.0", netmask=0)["gateway"] is None
    assert seen.columns["gateway"] == ("partial", "source_missing", "nexthop 7")
    assert set(seen.columns) == {"gateway", "interface"}


def test_a_recorded_root_has_no_routes(tmp_path: Path) -> None:
    """Files cannot say where packets go."""
    observed = routes(RootHost(tmp_path), frozenset({"destination"}))

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "rtnetlink")
