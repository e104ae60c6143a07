"""Built hosts: tools that give access away, tunnels, what was tampered with, what is installed.

Bad fails, good passes, and without its source it is unknown, as in tests/e2e/test_families.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collectors.namespaces import mounted, namespace
from tests.e2e import hosts, refusing
from tests.e2e.hiding import HIDDEN_PROCESSES
from tests.e2e.hosts import Host
from tests.e2e.machine import Machine, machine

pytestmark = pytest.mark.xdist_group("processes of this machine")
"""Processes that one test starts would be found by another's scan."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host with the shipped policy."""
    directory = tmp_path / "host"
    directory.mkdir()
    with hosts.host(directory) as made:
        yield made


@pytest.fixture
def copy(host: Host, tmp_path: Path) -> Iterator[Machine]:
    """A copy of this machine on which `host` can be scanned."""
    with machine(tmp_path / "copy", host.state.root) as made:
        yield made


@pytest.mark.parametrize(
    ("check", "tool", "program"),
    [
        ("CEP-RMT-003", "x11vnc", "/usr/bin/x11vnc"),
        ("CEP-RMT-006", "ttyd", "/usr/local/bin/ttyd"),
        ("CEP-TUN-002", "Tailscale", "/usr/sbin/tailscaled"),
        ("CEP-TUN-006", "Syncthing", "/usr/bin/syncthing"),
    ],
)
def test_tools_that_run(host: Host, copy: Machine, check: str, tool: str, program: str) -> None:
    """A program that is named and placed like the tool; none; and all processes hidden."""
    copy.run("install", "-D", "/bin/sleep", program)
    with copy.running(program, "60"):
        bad = host.scan(*copy.prefix)
        hidden = host.scan(*copy.prefix, *HIDDEN_PROCESSES)
    good = host.scan(*copy.prefix)

    assert bad.cells(check, "tool") == [tool]
    assert host.shown_init(bad).verdict(check) == "fail"
    assert host.shown_init(good).verdict(check) == "pass"
    assert (hidden.verdict(check), hidden.why(check)) == ("unknown", {"hidepid"})


def test_remains(host: Host, copy: Machine) -> None:
    """A directory and a job of tools that do not run; none; and the directory covered."""
    good = host.scan(*copy.prefix)
    copy.run("mkdir", "/opt/todesk")
    copy.write("/etc/cron.d/channel", "* * * * * root /usr/local/bin/frpc -c /etc/x.ini\n")
    bad = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/cron.d"))

    assert bad.verdict("CEP-RMT-004") == "fail"
    assert sorted(map(str, bad.cells("CEP-RMT-004", "trace"))) == [
        "/opt/todesk",
        "/usr/local/bin/frpc",
    ]
    assert good.verdict("CEP-RMT-004") == "pass"
    assert away.verdict("CEP-RMT-004") == "unknown"


def test_tunnels(host: Host) -> None:
    """A tunnel in use; the same registered; the kernel not asked for its links."""
    with namespace() as net:
        net.ip("tuntap add dev channel mode tun")
        net.ip("link set channel up")
        host.adopt(approved_tunnels=[])
        bad = host.scan(*net.prefix)
        host.adopt(approved_tunnels=[{"interface": "chan*", "kind": "tun", "remote_address": "*"}])
        good = host.scan(*net.prefix)
        away = host.scan(*net.prefix, *refusing.netlink())

    assert bad.verdict("CEP-TUN-003") == "fail"
    assert bad.cells("CEP-TUN-003", "interface") == ["channel"]
    assert good.verdict("CEP-TUN-003") == "pass"
    assert away.verdict("CEP-TUN-003") == "unknown"


def test_boot_settings(host: Host, copy: Machine) -> None:
    """Settings of the boot loader readable to all; made private as advised; covered."""
    copy.write("/boot/grub/grub.cfg", "set timeout=5\n")
    copy.run("chmod", "444", "/boot/grub/grub.cfg")
    bad = host.scan(*copy.prefix)
    copy.run("chown", "root:root", "/boot/grub/grub.cfg")
    copy.run("chmod", "600", "/boot/grub/grub.cfg")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /boot"))

    assert bad.verdict("CEP-KRN-002") == "fail"
    assert bad.cells("CEP-KRN-002", "item") == ["/boot/grub/grub.cfg"]
    assert good.verdict("CEP-KRN-002") == "pass"
    assert away.verdict("CEP-KRN-002") == "unknown"


def test_key_programs(host: Host, copy: Machine) -> None:
    """A program of a key package replaced; as it was; the package database covered."""
    good = host.scan(*copy.prefix)
    copy.run("sh", "-c", "echo >> /usr/bin/passwd")
    bad = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /var/lib/dpkg"))

    assert bad.verdict("CEP-KRN-005") == "fail"
    assert bad.cells("CEP-KRN-005", "path") == ["/usr/bin/passwd"]
    assert good.verdict("CEP-KRN-005") == "pass"
    assert away.verdict("CEP-KRN-005") == "unknown"


def test_programs_from_temporary_directories(host: Host, copy: Machine) -> None:
    """A program in /tmp, and one that deleted itself; neither; and all processes hidden."""
    copy.run("install", "-D", "/bin/sleep", "/tmp/dropped")
    with copy.running("/tmp/dropped", "60"):
        copy.run("rm", "/tmp/dropped")
        bad = host.scan(*copy.prefix)
        hidden = host.scan(*copy.prefix, *HIDDEN_PROCESSES)
    good = host.scan(*copy.prefix)

    assert "/tmp/dropped" in bad.cells("CEP-SWI-004", "path")
    assert "/tmp/dropped" in bad.cells("CEP-KRN-006", "trace")
    assert "/tmp/dropped" not in good.cells("CEP-SWI-004", "path")
    assert "/tmp/dropped" not in good.cells("CEP-KRN-006", "trace")
    for check in ("CEP-SWI-004", "CEP-KRN-006"):
        assert host.shown_init(bad).verdict(check) == "fail"
        assert (hidden.verdict(check), hidden.why(check)) == ("unknown", {"hidepid"})


def test_repositories(host: Host, copy: Machine) -> None:
    """A repository nobody approved and trusted unsigned; the unit's own; settings covered."""
    host.adopt(approved_repositories=[{"uri": "https://mirror.unit.local/*"}])
    copy.run("sh", "-c", "rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*")
    copy.write("/etc/apt/sources.list", "deb [trusted=yes] http://odd.example/debian x main\n")
    bad = host.scan(*copy.prefix)
    copy.write("/etc/apt/sources.list", "deb https://mirror.unit.local/debian bookworm main\n")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/apt"))

    assert bad.verdict("CEP-SWI-002") == "fail"
    assert bad.cells("CEP-SWI-002", "problem") == ["not approved", "signature not checked"]
    assert good.verdict("CEP-SWI-002") == "pass"
    assert away.verdict("CEP-SWI-002") == "unknown"
