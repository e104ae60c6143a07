from pathlib import Path

import pytest

from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe
from tests.collectors.roots import by, read

PORT = "/sys/devices/platform/serial8250/tty/ttyS0"
FILES = {
    "/sys/class/tty/ttyS0": f"-> {PORT}",
    f"{PORT}/device": "-> ../../../serial8250",
    f"{PORT}/type": "4\n",
    "/sys/devices/platform/serial8250/driver": "-> ../../../bus/platform/drivers/serial8250",
}


@pytest.fixture(scope="module", name="seen")
def _seen() -> Seen:
    return observe("serial_ports", prefix=umockdev.devices("serial-ports", "modem"))


def test_a_port_on_usb(seen: Seen) -> None:
    """An adapter is served by its own driver, and begins with the place of its device."""
    port = seen.one(name="/dev/ttyUSB0")
    device = observe("usb_devices", prefix=umockdev.devices("serial-ports")).one(port_path="15-1")

    assert (port["driver"], port["bus"]) == ("ftdi_sio", "usb")
    assert port["sysfs_path"].startswith(device["sysfs_path"] + "/")
    assert seen.one(name="/dev/ttyACM0")["driver"] == "cdc_acm"


def test_a_port_on_board(seen: Seen) -> None:
    """The driver is that of the device, not the one a newer kernel puts between."""
    port = seen.one(name="/dev/ttyS0")

    assert (port["driver"], port["bus"]) == ("serial", "platform")


def test_what_only_looks_like_a_port_has_no_row(seen: Seen) -> None:
    """A ttyS that nothing answers on, and a virtual terminal, are no ports."""
    assert {row["name"] for row in seen.rows} == {"/dev/ttyACM0", "/dev/ttyS0", "/dev/ttyUSB0"}


@pytest.mark.parametrize(
    ("consoles", "expected"),
    [("ttyS0                -W- (EC  p a)    4:64\n", 1), ("tty0   -WU (EC  p  )    4:7\n", 0)],
)
def test_a_console_is_told(tmp_path: Path, consoles: str, expected: int) -> None:
    """Where the kernel prints, and takes keystrokes, is what /proc/consoles says."""
    host = running(tmp_path, {**FILES, "/proc/consoles": consoles})

    observed = read(host, "serial_ports")

    assert by(observed, "name", "console") == {"/dev/ttyS0": expected}
    assert by(observed, "name", "driver") == {"/dev/ttyS0": "serial8250"}


def test_without_the_list_of_consoles_nobody_knows(tmp_path: Path) -> None:
    """Where the list is missing the port is not called free."""
    observed = read(running(tmp_path, FILES), "serial_ports")

    assert observed.columns["console"].reason is not None
    assert by(observed, "name", "console") == {"/dev/ttyS0": None}


def test_a_covered_class_is_unreadable() -> None:
    """An empty tmpfs is not a machine without ports."""
    seen = observe("serial_ports", prefix=mounted("mount -t tmpfs tmpfs /sys/class/tty"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
