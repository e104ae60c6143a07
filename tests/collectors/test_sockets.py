import os
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from collectors.host import MAX_READ, LiveHost, RootHost
from collectors.sockets import listening_ports, process_open_sockets
from facts.status import Status, condition
from facts.tables import SPECS
from tests.collectors.namespaces import WITHOUT_HANDLES, Namespace, holding, mounted, namespace
from tests.collectors.observe import NOBODY, Seen, observe
from tests.collectors.recordings import recorded

OWNERS = ("pid", "fd")


@pytest.fixture
def net() -> Iterator[Namespace]:
    """A network namespace for this test."""
    with namespace() as made:
        yield made


def sorted_cells(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The cells of a row in one order."""
    return sorted(row.items())


def nobody_holds_it(seen: Seen) -> int | None:
    """How a socket without holder reads: on some hosts even root may not look into init."""
    return None if seen.columns else -1


LISTENERS = """
a = socket.create_server(("127.0.0.1", 8080))
b = socket.create_server(("0.0.0.0", 8081))
c = socket.create_server(("::1", 8082), family=socket.AF_INET6)
d = socket.create_server(("::", 8083), family=socket.AF_INET6, dualstack_ipv6=True)
e = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); e.bind(("0.0.0.0", 161))
f = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); f.bind(("::1", 5353))
g = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); g.connect(("127.0.0.1", 161))
said["fds"] = [x.fileno() for x in (a, b, c, d, e, f)]
"""


@pytest.mark.parametrize("inside", [True, False], ids=["own", "another"])
def test_listeners_are_those_of_ss(net: Namespace, inside: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """In the own namespace and in any other: addresses, ports, process and descriptor."""
    with holding(net, LISTENERS) as holder:
        seen = net.of(observe("listening_ports", prefix=net.prefix if inside else ()))
        lines = net.answer(["ss", "-H", "-tulnp"]).splitlines()

    listed = set()
    for line in lines:
        protocol, state, _, _, local, *_ = line.split()
        address, _, port = local.rpartition(":")
        if state in ("LISTEN", "UNCONN"):
            (fd,) = re.findall(r"fd=(\d+)", line)
            listed.add((protocol, address.strip("[]").replace("*", "::"), int(port), int(fd)))
    found = {
        ("tcp" if row["protocol"] == 6 else "udp", row["address"], row["port"], row["fd"])
        for row in seen.rows
        if row["family"] != socket.AF_UNIX
    }

    assert found == listed
    assert {fd for *_, fd in found} == set(holder["fds"])
    assert {row["pid"] for row in seen.rows if row["port"]} == {holder["pid"]}


def test_families(net: Namespace) -> None:
    """A listener of IPv4 is of family 2, one of IPv6 of family 10."""
    with holding(net, LISTENERS):
        seen = net.of(observe("listening_ports"))

    assert seen.one(port=8080)["family"] == socket.AF_INET
    assert seen.one(port=8082)["family"] == socket.AF_INET6


def test_a_namespace_without_process_is_said_to_be_unseen(net: Namespace) -> None:
    """One that only its handle keeps may hold sockets; with a process in it, it is read."""
    handle = f"/run/netns/{net.name}"
    empty = observe("listening_ports", ["port"])
    with holding(net, LISTENERS):
        full = observe("listening_ports", ["port"])

    assert (empty.status, empty.reason[0]) == ("partial", "namespace_unseen")
    assert handle in empty.reason[1].split(", ")
    assert handle not in "".join(full.reason).split(", ")


def test_a_namespace_that_a_descriptor_keeps_is_said_to_be_unseen(net: Namespace) -> None:
    """A process may hold a namespace open without being in it, and sockets in there."""
    with namespace() as elsewhere:
        setup = f"""
        import ctypes
        kept = os.open("/proc/self/ns/net", os.O_RDONLY)
        ctypes.CDLL(None).setns(os.open("/run/netns/{elsewhere.name}", os.O_RDONLY), 0)
        """
        with holding(net, setup):
            seen = observe("listening_ports", ["pid"], prefix=WITHOUT_HANDLES)

    assert (seen.status, seen.reason[0]) == ("partial", "namespace_unseen")
    assert f"net:[{net.inode}]" in seen.reason[1].split(", ")


def test_namespaces_that_may_not_be_named_are_read_without_their_number(net: Namespace) -> None:
    """Who may not trace a process cannot tell its namespace, but can see what listens there."""
    with holding(net, LISTENERS):
        seen = observe("listening_ports", ["port", "net_namespace"], user=NOBODY)

    assert {row["port"] for row in seen.all(net_namespace=None)} >= {8080, 8081, 8082, 8083}
    assert seen.columns["net_namespace"][:2] == ("denied", "missing_privilege")


def test_connections(net: Namespace) -> None:
    """Both ends of a connection with their states; an IPv4 peer of an IPv6 socket is mapped."""
    with holding(
        net,
        """
        server = socket.create_server(("::", 8443), family=socket.AF_INET6, dualstack_ipv6=True)
        client = socket.create_connection(("127.0.0.1", 8443))
        accepted, _ = server.accept()
        half = socket.create_connection(("127.0.0.1", 8443)); other, _ = server.accept()
        other.close()
        said["port"] = client.getsockname()[1]
        said["half"] = half.getsockname()[1]
        said["client"] = client.fileno()
        """,
    ) as holder:
        seen = net.of(observe("process_open_sockets"))

    client = seen.one(local_port=holder["port"])
    accepted = seen.one(remote_port=holder["port"])
    assert client["state"] == accepted["state"] == "ESTABLISHED"
    assert (client["remote_address"], client["remote_port"]) == ("127.0.0.1", 8443)
    assert (client["pid"], client["fd"]) == (holder["pid"], holder["client"])
    assert accepted["family"] == socket.AF_INET6
    assert accepted["remote_address"] == "::ffff:127.0.0.1"
    assert seen.one(local_port=8443, state="LISTEN")["remote_address"] == "::"
    assert seen.one(local_port=holder["half"])["state"] == "CLOSE_WAIT"
    assert seen.one(remote_port=holder["half"])["pid"] == nobody_holds_it(seen)


TALKING = """
server = socket.create_server(("::", 8443), family=socket.AF_INET6, dualstack_ipv6=True)
clients = [socket.create_connection((host, 8443)) for host in ("127.0.0.1", "::1", "127.0.0.1")]
accepted = [server.accept()[0] for _ in clients]
accepted[2].close()
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sender.connect(("127.0.0.1", 9))
"""
STATES = {
    "LISTEN": "LISTEN",
    "ESTAB": "ESTABLISHED",
    "CLOSE-WAIT": "CLOSE_WAIT",
    "FIN-WAIT-2": "FIN_WAIT2",
}
"""As `ss` and as we call them."""


def test_sockets_are_those_of_ss(net: Namespace) -> None:
    """Both ends, protocol and state of every socket, in a namespace that is not the own one."""
    with holding(net, TALKING):
        seen = net.of(observe("process_open_sockets"))
        lines = net.answer(["ss", "-H", "-n", "-t", "-u", "-a"]).splitlines()

    def end(text: str) -> tuple[str, str]:
        address, _, port = text.rpartition(":")
        return address.strip("[]").replace("*", "::"), port.replace("*", "0")

    def shown(address: str, port: int) -> tuple[str, str]:
        return address, str(port)

    listed = set()
    for line in lines:
        protocol, state, _, _, local, remote, *_ = line.split()
        tcp = protocol == "tcp"
        listed.add((tcp, STATES[state] if tcp else "", end(local), end(remote)))
    assert {
        (
            row["protocol"] == socket.IPPROTO_TCP,
            row["state"],
            shown(row["local_address"], row["local_port"]),
            shown(row["remote_address"], row["remote_port"]),
        )
        for row in seen.rows
    } == listed
    assert len(seen.rows) == len(lines)


def test_a_recording_has_the_sockets_of_every_namespace(net: Namespace, tmp_path: Path) -> None:
    """Who judges a recorded host sees what listens in its containers, and who it is."""
    with holding(net, LISTENERS):
        then = recorded(tmp_path / "recording.tar", ["listening_ports"])
        now = net.of(observe("listening_ports"))

    asked = frozenset(column.name for column in SPECS["listening_ports"].columns)
    rows = listening_ports(then, asked).rows
    ours = [row for row in rows if row["net_namespace"] == net.inode]
    assert sorted(map(sorted_cells, ours)) == sorted(map(sorted_cells, now.rows))
    assert len(ours) == 6


def test_raw_sockets_are_open_but_do_not_listen(net: Namespace) -> None:
    """A raw socket is listed by the protocol it takes, and never taken for a port."""
    with holding(net, "r = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)"):
        sockets = net.of(observe("process_open_sockets"))
        ports = net.of(observe("listening_ports"))

    assert sockets.one(protocol=255)["local_port"] == socket.IPPROTO_TCP
    assert ports.all(family=socket.AF_INET) == []


def test_a_socket_of_several_processes_has_one_row(net: Namespace) -> None:
    """Workers that inherit a listener do not multiply it; the first of them is named."""
    with holding(
        net,
        """
        a = socket.create_server(("127.0.0.1", 8080))
        if os.fork() == 0:
            sys.stdin.read(); os._exit(0)
        """,
    ) as holder:
        seen = net.of(observe("listening_ports"))

    assert seen.one(port=8080)["pid"] == holder["pid"]


def test_unix_sockets_that_wait(net: Namespace, tmp_path: Path) -> None:
    """Named UNIX sockets that accept, or take datagrams; a line feed in a name forges nothing."""
    path = str(tmp_path / "a b.socket")
    with holding(
        net,
        f"""
        a = socket.socket(socket.AF_UNIX); a.bind({path!r}); a.listen()
        b = socket.socket(socket.AF_UNIX); b.bind("\\0one\\ntwo 6 /three"); b.listen()
        c = socket.socket(socket.AF_UNIX); c.bind("\\0idle")
        client = socket.socket(socket.AF_UNIX); client.connect({path!r}); accepted, _ = a.accept()
        """,
    ) as holder:
        seen = net.of(observe("listening_ports"))

    row = seen.one(path=path)
    assert (row["port"], row["protocol"], row["family"], row["address"]) == (0, 0, 1, "")
    assert row["pid"] == holder["pid"]
    assert sorted(row["path"] for row in seen.rows) == sorted([path, "@one"])


def test_a_plain_user_is_denied_owners_only(net: Namespace) -> None:
    """Without privilege the ports are all there, and whose they are is denied, not -1."""
    prefix = [*net.prefix, *WITHOUT_HANDLES]
    with holding(net, LISTENERS):
        whole = observe("listening_ports", prefix=prefix, user=NOBODY)
    seen = net.of(whole)

    assert seen.status == "complete"
    assert set(seen.columns) >= set(OWNERS)
    assert seen.columns["pid"][:2] == ("denied", "missing_privilege")
    assert seen.one(port=8080)["pid"] is None
    assert len(seen.rows) == 6


def test_two_capabilities_are_enough(net: Namespace) -> None:
    """The two capabilities that the service keeps find the owner, also of another user's socket."""
    kept = ["setpriv", "--bounding-set=-all,+dac_read_search,+sys_ptrace", "--"]
    with holding(net, f"{LISTENERS}os.setresuid({NOBODY}, {NOBODY}, {NOBODY})") as holder:
        seen = observe("listening_ports", prefix=[*net.prefix, *kept])

    # Other tests listen there too, in namespaces of their own.
    assert holder["pid"] in {row["pid"] for row in seen.all(port=8080)}


def test_hidepid_hides_owners_only(net: Namespace) -> None:
    """Under hidepid the own ports are all there; whose they are, and others', is not seen."""
    prefix = [*net.prefix, *mounted("mount -t proc -o hidepid=2 proc /proc")]
    with holding(net, LISTENERS):
        seen = observe("listening_ports", prefix=prefix, user=NOBODY)

    assert (seen.status, seen.reason[0]) == ("partial", "hidepid")
    assert {said[:2] for said in seen.columns.values()} == {("unreadable", "hidepid")}
    assert len(seen.rows) == 6


def test_the_tables_are_read_once_and_their_holders_after_them() -> None:
    """What several tables are made of costs one reading; a socket that is there has its holder."""
    asked: list[str] = []

    class Watched(LiveHost):
        def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
            asked.append(path)
            return super().read(path, limit=limit)

        def names(self, path: str) -> list[str]:
            asked.append(path)
            return super().names(path)

    host = Watched()
    for collect in (listening_ports, process_open_sockets):
        collect(host, frozenset({"pid"}))

    own = f"/proc/{os.getpid()}/fd"
    assert [asked.count(path) for path in ("/proc/net/tcp", "/proc/net/unix", own)] == [1, 1, 1]
    assert asked.index(own) > asked.index("/proc/net/raw6")


def test_owners_are_not_looked_for_unless_asked() -> None:
    """Every descriptor of every process is read only for the columns pid and fd."""
    asked: list[str] = []

    class Watched(LiveHost):
        def names(self, path: str) -> list[str]:
            asked.append(path)
            return super().names(path)

    listening_ports(Watched(), frozenset({"port", "address"}))
    spared = list(asked)
    listening_ports(Watched(), frozenset({"port", "pid"}))

    assert set(spared) == {"/proc"}
    assert f"/proc/{os.getpid()}/fd" in asked


@pytest.mark.parametrize("table", ["listening_ports", "process_open_sockets"])
@pytest.mark.parametrize("file", ["tcp", "udp6"])
def test_a_covered_table_is_unreadable(table: str, file: str) -> None:
    """An empty file over one of the kernel's tables must not read as no sockets."""
    seen = observe(table, prefix=mounted(f"mount --bind /dev/null /proc/$$/net/{file}"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
    assert seen.rows == []


def test_a_proc_of_processes_only_is_unreadable() -> None:
    """A sandbox with ProcSubset=pid hides /proc/net: unreadable, not a host without sockets."""
    seen = observe("listening_ports", prefix=mounted("mount -t proc -o subset=pid proc /proc"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "own_sandbox")


def test_a_recorded_root_has_no_sockets(tmp_path: Path) -> None:
    """Files cannot say who listens."""
    for collect in (listening_ports, process_open_sockets):
        observed = collect(RootHost(tmp_path), frozenset({"port"}))

        assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/proc/net")


def test_a_damaged_table_is_unreadable() -> None:
    """An emptied, cut or binary table of the kernel is told from one without sockets."""
    for damage in (b"", b"  sl  local_address\n   0: 0100", b"\0\xff\n\0"):

        class Damaged(LiveHost):
            def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
                return damage if path == "/proc/net/udp" else super().read(path, limit=limit)  # noqa: B023  # asked within this turn

        observed = listening_ports(Damaged(), frozenset({"port"}))

        assert observed.condition == condition(Status.UNREADABLE, "malformed_source", "/proc/net")
