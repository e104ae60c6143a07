"""Sockets of every network namespace, and the processes that hold them.

The tables of the kernel are text (Documentation/networking/proc_net_tcp.rst in its sources):
an address is words in the machine's byte order, in hexadecimal, a port is plain hexadecimal, and
the inode joins a socket to the `socket:[inode]` links in /proc/<pid>/fd.
"""

import re
import socket
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

from collectors import netns
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.owners import owners
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Status, condition

_UNIX, _IPV4, _IPV6 = 1, 2, 10
_ICMP, _TCP, _UDP, _ICMPV6, _UDPLITE, _RAW = 1, 6, 17, 58, 136, 255
_LIMIT = 32 * 1024 * 1024
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


S = TypeVar("S", _Socket, "_Socket | _UnixSocket")


@running_only("/proc/net")
def process_open_sockets(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each IPv4 and IPv6 socket."""

    def read(directory: str) -> list[_Socket]:
        return [found for table in _TABLES for found in _sockets(host, directory, table)]

    return _observed(host, wanted, read, _open_row)


@running_only("/proc/net")
def listening_ports(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each socket that waits for someone."""
    tables = [table for table in _TABLES if table.protocol in _LISTENING]

    def read(directory: str) -> list[_Socket | _UnixSocket]:
        sockets = (found for table in tables for found in _sockets(host, directory, table))
        return [
            *(found for found in sockets if found.listens),
            *_unix_sockets(host, directory),
        ]

    return _observed(host, wanted, read, _listening_row)


def _observed(
    host: Host,
    wanted: frozenset[str],
    read: Callable[[str], list[S]],
    row: Callable[[S], dict[str, Cell]],
) -> Observed:
    """The rows of what `read` finds in the directory of each namespace, with their holders."""
    try:
        places = netns.namespaces(host)
        answers, observed = netns.read_each(host, places, read)
    except OSError as e:
        return Observed((), condition_of(e, netns.OWN))
    except (ValueError, IndexError):
        return Observed((), condition(Status.UNREADABLE, "malformed_source", netns.OWN))
    holders = owners(host, wanted)
    rows = [
        row(found) | holders.of(found.inode) | {"net_namespace": namespace}
        for namespace, sockets in answers
        for found in sockets
    ]
    observed = netns.with_kept(observed, places, holders.namespaces)
    return Observed(rows, observed, {**holders.columns, **places.columns})


def _open_row(found: _Socket) -> dict[str, Cell]:
    local_address, local_port = _endpoint(found.local)
    remote_address, remote_port = _endpoint(found.remote)
    return {
        "family": found.table.family,
        "protocol": found.table.protocol,
        "local_address": local_address,
        "remote_address": remote_address,
        "local_port": local_port,
        "remote_port": remote_port,
        "path": "",
        "state": _STATES[found.state] if found.table.protocol == _TCP else "",
    }


def _listening_row(found: _Socket | _UnixSocket) -> dict[str, Cell]:
    if isinstance(found, _UnixSocket):
        return {"port": 0, "protocol": 0, "family": _UNIX, "address": "", "path": found.path}
    address, port = _endpoint(found.local)
    return {
        "port": port,
        "protocol": found.table.protocol,
        "family": found.table.family,
        "address": address,
        "path": "",
    }


def _sockets(host: Host, directory: str, table: _Table) -> Iterator[_Socket]:
    """The sockets in one table of a namespace; ValueError or IndexError if it is damaged."""
    try:
        data = host.read(f"{directory}/{table.name}", limit=_LIMIT)
    except FileNotFoundError:
        if table.name == "tcp":
            raise
        return  # a kernel without IPv6, or without this protocol
    heading, *lines = data.splitlines() or [b""]
    if b"local_address" not in heading:
        raise ValueError(table.name)
    for line in lines:
        fields = line.split(None, 10)
        yield _Socket(table, fields[1], fields[2], int(fields[3], 16), int(fields[9]))


def _unix_sockets(host: Host, directory: str) -> Iterator[_UnixSocket]:
    """Each named UNIX socket that accepts connections or takes datagrams.

    A name may hold line feeds; what follows one is left out, as it is no socket's line.
    """
    heading, *lines = host.read(f"{directory}/unix", limit=_LIMIT).split(b"\n")
    if b"Inode" not in heading:
        raise ValueError(f"{directory}/unix")
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
