from pathlib import Path

from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import observe
from tests.collectors.roots import read

MODULE = "/sys/module/usbcore/parameters/authorized_default"


def test_a_bus_that_denies_by_default_and_one_that_does_not() -> None:
    """Each bus has its own default, and each device and interface what it has now."""
    seen = observe("usb_authorization", prefix=umockdev.devices("held-back", "stick"))

    buses = {row["name"]: row["authorized_default"] for row in seen.all(kind="bus")}
    assert buses == {"usb1": 1, "usb9": 0}
    assert seen.one(name="9-1")["authorized"] == 0
    assert seen.one(name="1-1")["kind"] == "device"
    assert seen.one(name="1-1:1.0")["kind"] == "interface"
    assert seen.one(name="usb9")["interface_authorized_default"] == 1


def test_rows_are_the_devices_and_interfaces_of_the_other_tables() -> None:
    """Nothing on the bus is without a row, so that a join loses nothing."""
    prefix = umockdev.devices("hubs", "phone")
    seen = observe("usb_authorization", prefix=prefix)

    devices = observe("usb_devices", prefix=prefix).rows
    interfaces = observe("usb_interfaces", prefix=prefix).rows
    names = {row["name"] for row in seen.rows}
    assert names == {row["port_path"] for row in devices} | {r["interface"] for r in interfaces}


def test_the_modules_default_is_a_row_of_its_own(tmp_path: Path) -> None:
    """It decides for buses that come later, and is there before any bus."""
    observed = read(running(tmp_path, {MODULE: "2\n"}), "usb_authorization")

    assert observed.condition.complete
    assert list(observed.rows) == [{"kind": "module", "name": "usbcore", "authorized_default": 2}]


def test_a_default_that_is_no_number_is_malformed(tmp_path: Path) -> None:
    """What cannot be read as a number is no zero."""
    observed = read(running(tmp_path, {MODULE: "none\n"}), "usb_authorization")

    assert observed.rows == []
    assert observed.columns["authorized_default"].reason is not None


def test_a_covered_parameter_is_unreadable() -> None:
    """An empty tmpfs over the module's parameters does not hide the default silently."""
    seen = observe("usb_authorization", prefix=mounted("mount -t tmpfs tmpfs /sys/module"))

    assert seen.columns["authorized_default"][:2] == ("unreadable", "foreign_mount")
