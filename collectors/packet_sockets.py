"""Packet sockets of every network namespace: who reads, or writes, frames past the IP stack.

/proc/net/packet is a table of text, one line a socket (packet(7)); it names the interface by its
index, whose name is told by rtnetlink for the own namespace and by /proc/<pid>/net for others.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from collectors import interfaces, netns
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.owners import owners
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_LIMIT = 4 * 1024 * 1024
_TYPES = {2: "dgram", 3: "raw", 10: "packet"}
"""By the number of the socket's type (socket(2))."""
_NAMING: Mapping[str, tuple[int, int, int]] = {
    "igmp": (0, 10, 1),
    "dev_mcast": (0, 10, 1),
    "if_inet6": (1, 16, 5),
}
"""Tables that list interfaces: the place of the index, its base, and the place of the name."""


class _Packet(NamedTuple):
    """One line of the table."""

    kind: int
    protocol: int
    place: int
    """The index of its interface; 0 for all of them."""
    user: int
    inode: int
    interface: str | None
    """Its name, empty for all; None if it is not known."""


@running_only("/proc/net/packet")
def packet_sockets(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each process that holds a packet socket; none in a kernel without them."""

    def read(directory: str) -> list[_Packet]:
        return list(_sockets(host, directory, named="interface" in wanted))

    try:
        places = netns.namespaces(host)
        answers, observed = netns.read_each(host, places, read)
    except OSError as e:
        return Observed((), condition_of(e, netns.OWN))
    except (ValueError, IndexError):
        return Observed((), condition(Status.UNREADABLE, "malformed_source", "/proc/net/packet"))
    holders = owners(host, wanted)
    columns: dict[str, Condition] = {**holders.columns, **places.columns}
    rows: list[Mapping[str, Cell]] = []
    for namespace, sockets in answers:
        for found in sockets:
            if found.interface is None and "interface" in wanted:
                missing = f"interface {found.place} of net:[{namespace}]"
                columns["interface"] = condition(Status.PARTIAL, "source_missing", missing)
            row: dict[str, Cell] = {
                "type": _TYPES.get(found.kind, str(found.kind)),
                "protocol": found.protocol,
                "interface": found.interface,
                "uid": found.user,
                "net_namespace": namespace,
            }
            rows += [row | holder for holder in holders.all(found.inode)]
    return Observed(rows, netns.with_kept(observed, places, holders.namespaces), columns)


def _sockets(host: Host, directory: str, *, named: bool) -> Iterator[_Packet]:
    """The packet sockets of one namespace; ValueError or IndexError if the table is damaged."""
    try:
        heading, *lines = _lines(host, f"{directory}/packet")
    except FileNotFoundError:
        host.stat(f"{directory}/tcp")  # the namespace is there, and has none
        return
    if b"Inode" not in heading:
        raise ValueError(directory)
    names = _names(host, directory) if named and lines else {}
    for line in lines:
        fields = line.split()
        index = int(fields[4])
        yield _Packet(
            kind=int(fields[2]),
            protocol=int(fields[3], 16),
            place=index,
            user=int(fields[7]),
            inode=int(fields[8]),
            interface=names.get(index) if index else "",
        )


def _names(host: Host, directory: str) -> Mapping[int, str]:
    """The names of a namespace's interfaces, as far as they are told, by index."""
    if directory == netns.OWN:
        try:
            return interfaces.names_by_index(host)
        except OSError:
            pass  # no netlink in this sandbox; the files know nearly all
    names: dict[int, str] = {}
    for table, (index, base, name) in _NAMING.items():
        try:
            lines = _lines(host, f"{directory}/{table}")
        except FileNotFoundError:
            continue  # a kernel without multicast, or without IPv6
        for line in lines:
            fields = line.split()
            if len(fields) > max(index, name) and not line.startswith((b"Idx", b"\t")):
                names[int(fields[index], base)] = canonical.text(fields[name].rstrip(b":"))
    return names


def _lines(host: Host, path: str) -> list[bytes]:
    return host.read(path, limit=_LIMIT).splitlines()
