"""One rule as iptables-save(8) writes it, as the columns that osquery has for it."""

import shlex
from collections.abc import Mapping

from collectors import netlink
from evidence.canonical import Cell

_PROTOCOLS: Mapping[str, int] = {
    "all": 0,
    "icmp": 1,
    "igmp": 2,
    "ipencap": 4,
    "ipip": 4,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "ipv6": 41,
    "gre": 47,
    "esp": 50,
    "ipv6-crypt": 50,
    "ah": 51,
    "ipv6-auth": 51,
    "icmpv6": 58,
    "icmp6": 58,
    "ipv6-icmp": 58,
    "ospf": 89,
    "pim": 103,
    "vrrp": 112,
    "l2tp": 115,
    "sctp": 132,
    "mh": 135,
    "ipv6-mh": 135,
    "mobility-header": 135,
    "udplite": 136,
}
"""The names that iptables itself knows, and those /etc/protocols has for what servers speak."""
_ANY = {"ip": "0.0.0.0", "ip6": "::"}  # noqa: S104  # the text of any address
_BYTES = {"ip": 4, "ip6": 16}
_ADDRESSES = {"-s": "src", "-d": "dst"}
_INTERFACES = {"-i": "iniface", "-o": "outiface"}
_PORTS = {
    "--sport": "src_port",
    "--sports": "src_port",
    "--source-ports": "src_port",
    "--dport": "dst_port",
    "--dports": "dst_port",
    "--destination-ports": "dst_port",
    "--ports": "dst_port",
}
_QUOTED = frozenset({"--comment", "--string", "--hex-string", "--log-prefix", "--nflog-prefix"})
"""Options with a value that people write, which might read as another option."""


def cells(rule: str, family: str) -> dict[str, Cell]:
    """The cells of a rule such as `-A INPUT ! -i lo -p tcp -m tcp --dport 22 -j ACCEPT`.

    Of inverted conditions the value begins with `!`, or is negative.

    Raises:
        ValueError: its quotes do not match.
    """
    found: dict[str, Cell] = {
        "target": "",
        "protocol": 0,
        "src_port": "",
        "dst_port": "",
        "src_ip": _ANY[family],
        "src_mask": _ANY[family],
        "dst_ip": _ANY[family],
        "dst_mask": _ANY[family],
        "iniface": "all",
        "iniface_mask": "",
        "outiface": "all",
        "outiface_mask": "",
        "match": "no",
    }
    words = shlex.split(rule)
    sign = ""
    place = 2
    while place < len(words):
        option, value = words[place], words[place + 1] if place + 1 < len(words) else ""
        place += 2
        if option == "!":
            sign, place = "!", place - 1
            continue
        if option in ("-j", "-g"):
            found["target"] = value
            break
        if option == "-m":
            found["match"] = "yes"
        elif option == "-p":
            number = _protocol(value)
            found["protocol"] = -number if sign and number else number
        elif option in _ADDRESSES:
            name = _ADDRESSES[option]
            address, found[f"{name}_mask"] = _address(value, family)
            found[f"{name}_ip"] = sign + address
        elif option in _INTERFACES:
            name = _INTERFACES[option]
            found[name] = sign + value.removesuffix("+")
            found[f"{name}_mask"] = "FF" * len(value.removesuffix("+") + "\0" * (value[-1:] != "+"))
        elif option in _PORTS:
            found[_PORTS[option]] = sign + value
        elif option not in _QUOTED:
            place -= 1  # how many words it has is the module's own business
        sign = ""
    return found


def _protocol(name: str) -> int | None:
    return int(name) if name.isdecimal() else _PROTOCOLS.get(name)


def _address(text: str, family: str) -> tuple[str, str]:
    """Address and mask of `192.0.2.0/24`; iptables-save writes uneven masks out."""
    address, _, prefix = text.partition("/")
    size = _BYTES[family]
    if not prefix.isdecimal() and prefix:
        return address, prefix
    bits = min(int(prefix or size * 8), size * 8)
    mask = ((1 << bits) - 1) << (size * 8 - bits)
    return address, netlink.address(mask.to_bytes(size, "big"))
