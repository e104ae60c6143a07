"""Sockets of the network namespace the agent runs in, and the processes that hold them.

The tables of the kernel are text (Documentation/networking/proc_net_tcp.rst in its sources):
an address is words in the machine's byte order, in hexadecimal, a port is plain hexadecimal, and
the inode joins a socket to the `socket:[inode]` links in /proc/<pid>/fd.
"""

import re
import socket
import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from collectors import procfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence import canonical
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition

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
_INIT = 1


class _Table(NamedTuple):
    """One file below /proc/net."""

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


class _Owners(NamedTuple):
    """Which process and descriptor hold a socket, by its inode."""

    held: Mapping[int, tuple[int, int]]
    condition: Condition

    def of(self, inode: int) -> dict[str, Cell]:
        """The columns `pid` and `fd`: -1 when nobody holds it, NULL when that is not known."""
        unheld = (-1, -1) if self.condition.complete else (None, None)
        pid, fd = self.held.get(inode, unheld)
        return {"pid": pid, "fd": fd, "socket": inode}


@running_only("/proc/net")
def process_open_sockets(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each IPv4 and IPv6 socket."""
    try:
        sockets = [found for table in _TABLES for found in _sockets(host, table)]
        namespace = _namespace(host)
    except OSError as e:
        return Observed((), condition_of(e, "/proc/net"))
    owners = _owners(host, wanted)
    rows: list[dict[str, Cell]] = []
    for found in sockets:
        local_address, local_port = _endpoint(found.local)
        remote_address, remote_port = _endpoint(found.remote)
        rows.append(
            owners.of(found.inode)
            | {
                "family": found.table.family,
                "protocol": found.table.protocol,
                "local_address": local_address,
                "remote_address": remote_address,
                "local_port": local_port,
                "remote_port": remote_port,
                "path": "",
                "state": _STATES[found.state] if found.table.protocol == _TCP else "",
                "net_namespace": namespace,
            }
        )
    return Observed(rows, columns=_columns(owners))


@running_only("/proc/net")
def listening_ports(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each socket that waits for someone."""
    try:
        tables = [table for table in _TABLES if table.protocol in _LISTENING]
        sockets = [found for table in tables for found in _sockets(host, table) if found.listens]
        paths = list(_unix_sockets(host))
        namespace = _namespace(host)
    except OSError as e:
        return Observed((), condition_of(e, "/proc/net"))
    owners = _owners(host, wanted)
    rows: list[dict[str, Cell]] = []
    for found in sockets:
        address, port = _endpoint(found.local)
        rows.append(
            owners.of(found.inode)
            | {
                "port": port,
                "protocol": found.table.protocol,
                "family": found.table.family,
                "address": address,
                "path": "",
                "net_namespace": namespace,
            }
        )
    rows += [
        owners.of(inode)
        | {
            "port": 0,
            "protocol": 0,
            "family": _UNIX,
            "address": "",
            "path": path,
            "net_namespace": namespace,
        }
        for inode, path in paths
    ]
    return Observed(rows, columns=_columns(owners))


def _sockets(host: Host, table: _Table) -> Iterator[_Socket]:
    try:
        data = host.read(f"/proc/net/{table.name}", limit=_LIMIT)
    except FileNotFoundError:
        if table.name == "tcp":
            raise
        return  # a kernel without IPv6, or without this protocol
    for line in data.splitlines()[1:]:
        fields = line.split(None, 10)
        yield _Socket(table, fields[1], fields[2], int(fields[3], 16), int(fields[9]))


def _unix_sockets(host: Host) -> Iterator[tuple[int, str]]:
    """Inode and path of each named UNIX socket that accepts connections or takes datagrams.

    A name may hold line feeds; what follows one is left out, as it is no socket's line.
    """
    for line in host.read("/proc/net/unix", limit=_LIMIT).split(b"\n"):
        match = _UNIX_LINE.fullmatch(line)
        if match is None:
            continue
        flags, kind, inode, path = match.groups()
        if int(flags, 16) & _SO_ACCEPTCON or int(kind, 16) == _SOCK_DGRAM:
            yield int(inode), canonical.text(path)


def _owners(host: Host, wanted: frozenset[str]) -> _Owners:
    """Who holds which socket; read only when asked for, as it means every descriptor there is.

    Of several holders it is the lowest process, but the service rather than the init process,
    which may hold it open for the service.
    """
    if wanted.isdisjoint({"pid", "fd"}):
        return _Owners({}, COMPLETE)
    view = procfs.view(host)
    if not view.listing.complete:
        return _Owners({}, view.listing)
    held: dict[int, tuple[int, int]] = {}
    found = COMPLETE
    for pid in sorted((int(name) for name in host.names("/proc") if name.isdecimal()), key=_rank):
        try:
            for descriptor, inode in _descriptors(host, f"/proc/{pid}/fd"):
                held.setdefault(inode, (pid, descriptor))
        except PermissionError:
            found = view.denied(f"/proc/{pid}/fd")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return _Owners(held, found)


def _descriptors(host: Host, directory: str) -> Iterator[tuple[int, int]]:
    """Descriptor and inode of each socket that a process holds."""
    for name in host.names(directory):
        try:
            target = host.link(f"{directory}/{name}")
        except FileNotFoundError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            yield int(name), int(target[8:-1])


def _rank(pid: int) -> tuple[bool, int]:
    return pid == _INIT, pid


def _columns(owners: _Owners) -> Mapping[str, Condition]:
    if owners.condition.complete:
        return {}
    return {"pid": owners.condition, "fd": owners.condition}


def _namespace(host: Host) -> str:
    return host.link("/proc/self/ns/net").removeprefix("net:[").removesuffix("]")


@lru_cache(maxsize=4096)
def _endpoint(text: bytes) -> tuple[str, int]:
    """Address and port of `hex address:hex port`."""
    address, _, port = text.partition(b":")
    words = bytes.fromhex(address.decode("ascii"))
    count = len(words) // 4
    data = struct.pack(f"={count}I", *struct.unpack(f">{count}I", words))
    family = socket.AF_INET if count == 1 else socket.AF_INET6
    return socket.inet_ntop(family, data), int(port, 16)
