"""Tracked connections in a namespace made for the tests."""

from pathlib import Path

import pytest

from collectors.conntrack import conntrack_summary
from collectors.host import RootHost
from facts.status import Status, condition
from facts.tables import SPECS
from tests.collectors.namespaces import holding, namespace
from tests.collectors.observe import NOBODY, observe
from tests.collectors.roots import root

ALL = frozenset(column.name for column in SPECS["conntrack_summary"].columns)
GROUPED = {"family", "protocol", "state", "connections"}
TALKING = """
server = socket.create_server(("127.0.0.1", 8080))
clients = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(3)]
sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); sender.sendto(b"x", ("::1", 9))
said["count"] = int(open("/proc/sys/net/netfilter/nf_conntrack_count").read())
said["maximum"] = int(open("/proc/sys/net/netfilter/nf_conntrack_max").read())
"""
LINE = (
    "ipv4     2 tcp      6 {} src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 "
    "src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1 {} mark=0 zone=0 use=2\n"
)


class Recorded(RootHost):
    """A host that ran when its files were copied."""

    running = True


def recorded(directory: Path, table: str) -> Recorded:
    """A host with this table of connections."""
    files = {
        "/proc/sys/net/netfilter/nf_conntrack_count": "2\n",
        "/proc/sys/net/netfilter/nf_conntrack_max": "262144\n",
        "/proc/net/nf_conntrack": table,
    }
    return Recorded(root(directory, files).root)


def test_connections_are_counted_by_kind() -> None:
    """Families, protocols and states, with the kernel's own count and limit beside them."""
    with namespace() as net:
        net.answer(["nft", "add", "table", "inet", "t"])
        net.answer(
            ["nft", "add", "chain", "inet", "t", "c", "{ type filter hook input priority 0; }"]
        )
        net.answer(["nft", "add", "rule", "inet", "t", "c", "ct", "state", "established", "accept"])
        with holding(net, TALKING) as holder:
            seen = observe("conntrack_summary", prefix=net.prefix)
            plain = observe("conntrack_summary", prefix=net.prefix, user=NOBODY)

    assert seen.status == "complete"
    assert not seen.columns
    assert seen.one(family=2, protocol=6)["connections"] == 3
    assert seen.one(family=2, protocol=6)["state"] == "ESTABLISHED"
    assert seen.one(family=10, protocol=17)["state"] == ""
    assert sum(row["connections"] for row in seen.rows) == holder["count"]
    assert {(row["tracked"], row["maximum"]) for row in seen.rows} == {
        (holder["count"], holder["maximum"])
    }
    assert {name: said[0] for name, said in plain.columns.items()} == dict.fromkeys(
        GROUPED, "denied"
    )
    assert plain.one()["tracked"] == holder["count"]


def test_a_host_that_tracks_nothing_has_one_row() -> None:
    """The limit is told all the same; no kind has any connection."""
    with namespace() as net:
        row = observe("conntrack_summary", prefix=net.prefix).one()

    assert (row["connections"], row["tracked"], row.get("family")) == (0, 0, None)
    assert row["maximum"] > 0


def test_a_kernel_without_tracking_is_complete(tmp_path: Path) -> None:
    """No such files, on a host that runs, is no such subsystem."""
    observed = conntrack_summary(Recorded(root(tmp_path, {"/proc/version": "x"}).root), ALL)

    assert (observed.rows, observed.condition.complete) == ((), True)


def test_an_offloaded_connection_has_no_state(tmp_path: Path) -> None:
    """Hardware that forwards by itself leaves no time and no state in the line."""
    lines = LINE.format("431999 ESTABLISHED", "[ASSURED]") + LINE.format("", "[OFFLOAD]")

    observed = conntrack_summary(recorded(tmp_path, lines), ALL)

    assert {(row["state"], row["connections"]) for row in observed.rows} == {
        ("ESTABLISHED", 1),
        ("", 1),
    }


@pytest.mark.parametrize(
    "table", ["ipv4 2 tcp 6\n", LINE.format("1 CLOSE", "")[:-9], "\0\n", "ipv4 x tcp 6 a=b\n"]
)
def test_a_damaged_table_leaves_the_totals(tmp_path: Path, table: str) -> None:
    """What is cut or no table is not counted; how many there are is known from elsewhere."""
    observed = conntrack_summary(recorded(tmp_path, table), ALL)

    (row,) = observed.rows
    assert row["tracked"] == 2
    damaged = condition(Status.UNREADABLE, "malformed_source", "/proc/net/nf_conntrack")
    assert observed.columns == dict.fromkeys(GROUPED, damaged)


def test_a_mounted_root_tracks_nothing_that_can_be_told(tmp_path: Path) -> None:
    """Files cannot say who is connected."""
    observed = conntrack_summary(RootHost(tmp_path), ALL)

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/proc/net/nf_conntrack")
