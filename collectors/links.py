"""Network links as rtnetlink(7) tells them: what kind each is, what it belongs to, who sees what.

Of the network namespace the agent runs in, as the other tables of interfaces.
"""

import struct
from collections.abc import Mapping

from collectors import interfaces, netlink
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Status, condition

_U32 = struct.Struct("=I")
_ADDRESS, _LINK, _MASTER, _OPERSTATE, _LINKINFO = 1, 5, 10, 16, 18
_PROMISCUITY, _LINK_NETNSID, _PERM_ADDRESS = 30, 37, 54
_INFO_KIND, _INFO_DATA = 1, 2
_TUN_OWNER, _TUN_GROUP, _TUN_TYPE, _TUN_PERSIST = 1, 2, 3, 6
_TUN_TYPES = {1: "tun", 2: "tap"}
_STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
"""By the kernel's number (RFC 2863)."""
_GRE, _IP_TUNNEL = (7,), (3,)
_REMOTES: Mapping[str, tuple[int, ...]] = {
    "vxlan": (2, 16),
    "geneve": (2, 7),
    "gre": _GRE,
    "gretap": _GRE,
    "erspan": _GRE,
    "ip6gre": _GRE,
    "ip6gretap": _GRE,
    "ip6erspan": _GRE,
    "ipip": _IP_TUNNEL,
    "sit": _IP_TUNNEL,
    "ip6tnl": _IP_TUNNEL,
    "vti": (5,),
    "vti6": (5,),
}
"""Where each kind of tunnel keeps the other end's address (linux/if_link.h, if_tunnel.h)."""


@running_only("rtnetlink")
def network_links(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # the kernel tells all columns at once
    """One row for each link."""
    try:
        links = interfaces.links(host)
        names = {interfaces.index(link): interfaces.name(link) for link in links}
        return Observed([_row(link, names) for link in links])
    except OSError as e:
        return Observed((), condition_of(e, "rtnetlink"))
    except (KeyError, struct.error):
        return Observed((), condition(Status.UNREADABLE, "malformed_source", "rtnetlink"))


def _row(link: netlink.Message, names: Mapping[int, str]) -> dict[str, Cell]:
    found = link.attributes
    info = netlink.attributes(found.get(_LINKINFO, b""))
    kind = canonical.text(info.get(_INFO_KIND, b"").rstrip(b"\0"))
    data = netlink.attributes(info.get(_INFO_DATA, b""))
    abroad = _number(found, _LINK_NETNSID)
    below = _number(found, _LINK)
    state = found.get(_OPERSTATE, b"\0")[0]
    row: dict[str, Cell] = {
        "interface": interfaces.name(link),
        "ifindex": interfaces.index(link),
        "kind": kind,
        "state": _STATES[state] if state < len(_STATES) else str(state),
        "flags": interfaces.flags(link),
        "promiscuity": _number(found, _PROMISCUITY),
        "master": names.get(_number(found, _MASTER) or 0, ""),
        "link": "" if abroad is not None else names.get(below or 0, ""),
        "link_netnsid": abroad,
        "mac_permanent": _permanent(found.get(_ADDRESS), found.get(_PERM_ADDRESS)),
        "remote_address": _remote(kind, data),
        "tun_mode": "",
    }
    if kind == "tun":
        row |= _tun(data)
    return row


def _tun(data: Mapping[int, bytes]) -> dict[str, Cell]:
    """What only tun and tap links have; NULL what the kernel does not tell."""
    mode = data.get(_TUN_TYPE)
    persistent = data.get(_TUN_PERSIST)
    return {
        "tun_mode": None if mode is None else _TUN_TYPES.get(mode[0], str(mode[0])),
        "tun_owner": _number(data, _TUN_OWNER),
        "tun_group": _number(data, _TUN_GROUP),
        "tun_persistent": None if persistent is None else persistent[0],
    }


def _permanent(address: bytes | None, burnt_in: bytes | None) -> int | None:
    return None if not address or not burnt_in else int(address == burnt_in)


def _remote(kind: str, data: Mapping[int, bytes]) -> str:
    """The other end of a tunnel; empty for any, and for what is no tunnel."""
    for attribute in _REMOTES.get(kind, ()):
        address = data.get(attribute, b"")
        if any(address):
            return netlink.address(address)
    return ""


def _number(found: Mapping[int, bytes], attribute: int) -> int | None:
    data = found.get(attribute)
    return None if data is None else int(_U32.unpack_from(data)[0])
