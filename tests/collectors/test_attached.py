"""Who came and went, from announcements and from looking: what cannot be emulated, file by file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.attached import Devices, Row
from collectors.monitor import Uevent
from tests.collectors.machine import running

USB = "/sys/bus/usb/devices"
DEVICE = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"
BUSES = {"usb": USB}


def _device(directory: Path, **attributes: str) -> Devices:
    """A bus with one device on it, which says what the attributes say."""
    said = {
        "idVendor": "0781",
        "idProduct": "5567",
        "bcdDevice": "0126",
        "serial": "S1",
        "manufacturer": "SanDisk",
        "product": "Blade",
        "devnum": "7",
        "authorized": "1",
        "uevent": "DEVTYPE=usb_device\nDRIVER=usb\nPRODUCT=781/5567/126\nDEVNUM=007\n",
    }
    files = {f"{DEVICE}/{name}": f"{value}\n" for name, value in (said | attributes).items()}
    files[f"{USB}/1-1"] = f"-> ../../../devices/{DEVICE.removeprefix('/sys/devices/')}"
    host = running(directory, files)
    return Devices(lambda: host, BUSES)


def _said(action: str, *, address: int | None = 7, path: str = DEVICE, **fields: Any) -> Uevent:
    usual: dict[str, Any] = {
        "subsystem": "usb",
        "type": "usb_device",
        "driver": "usb",
        "numbers": "781/5567/126",
        "at": 1795420000.0,
    }
    return Uevent(action=action, path=path, address=address, **(usual | fields))


def _happened(devices: Devices, *events: Uevent) -> list[Row]:
    return list(devices.happened(events))


def _nothing() -> Sequence[Uevent]:
    return ()


def test_a_device_that_went_before_it_was_asked(tmp_path: Path) -> None:
    """Its numbers were announced; its names and serial number are unknown, and not empty."""
    devices = Devices(lambda: running(tmp_path, {f"{USB}/.keep": ""}), BUSES)

    (row,) = _happened(devices, _said("add"))

    assert (row["vendor_id"], row["model_id"], row["revision"]) == ("0781", "5567", "0126")
    assert [row[name] for name in ("vendor", "model", "serial")] == [None, None, None]
    assert row["why"] == ["gone_before_read", DEVICE]
    assert row["port_path"] == "1-1"


def test_another_device_in_its_place_is_not_taken_for_it(tmp_path: Path) -> None:
    """Each plug has an address of its own: the one that is there now is not the one announced."""
    devices = _device(tmp_path)

    first, gone, second = _happened(
        devices, _said("add", address=6), _said("remove", address=6), _said("add")
    )

    assert (first["serial"], first["why"][0]) == (None, "gone_before_read")
    assert gone["serial"] is None
    assert (second["serial"], "why" in second) == ("S1", False)


def test_what_was_announced_while_looking_was_announced(tmp_path: Path) -> None:
    """Found and announced is one event; removed meanwhile is two, in their order."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    come = _device(tmp_path / "a").looked(lambda: [_said("add")])
    gone = _device(tmp_path / "b").looked(lambda: [_said("remove")])

    assert [row["action"] for row in come] == ["add"]
    assert [row["action"] for row in gone] == ["seen", "remove"]
    assert gone[1]["serial"] == "S1"


def test_looking_again_tells_only_what_changed(tmp_path: Path) -> None:
    """The same device is no event; another driver, another authorisation and another plug are."""
    devices = _device(tmp_path)
    devices.looked(_nothing)

    same = devices.looked(_nothing)
    (tmp_path / DEVICE.lstrip("/") / "authorized").write_text("0\n")
    held = devices.looked(_nothing)
    uevent = (tmp_path / DEVICE.lstrip("/") / "uevent").read_text()
    (tmp_path / DEVICE.lstrip("/") / "uevent").write_text(uevent.replace("=usb\n", "=uas\n"))
    driven = devices.looked(_nothing)
    (tmp_path / DEVICE.lstrip("/") / "uevent").write_text(uevent.replace("007", "008"))
    (tmp_path / DEVICE.lstrip("/") / "devnum").write_text("8\n")
    replugged = devices.looked(_nothing)
    (tmp_path / USB.lstrip("/") / "1-1").unlink()
    gone = devices.looked(_nothing)

    assert same == []
    assert [(row["action"], row["authorized"]) for row in held] == [("change", 0)]
    assert [(row["action"], row["driver"]) for row in driven] == [("seen", "uas")]
    assert [row["action"] for row in replugged] == ["gone", "seen"]
    assert [row["action"] for row in gone] == ["gone"]


def test_a_part_is_identified_by_what_it_is_a_part_of(tmp_path: Path) -> None:
    """An interface and a disk have the identity of their USB device, also without asking it."""
    devices = _device(tmp_path)
    interface, disk = f"{DEVICE}/1-1:1.0", f"{DEVICE}/1-1:1.0/host6/block/sdb"

    _, bound, found = _happened(
        devices,
        _said("add"),
        _said("bind", path=interface, type="usb_interface", driver="uas", address=None),
        _said(
            "add", path=disk, subsystem="block", type="disk", driver="", numbers="", address=None
        ),
    )

    assert (bound["serial"], bound["driver"], bound["path"]) == ("S1", "uas", interface)
    assert (found["serial"], found["sysfs_path"], found["port_path"]) == ("S1", DEVICE, "1-1")


@pytest.mark.parametrize("numbers", ["", "781", "a/b/c/d", "x" * 9000])
def test_announcements_without_sense(tmp_path: Path, numbers: str) -> None:
    """Whatever is announced, there is a row, and nothing breaks."""
    devices = Devices(lambda: running(tmp_path, {f"{USB}/.keep": ""}), BUSES)

    rows = _happened(
        devices,
        _said("unbind", numbers=numbers, address=None),
        _said("remove", numbers=numbers, path="/sys/devices/x", address=None),
        _said("change", numbers=numbers, path="/sys/devices/y", address=None),
        _said("mystery", numbers=numbers, address=None),
    )

    assert [row["action"] for row in rows] == ["unbind", "remove"]


def test_what_a_device_calls_itself_acts_on_nothing(tmp_path: Path) -> None:
    """Control characters are written out before they are kept."""
    (row,) = _happened(_device(tmp_path, product="\x1b[2Jx", serial="A\u202eB"), _said("add"))

    assert (row["model"], row["serial"]) == ("\\x1b[2Jx", "A\\u202eB")
