"""Devices and what serves them: built bad a host fails, built good it passes, unseen it is unknown.

Through `anfang scan`, with the shipped policy, as in test_families. What devices are there is
emulated for libudev and for whatever reads /sys.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collectors import umockdev
from tests.collectors.namespaces import mounted
from tests.e2e import hosts
from tests.e2e.hiding import HIDDEN_PROCESSES
from tests.e2e.hosts import EVERY_REGISTER, Host
from tests.e2e.machine import Machine, machine
from tests.e2e.preloaded import interpreter

pytestmark = pytest.mark.xdist_group("processes of this machine")
"""Processes that one test starts would be found by another's scan."""

SYS_COVERED = mounted("mount -t tmpfs tmpfs /sys")
CONNECTION = "3f1c7f2e-5a0b-4a57-9b1e-0d2f6c8e7a10"


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


def test_devices_and_ports(host: Host, tmp_path: Path) -> None:
    """A camera, Bluetooth that is free and a dock that was let in; a stick only; /sys covered."""
    checks = ("CEP-AVC-001", "CEP-RAD-004", "CEP-USB-008")
    python = interpreter(tmp_path / "python")
    camera = tmp_path / "camera.umockdev"
    camera.write_text(silent((umockdev.DEVICES / "camera.umockdev").read_text()))

    emulated = umockdev.devices("radio", "thunderbolt", described=[camera])
    bad = host.scan(*emulated, python=python)
    good = host.scan(*umockdev.devices("stick"), python=python)
    away = host.scan(*SYS_COVERED)

    assert [bad.verdict(check) for check in checks] == ["fail"] * 3
    assert bad.cells("CEP-AVC-001", "device") == ["/dev/video0"]
    assert bad.cells("CEP-RAD-004", "name") == ["8-3", "hci0"]
    assert bad.cells("CEP-USB-008", "port") == ["external PCI", "thunderbolt"]
    assert [good.verdict(check) for check in checks] == ["pass"] * 3
    assert [away.verdict(check) for check in checks] == ["unknown"] * 3
    assert {code for check in checks for code in away.why(check)} == {"foreign_mount"}


def silent(described: str) -> str:
    """The devices `described` but their sound, of which ALSA would have to say more than /sys."""
    blocks = described.split("\n\n")
    return "\n\n".join(block for block in blocks if "/sound/" not in block)


def test_radios_and_parts(host: Host, tmp_path: Path) -> None:
    """A keyboard's receiver nobody registered; the same parts registered and none; /sys covered."""
    python = interpreter(tmp_path / "python")
    receiver = tmp_path / "receiver.umockdev"
    stick = (umockdev.DEVICES / "stick.umockdev").read_text()
    receiver.write_text(stick.replace("=0781\\n", "=046d\\n").replace("=5567\\n", "=c52b\\n"))

    bad = host.scan(*umockdev.devices(described=[receiver]), python=python)
    parts = bad.of("CEP-PER-002")
    registered = [dict(zip(parts.columns[:3], row[:3], strict=True)) for row in parts.rows]
    host.adopt(**{**EVERY_REGISTER, "approved_hardware": registered})
    good = host.scan(*umockdev.devices(described=[receiver]), python=python)
    without = host.scan(*umockdev.devices("stick"), python=python)
    away = host.scan(*SYS_COVERED)

    assert bad.cells("CEP-RAD-006", "place") == ["1-1"]
    assert bad.verdict("CEP-PER-002") == "fail"
    assert good.verdict("CEP-PER-002") == "pass"
    assert without.cells("CEP-PER-002", "vendor_id") == ["0781"]
    assert without.verdict("CEP-RAD-006") == "pass"
    for check in ("CEP-RAD-006", "CEP-PER-002"):
        assert (away.verdict(check), away.why(check)) == ("unknown", {"foreign_mount"})


def test_stored_networks(host: Host, copy: Machine) -> None:
    """A stored wireless connection; the same one approved; and what stores them covered."""
    stored = "/etc/NetworkManager/system-connections/office.nmconnection"
    copy.write(stored, f"[connection]\nid=office\nuuid={CONNECTION}\ntype=wifi\n")

    bad = host.scan(*copy.prefix)
    host.adopt(**{**EVERY_REGISTER, "approved_wifi": [{"uuid": CONNECTION}]})
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/NetworkManager"))

    assert bad.verdict("CEP-RAD-002") == "fail"
    assert bad.cells("CEP-RAD-002", "item") == [CONNECTION]
    assert not any(b"office" in data for data in bad.tables.values())
    assert good.verdict("CEP-RAD-002") == "pass"
    assert (away.verdict("CEP-RAD-002"), away.why("CEP-RAD-002")) == ("unknown", {"foreign_mount"})


def test_printers(host: Host, copy: Machine) -> None:
    """A queue nobody approved; the same one approved; and the queues covered."""
    queue = "<Printer front>\nDeviceURI ipp://10.1.1.9/ipp/print\nState Idle\n</Printer>\n"
    copy.write("/etc/cups/printers.conf", queue)

    bad = host.scan(*copy.prefix)
    host.adopt(**{**EVERY_REGISTER, "approved_printers": [{"scheme": "ipp", "host": "10.1.1.9"}]})
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/cups"))

    assert bad.of("CEP-PER-001").rows == (("front", "queue", "ipp", "10.1.1.9"),)
    assert bad.verdict("CEP-PER-001") == "fail"
    assert good.verdict("CEP-PER-001") == "pass"
    assert (away.verdict("CEP-PER-001"), away.why("CEP-PER-001")) == ("unknown", {"foreign_mount"})


def test_recorders(host: Host, copy: Machine) -> None:
    """A program named and placed like a screen recorder; none; and all processes hidden."""
    program = "/usr/local/bin/wf-recorder"
    copy.run("install", "-D", "/bin/sleep", program)
    with copy.running(program, "60"):
        bad = host.scan(*copy.prefix)
        away = host.scan(*copy.prefix, *HIDDEN_PROCESSES)
    good = host.scan(*copy.prefix)

    assert bad.verdict("CEP-AVC-004") == "fail"
    assert bad.cells("CEP-AVC-004", "item") == [program]
    assert good.verdict("CEP-AVC-004") == "pass"
    assert (away.verdict("CEP-AVC-004"), away.why("CEP-AVC-004")) == ("unknown", {"hidepid"})
