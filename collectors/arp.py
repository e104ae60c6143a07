"""The neighbours that the host has spoken to: the caches of ARP and NDP, as rtnetlink(7) has them.

Of the network namespace the agent runs in. /proc/net/arp would tell IPv4 only.
"""

import struct

from collectors import interfaces, netlink
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Status, condition

_NEIGHBOUR = struct.Struct("=B3xiHBB")
"""struct ndmsg: family, index of the interface, state, flags, type."""
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_NOARP, _NUD_PERMANENT = 0x40, 0x80


@running_only("rtnetlink")
def arp_cache(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # the kernel tells all columns at once
    """One row for each neighbour that is known or being asked for."""
    try:
        names = interfaces.names_by_index(host)
        neighbours = netlink.dump(host, netlink.GETNEIGH, _NEIGHBOUR.size)
        rows = [row for message in neighbours if (row := _row(message, names)) is not None]
    except OSError as e:
        return Observed((), condition_of(e, "rtnetlink"))
    except struct.error:
        return Observed((), condition(Status.UNREADABLE, "malformed_source", "rtnetlink"))
    return Observed(rows)


def _row(message: netlink.Message, names: dict[int, str]) -> dict[str, Cell] | None:
    """The row of a neighbour; None for what needs no resolution, such as multicast."""
    _, index, state, _, _ = _NEIGHBOUR.unpack(message.fixed)
    address = netlink.address(message.attributes.get(_NDA_DST, b""))
    if not address or not state or state & _NUD_NOARP:
        return None
    return {
        "address": address,
        "mac": message.attributes.get(_NDA_LLADDR, b"").hex(":"),
        "interface": names.get(index, ""),
        "permanent": str(int(bool(state & _NUD_PERMANENT))),
    }
