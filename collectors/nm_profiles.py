"""What one file says of a connection: nm-settings-keyfile(5), and ifcfg files as initscripts had.

Only what kind of connection it makes, and how: no network name, key, account or address is kept.
"""

import shlex
from collections.abc import Mapping

from collectors.config import decoded
from collectors.sysfs import plain
from evidence.canonical import Cell

_TYPES = {"802-11-wireless": "wifi", "802-3-ethernet": "ethernet", "wireless": "wifi"}
"""Older words for kinds of connections."""
_METHODS = {
    "dhcp": "auto",
    "bootp": "auto",
    "none": "manual",
    "static": "manual",
    "autoip": "link-local",
}
"""BOOTPROTO of an ifcfg file as the method of a keyfile."""
_MODES = {"managed": "infrastructure", "ad-hoc": "adhoc", "master": "ap"}
_PERSONAL = frozenset({"wifi", "wifi-p2p", "bluetooth"})
"""Kinds that are called by a network's or a phone's name unless somebody thinks of another."""
_NO = frozenset({"no", "false", "0", "off", "n", "f"})


def personal(row: Mapping[str, Cell]) -> bool:
    """Whether the connection's name, and its file's, may be that of a network or a phone."""
    return row["type"] in _PERSONAL or row["wifi_mode"] != ""


def keyfile(data: bytes) -> dict[str, Cell]:
    """The cells of a keyfile; ValueError if it is none."""
    said = _groups(data)
    if "connection" not in said:
        raise ValueError("no connection")
    own = said["connection"]
    kind = _type(own.get("type", ""))
    radio = said.get("wifi", said.get("802-11-wireless"))
    return {
        "uuid": own.get("uuid", ""),
        "id": own.get("id", ""),
        "type": kind,
        "interface": own.get("interface-name", ""),
        "autoconnect": int(own.get("autoconnect", "").lower() not in _NO),
        "ipv4_method": said.get("ipv4", {}).get("method", ""),
        "ipv6_method": said.get("ipv6", {}).get("method", ""),
        "wifi_mode": "" if radio is None else _mode(radio.get("mode", "")),
        "master": own.get("controller", own.get("master", "")),
        "zone": own.get("zone", ""),
    }


def ifcfg(data: bytes) -> dict[str, Cell]:
    """The cells of an ifcfg file, which the shell reads; ValueError if that could not be."""
    said: dict[str, str] = {}
    for line in _lines(data):
        for word in shlex.split(line, comments=True):
            name, equals, value = word.partition("=")
            if equals and name.isidentifier():
                said[name] = plain(value.encode("utf-8", "surrogateescape"))
    kind = _type(said.get("TYPE", "").lower())
    radio = kind == "wifi" or "ESSID" in said or "MODE" in said
    method = said.get("BOOTPROTO", "").lower()
    return {
        "uuid": said.get("UUID", ""),
        "id": said.get("NAME", ""),
        "type": kind,
        "interface": said.get("DEVICE", ""),
        "autoconnect": int(said.get("ONBOOT", "").lower() not in _NO),
        "ipv4_method": _METHODS.get(method, method),
        "ipv6_method": "",
        "wifi_mode": _mode(said.get("MODE", "").lower()) if radio else "",
        "master": said.get("MASTER", said.get("BRIDGE", "")),
        "zone": said.get("ZONE", ""),
    }


def _groups(data: bytes) -> Mapping[str, Mapping[str, str]]:
    """Key and value by group; the last of a name counts."""
    groups: dict[str, dict[str, str]] = {}
    group: dict[str, str] | None = None
    for line in _lines(data):
        key, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            group = groups.setdefault(line[1:-1], {})
        elif group is None or not equals:
            raise ValueError("no keyfile")
        else:
            group[key.strip()] = plain(value.encode("utf-8", "surrogateescape"))
    return groups


def _lines(data: bytes) -> list[str]:
    """The lines that say something; ValueError if it is no text."""
    if b"\0" in data:
        raise ValueError("no text")
    stripped = (line.strip() for line in decoded(data).split("\n"))
    return [line for line in stripped if line and line[0] not in "#;"]


def _type(name: str) -> str:
    return _TYPES.get(name, name)


def _mode(mode: str) -> str:
    return _MODES.get(mode, mode) or "infrastructure"
