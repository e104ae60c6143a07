from pathlib import Path

import pytest

from facts.status import Status, condition
from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe
from tests.collectors.roots import read

PLACE = "/sys/devices/pci0000:00/0000:00:02.0/drm/card0/card0-VGA-1"


@pytest.fixture(scope="module", name="seen")
def _seen() -> Seen:
    return observe("displays", prefix=umockdev.devices("laptop"))


def test_a_monitor_is_known_by_its_maker_product_and_serial_number(seen: Seen) -> None:
    """The serial number that stands in words counts before the one in digits."""
    monitor = seen.one(name="card0-HDMI-A-1")

    assert (monitor["status"], monitor["enabled"]) == ("connected", 0)
    assert (monitor["manufacturer"], monitor["product_id"]) == ("DEL", "a0c7")
    assert monitor["serial"] == "7MT0186418CL"
    assert monitor["driver"] == "i915"


def test_a_panel_without_a_serial_number(seen: Seen) -> None:
    """A built-in panel often has none: the cell is empty."""
    panel = seen.one(name="card0-eDP-1")

    assert (panel["manufacturer"], panel["serial"], panel["enabled"]) == ("BOE", "", 1)


def test_a_connector_with_nothing_on_it(seen: Seen) -> None:
    """A connector is a row also when nothing is on it, and its card is none."""
    empty = seen.one(name="card0-DP-1")

    assert (empty["status"], empty["manufacturer"], empty["serial"]) == ("disconnected", "", "")
    assert len(seen.rows) == 3


def test_a_number_stands_for_a_serial_number(tmp_path: Path) -> None:
    """A monitor that states only the number has that one."""
    edid = bytearray.fromhex("00ffffffffffff00") + bytearray(120)
    edid[12:16] = (4711).to_bytes(4, "little")
    edid[127] = -sum(edid) % 256

    observed = read(running(tmp_path, _connector(bytes(edid))), "displays")

    assert [row["serial"] for row in observed.rows] == ["4711"]


@pytest.mark.parametrize("edid", [b"\0" * 128, b"\xff" * 40, b"\0\xff\xff\xff\xff\xff\xff\0" * 16])
def test_a_damaged_block_names_nobody(tmp_path: Path, edid: bytes) -> None:
    """What is no EDID block, or has the wrong checksum, leaves the identity unreadable."""
    observed = read(running(tmp_path, _connector(edid)), "displays")

    malformed = condition(Status.UNREADABLE, "malformed_source", "/sys/class/drm/card0-VGA-1/edid")
    assert observed.columns == dict.fromkeys(("manufacturer", "product_id", "serial"), malformed)
    assert [row["status"] for row in observed.rows] == ["connected"]


def test_a_covered_class_is_unreadable() -> None:
    """An empty tmpfs is not a machine without a display."""
    seen = observe("displays", prefix=mounted("mount -t tmpfs tmpfs /sys/class"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")


def _connector(edid: bytes) -> dict[str, str | bytes]:
    return {
        "/sys/class/drm/card0-VGA-1": f"-> {PLACE}",
        f"{PLACE}/status": "connected\n",
        f"{PLACE}/enabled": "enabled\n",
        f"{PLACE}/edid": edid,
    }
