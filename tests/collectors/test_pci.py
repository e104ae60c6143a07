import re
from pathlib import Path

import pytest

from collectors.pci import pci_devices
from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted, run
from tests.collectors.observe import Seen, here, observe
from tests.collectors.roots import by, read

FIELD = re.compile(r"^(\w+):\s+(.*)$", re.MULTILINE)
SLOT = "/sys/devices/pci0000:00/0000:00:1f.3"


@pytest.fixture(scope="module", name="seen")
def _seen() -> Seen:
    return observe("pci_devices", prefix=umockdev.devices("thunderbolt"))


def test_a_controller(seen: Seen) -> None:
    """Numbers as osquery writes them, names by the database, driver and memory protection."""
    row = seen.one(pci_slot="0000:04:00.0")

    assert (row["vendor_id"], row["model_id"]) == ("0x8086", "0x15d2")
    assert (row["pci_class_id"], row["pci_subclass_id"]) == ("0x08", "0x80")
    assert (row["driver"], row["iommu_group"]) == ("thunderbolt", 12)
    assert row["sysfs_path"] == "/sys/devices/pci0000:00/0000:00:1c.4/0000:04:00.0"


def test_removability_has_three_states(seen: Seen) -> None:
    """Behind an open port 1, built in 0, and NULL where the firmware is silent."""
    silent = observe("pci_devices", prefix=umockdev.devices("stick")).rows

    assert seen.one(pci_slot="0000:05:00.0")["removable"] == 1
    assert seen.one(pci_slot="0000:04:00.0")["removable"] == 0
    assert silent[0]["removable"] is None


def test_devices_are_those_of_lspci() -> None:
    """Slots, numbers and names of this machine's devices, as lspci has them."""
    listed = run(["lspci", "-Dvmmnn"])

    rows = {str(row["pci_slot"]): row for row in here("pci_devices").rows}

    records = [dict(FIELD.findall(text)) for text in listed.split("\n\n")]
    found = {record["Slot"]: record for record in records if record}
    assert rows.keys() == found.keys()
    for slot, record in found.items():
        vendor, vendor_id = _named(record["Vendor"])
        model, model_id = _named(record["Device"])
        subclass, class_id = _named(record["Class"])
        row = rows[slot]
        assert (row["vendor_id"], row["model_id"]) == (vendor_id, model_id)
        assert f"{row['pci_class_id']}{str(row['pci_subclass_id'])[2:]}" == class_id
        assert row["vendor"] == vendor
        assert row["model"] == ("" if model == "Device" else model)
        assert (row["pci_subclass"] or row["pci_class"]) == subclass


def test_names_of_a_device_its_board_and_its_class(tmp_path: Path) -> None:
    """A subsystem is looked up within its device, a subclass within its class."""
    host = running(tmp_path, _machine(subsystem_device="0x2245"))

    (row,) = read(host, "pci_devices").rows

    assert (row["vendor"], row["model"]) == ("Intel Corporation", "Audio")
    assert (row["subsystem_vendor"], row["subsystem_model"]) == ("Lenovo", "ThinkPad")
    assert (row["pci_class"], row["pci_subclass"]) == ("Multimedia controller", "Audio device")


@pytest.mark.parametrize("subsystem", ["0x9999", "0x0001"])
def test_a_name_of_another_device_is_not_taken(tmp_path: Path, subsystem: str) -> None:
    """What the next device in the database is called as a board is not what this one is."""
    host = running(tmp_path, _machine(subsystem_device=subsystem))

    (row,) = read(host, "pci_devices").rows

    assert row["subsystem_model"] == ""


def test_without_a_database_names_are_empty(tmp_path: Path) -> None:
    """Names are for people: without them the table is whole all the same."""
    files = {path: said for path, said in _machine().items() if "pci.ids" not in path}

    observed = read(running(tmp_path, files), "pci_devices")

    assert observed.condition.complete
    assert observed.columns == {}
    assert by(observed, "pci_slot", "vendor") == {"0000:00:1f.3": ""}


def test_a_class_that_is_none_is_malformed(tmp_path: Path) -> None:
    """A class the kernel would never write leaves its columns unreadable, and the row there."""
    observed = read(running(tmp_path, {**_machine(), f"{SLOT}/class": "0x04\n"}), "pci_devices")

    assert observed.columns.keys() == {"pci_class_id", "pci_subclass_id"}
    assert len(observed.rows) == 1


def test_a_covered_bus_is_unreadable() -> None:
    """An empty tmpfs over the bus is not a machine without devices."""
    seen = observe("pci_devices", prefix=mounted("mount -t tmpfs tmpfs /sys/bus"))

    assert (seen.status, *seen.reason) == ("unreadable", "foreign_mount", "/sys/bus", "tmpfs")


def test_names_are_not_looked_up_unless_asked(tmp_path: Path) -> None:
    """The database is a megabyte that a policy without names does not pay for."""
    host = running(tmp_path, _machine())

    pci_devices(host, frozenset({"vendor_id", "driver"}))

    assert not any(path.endswith("pci.ids") for path in host.asked)


def _named(text: str) -> tuple[str, str]:
    """Of `Intel Corporation [8086]` name and number."""
    name, _, number = text.rpartition(" [")
    return name, f"0x{number.rstrip(']')}"


def _machine(subsystem_device: str = "0x0000") -> dict[str, str | bytes]:
    """A machine with one device, and a database of two."""
    return {
        "/sys/bus/pci/devices/0000:00:1f.3": f"-> {SLOT}",
        f"{SLOT}/vendor": "0x8086\n",
        f"{SLOT}/device": "0x9d71\n",
        f"{SLOT}/class": "0x040300\n",
        f"{SLOT}/subsystem_vendor": "0x17aa\n",
        f"{SLOT}/subsystem_device": f"{subsystem_device}\n",
        "/usr/share/misc/pci.ids": (
            "# comment\n17aa  Lenovo\n8086  Intel Corporation\n"
            "\t9d71  Audio\n\t\t1028 2245  Latitude\n\t\t17aa 2245  ThinkPad\n"
            "\t9d72  Other\n\t\t17aa 0001  Not this one\n"
            "C 04  Multimedia controller\n\t00  Video\n\t03  Audio device\nC 05  Memory\n"
        ),
    }
