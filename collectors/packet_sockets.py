"""Packet sockets of every network namespace: who reads, or writes, frames past the IP stack.

/proc/net/packet is a table of text, one line a socket (packet(7)); it names the interface by its
index, whose name is told by rtnetlink for the own namespace and by /proc/<pid>/net for others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from collectors import interfaces, netns, socket_tables
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.owners import Owners
from collectors.socket_tables import Tables
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Status, condition

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
    interface: str | None
    """The interface it is bound to, empty for all; None if its name is not known."""
    user: int
    inode: int


@running_only("/proc/net/packet")
def packet_sockets(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each process that holds a packet socket; none in a kernel without them."""

    def parse(tables: Tables) -> Iterator[_Packet]:
        return _sockets(host, tables, named="interface" in wanted)

    found = socket_tables.observed(host, wanted, parse, _rows)
    nameless = [row for row in found.rows if row["interface"] is None]
    if "interface" not in wanted or not nameless:
        return found
    missing = f"{nameless[0]['net_namespace']}: {', '.join(_NAMING)}"
    lacking = condition(Status.PARTIAL, "source_missing", missing)
    return replace(found, columns={**found.columns, "interface": lacking})


def _rows(found: _Packet, holders: Owners) -> Iterator[dict[str, Cell]]:
    for holder in holders.all(found.inode):
        yield holder | {
            "type": _TYPES.get(found.kind, str(found.kind)),
            "protocol": found.protocol,
            "interface": found.interface,
            "uid": found.user,
        }


def _sockets(host: Host, tables: Tables, *, named: bool) -> Iterator[_Packet]:
    """The packet sockets of one namespace; ValueError or IndexError if the table is damaged."""
    data = tables.read("packet")
    if data is None:
        return
    heading, *lines = data.splitlines() or [b""]
    if b"Inode" not in heading:
        raise ValueError("packet")
    names = _names(host, tables.directory) if named and lines else {}
    for line in lines:
        fields = line.split()
        place = int(fields[4])
        yield _Packet(
            kind=int(fields[2]),
            protocol=int(fields[3], 16),
            interface=names.get(place) if place else "",
            user=int(fields[7]),
            inode=int(fields[8]),
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
            lines = host.read(f"{directory}/{table}", limit=_LIMIT).splitlines()
        except FileNotFoundError:
            continue  # a kernel without multicast, or without IPv6
        for line in lines:
            fields = line.split()
            if len(fields) > max(index, name) and not line.startswith((b"Idx", b"\t")):
                names[int(fields[index], base)] = canonical.text(fields[name].rstrip(b":"))
    return names
