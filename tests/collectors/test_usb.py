import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collectors.host import LiveHost, RootHost
from collectors.usb import usb_devices, usb_interfaces
from facts.status import COMPLETE, Status, condition
from tests.collectors import umockdev
from tests.collectors.namespaces import mounted
from tests.collectors.observe import ROOT, Seen, observe

EVERY = sorted(file.stem for file in umockdev.DEVICES.glob("*.umockdev"))
PCI = "/sys/devices/pci0000:00"


def devices(*names: str) -> Seen:
    return observe("usb_devices", prefix=umockdev.devices(*names))


def interfaces(*names: str) -> Seen:
    return observe("usb_interfaces", prefix=umockdev.devices(*names))


def libudev(*names: str) -> dict[str, Any]:
    """What the real libudev says among these devices."""
    argv = [*umockdev.devices(*names), sys.executable, "-m", "tests.collectors.libudev"]
    answer = subprocess.run(argv, cwd=ROOT, capture_output=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_a_stick() -> None:
    """A stick has its numbers, names, port and removability; its class is its interface's."""
    device = devices("stick").one(port_path="1-1")
    interface = interfaces("stick").one(interface="1-1:1.0")

    assert device == {
        "usb_address": 2,
        "usb_port": 1,
        "vendor": "SanDisk",
        "vendor_id": "0781",
        "version": "0126",
        "model": "Cruzer Blade",
        "model_id": "5567",
        "serial": "4C530001230823112233",
        "serial_state": "unique",
        "class": "00",
        "subclass": "00",
        "protocol": "00",
        "removable": 1,
        "sysfs_path": f"{PCI}/0000:00:14.0/usb1/1-1",
        "port_path": "1-1",
        "authorized": 1,
        "speed": "480",
    }
    assert interface == {
        "sysfs_path": device["sysfs_path"],
        "interface": "1-1:1.0",
        "number": 0,
        "class": "08",
        "subclass": "06",
        "protocol": "50",
        "description": "",
        "driver": "usb-storage",
        "authorized": 1,
        "network_interface": "",
    }


def test_a_root_hub() -> None:
    """A root hub is a device too, on port 0, and nobody knows whether it is removable."""
    hub = devices("stick").one(port_path="usb1")

    assert (hub["class"], hub["usb_port"], hub["removable"]) == ("09", 0, None)


def test_removability_has_three_states() -> None:
    """What the firmware calls fixed is 0, removable 1, and unknown is NULL."""
    seen = devices("bmc", "stick")

    assert seen.one(port_path="7-1.1")["removable"] == 0
    assert seen.one(port_path="1-1")["removable"] == 1
    assert seen.one(port_path="usb7")["removable"] is None


def test_a_tree_of_hubs() -> None:
    """A device behind two hubs has its physical port path, and the port of the last hub."""
    seen = devices("hubs")

    stick = seen.one(port_path="2-1.4.2")
    assert stick["usb_port"] == 2
    assert stick["sysfs_path"] == f"{PCI}/0000:00:1a.0/usb2/2-1/2-1.4/2-1.4.2"


def test_one_serial_on_two_sticks() -> None:
    """Two sticks with one serial number are two rows; a stick without one has none."""
    sticks = devices("hubs").all(vendor_id="090c")

    assert sorted((row["serial"], row["serial_state"]) for row in sticks) == [
        ("", "missing"),
        ("0123456789ABCDEF", "duplicate"),
        ("0123456789ABCDEF", "duplicate"),
    ]
    assert len({row["port_path"] for row in sticks}) == 3


def test_names_of_devices_that_do_not_say() -> None:
    """A device without strings is named by the database of USB numbers, if there is one."""
    nameless = devices("hubs").one(port_path="2-1.4.3")

    files = [Path("/usr/share/hwdata/usb.ids"), Path("/usr/share/misc/usb.ids")]
    known = next((file.read_text("utf-8", "replace") for file in files if file.exists()), "")
    assert nameless["vendor"] == _after(known, "\n090c  ")
    assert nameless["model"] == _after(known.partition("\n090c  ")[2], "\n\t1000  ")


def test_a_device_that_types_and_stores() -> None:
    """Each interface of a composite device has its own class."""
    seen = interfaces("keystroke").all(sysfs_path=f"{PCI}/0000:00:1b.0/usb3/3-2")

    assert {(row["class"], row["subclass"], row["protocol"]) for row in seen} == {
        ("03", "01", "01"),
        ("08", "06", "50"),
    }


def test_a_token_is_no_boot_keyboard() -> None:
    """A crypto token is input and storage too, but its input has no boot protocol."""
    seen = interfaces("ukey").all(sysfs_path=f"{PCI}/0000:00:1e.0/usb6/6-3")

    assert {(row["class"], row["protocol"]) for row in seen} == {("03", "00"), ("08", "50")}


def test_a_phone_shares_its_network() -> None:
    """The interface that carries the network names it; one that no driver serves has none."""
    seen = interfaces("phone")

    assert seen.one(interface="4-1:1.0")["network_interface"] == "usb0"
    assert seen.one(interface="4-1:1.0")["driver"] == "rndis_host"
    assert seen.one(interface="4-1:1.2")["driver"] == ""


def test_a_phone_that_hands_out_files() -> None:
    """Of a vendor's own class only the interface's name tells what it is for; it stays as said."""
    seen = interfaces("phone-files")

    assert (seen.one(interface="14-1:1.0")["class"]) == "ff"
    assert seen.one(interface="14-1:1.0")["description"] == "MTP"
    assert seen.one(interface="14-2:1.0")["class"] == "06"
    assert seen.one(interface="14-2:1.1")["description"] == "ADB Interface"


def test_a_camera_and_a_headset_by_their_classes() -> None:
    """What can see and hear says so before any driver does."""
    seen = interfaces("camera", "headset")

    camera = {row["class"] for row in seen.rows if row["interface"].startswith("12-1:")}
    headset = {row["class"] for row in seen.rows if row["interface"].startswith("13-2:")}
    assert (camera, headset) == ({"0e", "01"}, {"01", "03"})


def test_a_device_held_back() -> None:
    """A device that is not authorised is there, without interfaces."""
    device = devices("held-back").one(port_path="9-1")
    seen = interfaces("held-back")

    assert device["authorized"] == 0
    assert seen.all(sysfs_path=device["sysfs_path"]) == []


def test_a_kernel_without_usb_has_no_devices() -> None:
    """No USB bus below a real /sys means no USB devices, and that is complete."""
    for table in ("usb_devices", "usb_interfaces"):
        seen = observe(table, prefix=umockdev.devices("wlan-pci"))

        assert (seen.status, seen.columns, seen.rows) == ("complete", {}, [])


@pytest.mark.parametrize("table", ["usb_devices", "usb_interfaces"])
@pytest.mark.parametrize("point", ["/sys", "/sys/bus"])
def test_a_covered_bus_is_unreadable(table: str, point: str) -> None:
    """An empty tmpfs over /sys must not read as a host without USB devices."""
    seen = observe(table, prefix=mounted(f"mount -t tmpfs tmpfs {point}"))

    assert (seen.status, *seen.reason) == ("unreadable", "foreign_mount", point, "tmpfs")


def test_libudev_agrees_on_devices() -> None:
    """For every emulated device the real libudev reads the same."""
    witness = {name: it for name, it in libudev(*EVERY).items() if it["type"] == "usb_device"}

    rows = {row["port_path"]: row for row in devices(*EVERY).rows}

    assert rows.keys() == witness.keys()
    for name, device in witness.items():
        row, said = rows[name], device["attributes"]
        assert row["sysfs_path"] == device["sysfs_path"]
        assert row["vendor_id"] == said["idVendor"]
        assert row["model_id"] == said["idProduct"]
        assert row["serial"] == said.get("serial", "")
        assert row["vendor"] == said.get("manufacturer", row["vendor"])
        assert row["class"] == said["bDeviceClass"]
        assert row["usb_address"] == int(device["properties"]["DEVNUM"])
        assert row["authorized"] == int(said["authorized"])


def test_libudev_agrees_on_interfaces() -> None:
    """For every emulated interface the real libudev reads the same."""
    witness = {name: it for name, it in libudev(*EVERY).items() if it["type"] == "usb_interface"}

    rows = {row["interface"]: row for row in interfaces(*EVERY).rows}

    assert rows.keys() == witness.keys()
    for name, interface in witness.items():
        row, said = rows[name], interface["attributes"]
        assert row["sysfs_path"] == interface["sysfs_path"].rpartition("/")[0]
        assert row["class"] == said["bInterfaceClass"]
        assert row["subclass"] == said["bInterfaceSubClass"]
        assert row["protocol"] == said["bInterfaceProtocol"]
        assert row["driver"] == interface["driver"]
        assert row["description"] == said.get("interface", "")


def test_hostile_names(tmp_path: Path) -> None:
    """Bytes that act on terminals or are no text are written out, in a row that stays."""
    description = _renamed(tmp_path, product=b"\x1b[2J\xe2\x80\xaeetirW\xff\tx".hex())

    seen = observe("usb_devices", prefix=umockdev.devices(described=[description]))

    assert seen.columns == {}
    assert seen.one(port_path="1-1")["model"] == "\\x1b[2J\\u202eetirW\\xff\\x09x"


def test_a_huge_serial_number(tmp_path: Path) -> None:
    """A serial number beyond the cap is unreadable, and its device stays."""
    description = _renamed(tmp_path, serial=(b"A" * 100_000).hex())

    seen = observe("usb_devices", prefix=umockdev.devices(described=[description]))

    assert seen.columns["serial"][:2] == ("over_budget", "too_large")
    assert seen.one(port_path="1-1")["serial"] is None


def test_a_stick_taken_out_meanwhile() -> None:
    """A device listed and then gone has no row, and takes nothing from the table."""

    class Gone(LiveHost):
        def names(self, path: str) -> list[str]:
            return ["1-9", "1-9:1.0"] if path == "/sys/bus/usb/devices" else super().names(path)

    for collect in (usb_devices, usb_interfaces):
        observed = collect(Gone(), frozenset({"sysfs_path"}))

        assert (observed.condition, observed.rows, observed.columns) == (COMPLETE, [], {})


def test_a_recorded_root_has_no_devices(tmp_path: Path) -> None:
    """The empty /sys of a mounted image is not a host without devices."""
    (tmp_path / "sys").mkdir()

    observed = usb_devices(RootHost(tmp_path), frozenset({"serial"}))

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/sys/bus/usb/devices")


def _renamed(directory: Path, **attributes: str) -> Path:
    """The stick with these attributes, in hexadecimal, in place of its own."""
    text = (umockdev.DEVICES / "stick.umockdev").read_text("utf-8")
    head, stick, tail = text.partition("P: /devices/pci0000:00/0000:00:14.0/usb1/1-1\n")
    own, end, rest = tail.partition("\n\n")
    lines = [line for line in own.split("\n") if not line.startswith(_prefixes(attributes))]
    lines += [f"H: {name}={value}" for name, value in attributes.items()]
    path = directory / "renamed.umockdev"
    path.write_text(head + stick + "\n".join(lines) + end + rest, "utf-8")
    return path


def _prefixes(attributes: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"A: {name}=" for name in attributes)


def _after(text: str, start: str) -> str:
    return text.partition(start)[2].partition("\n")[0]
