"""Sockets of every network namespace, and the processes that hold them.

The tables of the kernel are text (Documentation/networking/proc_net_tcp.rst in its sources):
an address is words in the machine's byte order, in hexadecimal, a port is plain hexadecimal, and
the inode joins a socket to the `socket:[inode]` links in /proc/<pid>/fd.
"""

import re
import socket
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from collectors import socket_tables
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.owners import Owners
from collectors.socket_tables import Tables
from evidence import canonical
from evidence.canonical import Cell

_UNIX, _IPV4, _IPV6 = 1, 2, 10
_ICMP, _TCP, _UDP, _ICMPV6, _UDPLITE, _RAW = 1, 6, 17, 58, 136, 255
_LISTEN = 10
_STATES = (
    "UNKNOWN",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSED",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "SYN_RECV",
)
"""By the kernel's number; 3 and 12 are the two ways it keeps a half-open connection."""
_SO_ACCEPTCON = 0x10000
_SOCK_DGRAM = 2
_UNIX_LINE = re.compile(
    rb"[0-9a-f]+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) [0-9A-F]{2} +(\d+) (.+)"
)
"""Address, references, protocol, flags, type, state, inode, path."""


class _Table(NamedTuple):
    """One file in a namespace's directory."""

    name: str
    family: int
    protocol: int


_TABLES = (
    _Table("tcp", _IPV4, _TCP),
    _Table("tcp6", _IPV6, _TCP),
    _Table("udp", _IPV4, _UDP),
    _Table("udp6", _IPV6, _UDP),
    _Table("udplite", _IPV4, _UDPLITE),
    _Table("udplite6", _IPV6, _UDPLITE),
    _Table("raw", _IPV4, _RAW),
    _Table("raw6", _IPV6, _RAW),
    _Table("icmp", _IPV4, _ICMP),
    _Table("icmp6", _IPV6, _ICMPV6),
)
_LISTENING = frozenset({_TCP, _UDP, _UDPLITE})


class _Socket(NamedTuple):
    """One line of a table; addresses are `hex address:hex port`."""

    table: _Table
    local: bytes
    remote: bytes
    state: int
    inode: int

    @property
    def listens(self) -> bool:
        """Whether it takes what anyone sends: a TCP listener, or UDP without a fixed peer."""
        if self.table.protocol == _TCP:
            return self.state == _LISTEN
        return self.table.protocol in _LISTENING and self.remote.endswith(b":0000")


class _UnixSocket(NamedTuple):
    """One named line of the table of UNIX sockets."""

    inode: int
    path: str


@running_only("/proc/net")
def process_open_sockets(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each IPv4 and IPv6 socket."""

    def parse(tables: Tables) -> Iterator[_Socket]:
        for table in _TABLES:
            yield from _sockets(tables, table)

    return socket_tables.observed(host, wanted, parse, _open_row)


@running_only("/proc/net")
def listening_ports(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each socket that waits for someone."""

    def parse(tables: Tables) -> Iterator[_Socket | _UnixSocket]:
        for table in _TABLES:
            if table.protocol in _LISTENING:
                yield from (found for found in _sockets(tables, table) if found.listens)
        yield from _unix_sockets(tables)

    return socket_tables.observed(host, wanted, parse, _listening_row)


def _open_row(found: _Socket, holders: Owners) -> Iterator[dict[str, Cell]]:
    local_address, local_port = _endpoint(found.local)
    remote_address, remote_port = _endpoint(found.remote)
    yield holders.of(found.inode) | {
        "family": found.table.family,
        "protocol": found.table.protocol,
        "local_address": local_address,
        "remote_address": remote_address,
        "local_port": local_port,
        "remote_port": remote_port,
        "path": "",
        "state": _STATES[found.state] if found.table.protocol == _TCP else "",
    }


def _listening_row(found: _Socket | _UnixSocket, holders: Owners) -> Iterator[dict[str, Cell]]:
    held = holders.of(found.inode)
    if isinstance(found, _UnixSocket):
        waits: dict[str, Cell] = {"port": 0, "protocol": 0, "family": _UNIX, "address": ""}
        yield held | waits | {"path": found.path}
        return
    address, port = _endpoint(found.local)
    yield held | {
        "port": port,
        "protocol": found.table.protocol,
        "family": found.table.family,
        "address": address,
        "path": "",
    }


def _sockets(tables: Tables, table: _Table) -> Iterator[_Socket]:
    """The sockets in one table of a namespace; none of a protocol that the kernel lacks."""
    data = tables.read(table.name)
    if data is None:
        return
    heading, *lines = data.splitlines() or [b""]
    if b"local_address" not in heading:
        raise ValueError(table.name)
    for line in lines:
        fields = line.split(None, 10)
        yield _Socket(table, fields[1], fields[2], int(fields[3], 16), int(fields[9]))


def _unix_sockets(tables: Tables) -> Iterator[_UnixSocket]:
    """Each named UNIX socket that accepts connections or takes datagrams.

    A name may hold line feeds; what follows one is left out, as it is no socket's line.
    """
    heading, *lines = (tables.read("unix") or b"").split(b"\n")
    if b"Inode" not in heading:
        raise ValueError("unix")
    for line in lines:
        match = _UNIX_LINE.fullmatch(line)
        if match is None:
            continue
        flags, kind, inode, path = match.groups()
        if int(flags, 16) & _SO_ACCEPTCON or int(kind, 16) == _SOCK_DGRAM:
            yield _UnixSocket(int(inode), canonical.text(path))


@lru_cache(maxsize=4096)
def _endpoint(text: bytes) -> tuple[str, int]:
    """Address and port of `hex address:hex port`."""
    address, _, port = text.partition(b":")
    words = bytes.fromhex(address.decode("ascii"))
    count = len(words) // 4
    data = struct.pack(f"={count}I", *struct.unpack(f">{count}I", words))
    family = socket.AF_INET if count == 1 else socket.AF_INET6
    return socket.inet_ntop(family, data), int(port, 16)
