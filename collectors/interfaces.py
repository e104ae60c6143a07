"""Network interfaces and their addresses, of the network namespace the agent runs in."""

import os
import re
import struct
from collections.abc import Mapping

from collectors import netlink
from collectors.errors import NotLiveError, condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Condition

_LINK = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, hardware type, index, flags, changed flags."""
_ADDRESS = struct.Struct("=BBBBI")
"""struct ifaddrmsg: family, prefix length, flags, scope, index of the interface."""
_STATS = struct.Struct("=10Q")
"""The head of struct rtnl_link_stats64."""
_U32 = struct.Struct("=I")
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_STATS64, _IFLA_PROMISCUITY = 1, 3, 4, 23, 30
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFA_F_PERMANENT = 0x80
_IFF_PROMISC = 0x100
_SCOPE_LINK = 253
_AF_INET, _AF_INET6 = 2, 10
_BITS = {_AF_INET: 32, _AF_INET6: 128}
_PCI_SLOT = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


@running_only("rtnetlink")
def interface_details(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each interface."""
    try:
        found = links(host)
    except OSError as e:
        return Observed((), condition_of(e, "rtnetlink"))
    columns: dict[str, Condition] = {}
    speeds: Mapping[str, int] = {}
    if "link_speed" in wanted:
        try:
            speeds = _speeds(host)
        except OSError as e:
            columns["link_speed"] = condition_of(e, "SIOCETHTOOL")
    rows = []
    for link in found:
        row = _details(link)
        interface = name(link)
        row["link_speed"] = None if "link_speed" in columns else speeds.get(interface, 0)
        if "pci_slot" in wanted:
            row["pci_slot"] = _pci_slot(host, interface)
        rows.append(row)
    return Observed(rows, columns=columns)


@running_only("rtnetlink")
def interface_addresses(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # the kernel tells all columns at once
    """One row for each address."""
    try:
        names = names_by_index(host)
        addresses = netlink.dump(host, netlink.GETADDR, _ADDRESS.size)
    except OSError as e:
        return Observed((), condition_of(e, "rtnetlink"))
    return Observed([_address(message, names) for message in addresses])


def links(host: Host) -> list[netlink.Message]:
    """Every link, for `index`, `name` and `flags`; OSError as `netlink.dump` has it."""
    return netlink.dump(host, netlink.GETLINK, _LINK.size)


def names_by_index(host: Host) -> dict[int, str]:
    """The names of the interfaces; OSError as `netlink.dump` has it."""
    return {index(link): name(link) for link in links(host)}


def index(link: netlink.Message) -> int:
    """The number of the interface in its namespace."""
    return int(_LINK.unpack(link.fixed)[2])


def name(link: netlink.Message) -> str:
    """The name of the interface."""
    return canonical.text(link.attributes[_IFLA_IFNAME].rstrip(b"\0"))


def flags(link: netlink.Message) -> int:
    """The interface's flags, promiscuous whoever asked for it.

    The kernel's own flag of promiscuity tells only what an administrator set.
    """
    own = int(_LINK.unpack(link.fixed)[3])
    return own | _IFF_PROMISC if any(link.attributes.get(_IFLA_PROMISCUITY, b"")) else own


def _details(link: netlink.Message) -> dict[str, Cell]:
    found = link.attributes
    counters = netlink.unpacked(_STATS, found[_IFLA_STATS64])
    return {
        "interface": name(link),
        "mac": found.get(_IFLA_ADDRESS, b"").hex(":"),
        "type": _LINK.unpack(link.fixed)[1],
        "mtu": netlink.unpacked(_U32, found[_IFLA_MTU])[0],
        "metric": 0,
        "flags": flags(link),
        "ipackets": counters[0],
        "opackets": counters[1],
        "ibytes": counters[2],
        "obytes": counters[3],
        "ierrors": counters[4],
        "oerrors": counters[5],
        "idrops": counters[6],
        "odrops": counters[7],
        "collisions": counters[9],
        "last_change": -1,
    }


def _speeds(host: Host) -> Mapping[str, int]:
    """The speeds in Mb/s, which only an ioctl tells for this namespace (sysfs may show another)."""
    if not host.live:
        raise NotLiveError("SIOCETHTOOL")
    import psutil  # noqa: PLC0415  # costs 14 ms, and few ask for a speed

    stats = psutil.net_if_stats()
    return {canonical.text(os.fsencode(name)): stat.speed for name, stat in stats.items()}


def _pci_slot(host: Host, name: str) -> str:
    """The PCI function nearest to the interface in the device tree; empty without one."""
    try:
        place = host.link(f"/sys/class/net/{name}")
    except OSError:
        return ""  # a virtual interface, or one whose namespace this sysfs does not show
    slots = _PCI_SLOT.findall(place)
    return slots[-1] if slots else ""


def _address(message: netlink.Message, names: Mapping[int, str]) -> dict[str, Cell]:
    family, prefix, flags, scope, index = _ADDRESS.unpack(message.fixed)
    found = message.attributes
    if _IFA_FLAGS in found:
        flags = _U32.unpack(found[_IFA_FLAGS])[0]
    peer = found.get(_IFA_ADDRESS, b"")
    own = found.get(_IFA_LOCAL, peer)
    return {
        "interface": names.get(index, ""),
        "address": netlink.address(own),
        "mask": netlink.address(_mask(prefix, _BITS.get(family, 0))),
        "broadcast": netlink.address(found.get(_IFA_BROADCAST, b"")),
        "point_to_point": netlink.address(peer) if peer != own else "",
        "type": _origin(family, prefix, scope, permanent=bool(flags & _IFA_F_PERMANENT)),
    }


def _mask(prefix: int, bits: int) -> bytes:
    return (((1 << prefix) - 1) << (bits - prefix)).to_bytes(bits // 8, "big")


def _origin(family: int, prefix: int, scope: int, *, permanent: bool) -> str:
    """How the address came to be: leases and advertisements have lifetimes, people set none."""
    if scope == _SCOPE_LINK and family == _AF_INET6:
        return "auto"
    if permanent:
        return "manual"
    return "dhcp" if prefix == _BITS.get(family) or family == _AF_INET else "auto"
