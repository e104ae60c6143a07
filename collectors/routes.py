"""Routes of every routing table, of the network namespace the agent runs in."""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from collectors import interfaces, netlink
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_ROUTE = struct.Struct("=BBBBBBBBI")
"""struct rtmsg: family, prefix lengths of destination and source, TOS, table, protocol, scope,
type, flags."""
_NEXT_HOP = struct.Struct("=HBBi")
"""struct rtnexthop: length, flags, weight, interface."""
_U32 = struct.Struct("=I")
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC = 1, 4, 5, 6, 7
_RTA_METRICS, _RTA_MULTIPATH, _RTA_VIA, _RTA_NH_ID = 8, 9, 18, 30
_RTAX_MTU, _RTAX_HOPLIMIT = 2, 10
_RTM_F_CLONED = 0x200
_UNSPECIFIED = {2: "0.0.0.0", 10: "::"}  # noqa: S104  # the text of a default route
_UNICAST = 1
_TYPES = {
    _UNICAST: "gateway",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
}


class _Hop(NamedTuple):
    gateway: str
    interface: int
    flags: int


@running_only("rtnetlink")
def routes(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # the kernel tells all columns at once
    """One row for each next hop of each route."""
    try:
        names = interfaces.names_by_index(host)
        messages = netlink.dump(host, netlink.GETROUTE, _ROUTE.size)
    except OSError as e:
        return Observed((), condition_of(e, "rtnetlink"))
    rows: list[dict[str, Cell]] = []
    columns: dict[str, Condition] = {}
    for message in messages:
        family, prefix, _, _, _, _, _, kind, flags = _ROUTE.unpack(message.fixed)
        if family not in _UNSPECIFIED or flags & _RTM_F_CLONED:
            continue  # multicast forwarding, and cached copies of routes
        found = message.attributes
        row = _shared(found)
        row["destination"] = netlink.address(found.get(_RTA_DST, b"")) or _UNSPECIFIED[family]
        row["netmask"] = prefix
        row["type"] = _TYPES.get(kind, "other")
        for hop in _hops(found):
            if kind == _UNICAST and hop.interface not in names:
                # The kernel names the next hop by number only (net.ipv4.nexthop_compat_mode=0).
                hop_id = str(_number(found, _RTA_NH_ID))
                lacking = condition(Status.PARTIAL, "source_missing", f"nexthop {hop_id}")
                columns = {"gateway": lacking, "interface": lacking}
                rows.append(row | {"gateway": None, "interface": None, "flags": flags})
                continue
            rows.append(
                row
                | {
                    "gateway": hop.gateway,
                    "interface": names.get(hop.interface, ""),
                    "flags": flags | hop.flags,
                }
            )
    return Observed(rows, columns=columns)


def _shared(found: Mapping[int, bytes]) -> dict[str, Cell]:
    """What all next hops of a route have in common."""
    metrics = netlink.attributes(found.get(_RTA_METRICS, b""))
    return {
        "source": netlink.address(found.get(_RTA_PREFSRC, b"")),
        "metric": _number(found, _RTA_PRIORITY),
        "mtu": _number(metrics, _RTAX_MTU),
        "hopcount": _number(metrics, _RTAX_HOPLIMIT),
    }


def _hops(found: Mapping[int, bytes]) -> Iterator[_Hop]:
    """The next hops: those of a multipath route, else the one in the route itself."""
    paths = found.get(_RTA_MULTIPATH)
    if paths is None:
        yield _Hop(_gateway(found), _number(found, _RTA_OIF), 0)
        return
    offset = 0
    while offset + _NEXT_HOP.size <= len(paths):
        length, flags, _, index = _NEXT_HOP.unpack_from(paths, offset)
        if length < _NEXT_HOP.size:
            return
        attributes = netlink.attributes(paths[offset + _NEXT_HOP.size : offset + length])
        yield _Hop(_gateway(attributes), index, flags)
        offset += netlink.aligned(length)


def _gateway(found: Mapping[int, bytes]) -> str:
    """The next hop's address; RTA_VIA holds a family (2 bytes) and an address of that family."""
    if _RTA_GATEWAY in found:
        return netlink.address(found[_RTA_GATEWAY])
    return netlink.address(found.get(_RTA_VIA, b"")[2:])


def _number(found: Mapping[int, bytes], attribute: int) -> int:
    return int(_U32.unpack_from(found.get(attribute, bytes(4)))[0])
