"""Saved connections, on roots made for the tests."""

import json
from pathlib import Path

import pytest

from collectors.network_manager import nm_connections
from facts.status import Status
from facts.tables import SPECS
from tests.collectors.roots import by, cells, read, root

ALL = frozenset(column.name for column in SPECS["nm_connections"].columns)
ETC = "/etc/NetworkManager/system-connections"
HOST = {"/etc/hostname": "a", "/usr/lib/os-release": ""}
"""What makes these roots recorded ones of a whole host."""
VENDOR = "/usr/lib/NetworkManager/system-connections"
WIRED = """\
# made by hand
[connection]
id=Office wire
uuid=11111111-1111-1111-1111-111111111111
type=ethernet
interface-name=eth0
autoconnect=false
zone=internal

[ethernet]
mac-address=02:00:00:00:00:01

[ipv4]
address1=192.0.2.7/24
method=shared

[ipv6]
method=disabled
"""
HOTSPOT = """\
[connection]
id=TopSecretNetwork
uuid=22222222-2222-2222-2222-222222222222
type=wifi

[wifi]
mode=ap
ssid=TopSecretNetwork

[wifi-security]
key-mgmt=wpa-psk
psk=correct horse battery staple

[ipv4]
method=shared
"""
IFCFG = """\
TYPE=Ethernet
NAME="System eth1"   # by the installer
UUID=33333333-3333-3333-3333-333333333333
DEVICE=eth1
ONBOOT=no
BOOTPROTO=dhcp
BRIDGE=br0
"""


def test_a_connection_is_described(tmp_path: Path) -> None:
    """Kind, interface, methods and zone of a keyfile; shared is what forwards for others."""
    observed = read(root(tmp_path, HOST | {f"{ETC}/wire.nmconnection": WIRED}), "nm_connections")

    (row,) = observed.rows
    assert observed.condition.complete
    assert (row["id"], row["type"], row["interface"]) == ("Office wire", "ethernet", "eth0")
    assert (row["autoconnect"], row["zone"], row["wifi_mode"]) == (0, "internal", "")
    assert (row["ipv4_method"], row["ipv6_method"]) == ("shared", "disabled")
    assert (row["format"], row["path"]) == ("keyfile", f"{ETC}/wire.nmconnection")


@pytest.mark.parametrize(
    ("kind", "group"), [("wifi", "wifi"), ("802-11-wireless", "802-11-wireless"), ("", "wifi")]
)
def test_a_hotspot_is_told_and_its_network_is_not(tmp_path: Path, kind: str, group: str) -> None:
    """The mode is what matters; neither name nor key of the network is anywhere in the row."""
    text = HOTSPOT.replace("type=wifi", f"type={kind}").replace("[wifi]", f"[{group}]")

    observed = read(
        root(tmp_path, HOST | {f"{ETC}/TopSecretNetwork.nmconnection": text}), "nm_connections"
    )

    (row,) = observed.rows
    assert (row["wifi_mode"], row["ipv4_method"], row["autoconnect"]) == ("ap", "shared", 1)
    assert (row["id"], row["path"]) == ("", ETC)
    assert "Secret" not in json.dumps(row)
    assert "horse" not in json.dumps(row)


def test_a_phone_is_not_named(tmp_path: Path) -> None:
    """A connection over Bluetooth is called by its owner's phone."""
    text = WIRED.replace("type=ethernet", "type=bluetooth").replace("Office wire", "Li's phone")

    observed = read(
        root(tmp_path, HOST | {f"{ETC}/Li's phone.nmconnection": text}), "nm_connections"
    )

    assert "Li" not in json.dumps(list(observed.rows))


def test_older_files_are_read_like_the_shell_does(tmp_path: Path) -> None:
    """ifcfg files with quotes and comments; a network's name and key are left out there, too."""
    wireless = "TYPE=Wireless\nESSID='TopSecretNetwork'\nMODE=Master\nBOOTPROTO=shared\n"
    files = {
        "/etc/sysconfig/network-scripts/ifcfg-eth1": IFCFG,
        "/etc/sysconfig/network-scripts/ifcfg-TopSecretNetwork": wireless,
        "/etc/sysconfig/network-scripts/ifcfg-lo": "DEVICE=lo\n",
        "/etc/sysconfig/network-scripts/ifcfg-eth1.bak": IFCFG,
        "/etc/sysconfig/network-scripts/ifup": "#!/bin/sh\n",
    }

    observed = read(root(tmp_path, HOST | files), "nm_connections")

    assert cells(observed, "type", "id", "interface", "autoconnect", "ipv4_method", "master") == [
        ("wifi", "", "", 1, "shared", ""),
        ("ethernet", "System eth1", "eth1", 0, "auto", "br0"),
    ]
    assert by(observed, "type", "wifi_mode") == {"wifi": "ap", "ethernet": ""}
    assert "Secret" not in json.dumps(list(observed.rows))


def test_an_earlier_directory_hides_the_same_connection(tmp_path: Path) -> None:
    """What the vendor ships counts only while nobody has his own, or took it away."""
    files = {
        f"{ETC}/mine.nmconnection": WIRED,
        f"{ETC}/44444444-4444-4444-4444-444444444444.nmmeta": "-> /dev/null",
        f"{VENDOR}/theirs.nmconnection": WIRED.replace("Office", "Vendor"),
        f"{VENDOR}/gone.nmconnection": WIRED.replace("1111-1111", "4444-4444").replace("1", "4"),
        f"{VENDOR}/other.nmconnection": WIRED.replace("1", "5").replace("Office", "Other"),
        f"{VENDOR}/without-suffix": WIRED.replace("1", "6"),
        f"{ETC}/wire~": WIRED.replace("1", "7"),
        f"{ETC}/.hidden": WIRED.replace("1", "8"),
    }

    observed = read(root(tmp_path, HOST | files), "nm_connections")

    assert [row["id"] for row in observed.rows] == ["Office wire", "Other wire"]


@pytest.mark.parametrize(
    "damage",
    [b"", b"id=before any group\n", b"[ipv4]\nmethod=auto\n", b"\0\xff", b"[connection]\nnoise\n"],
)
def test_a_file_that_is_none_makes_it_partial(tmp_path: Path, damage: bytes) -> None:
    """A damaged connection is told, and the others are kept."""
    files = {f"{ETC}/wire.nmconnection": WIRED.encode(), f"{ETC}/x.nmconnection": damage}

    observed = read(root(tmp_path, {**HOST, **files}), "nm_connections")

    assert len(observed.rows) == 1
    assert observed.condition.status is Status.PARTIAL
    assert observed.condition.reason is not None
    assert observed.condition.reason.args == (f"{ETC}/x.nmconnection",)


def test_what_is_no_file_makes_it_partial(tmp_path: Path) -> None:
    """A directory or a circle of links in a file's place is not passed over."""
    host = root(
        tmp_path, {f"{ETC}/wire.nmconnection": WIRED, f"{ETC}/a.nmconnection": "-> a.nmconnection"}
    )
    (tmp_path / ETC[1:] / "d.nmconnection").mkdir()

    observed = nm_connections(host, ALL)

    assert observed.condition.status is Status.PARTIAL


def test_a_host_without_network_manager_has_none(tmp_path: Path) -> None:
    """No such directory is no such program; a record that lacks /etc says nothing."""
    without = read(
        root(tmp_path / "a", {"/etc/hostname": "a", "/usr/lib/os-release": ""}), "nm_connections"
    )
    nothing = read(root(tmp_path / "b", {"/usr/lib/os-release": ""}), "nm_connections")

    assert (without.rows, without.condition.complete) == ([], True)
    assert nothing.condition.status is Status.UNREADABLE
