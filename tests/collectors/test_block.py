import json
import subprocess
import sys
from pathlib import Path

import pytest

from collectors import udev
from collectors.block import block_devices
from collectors.host import RootHost
from facts.status import COMPLETE, Status, condition
from tests.collectors import umockdev
from tests.collectors.namespaces import mounted, run
from tests.collectors.observe import Seen, here, observe

STICK = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"
DISK = f"{STICK}/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb"
CONTENT = ("uuid", "type", "label")
UNSEEN = ("unsupported", "program_missing", "systemd-udevd")


def devices(*names: str) -> Seen:
    return observe("block_devices", prefix=umockdev.devices(*names))


def test_a_partition() -> None:
    """A partition has its disk as parent, its own size, and what real libudev says is on it."""
    seen = devices("stick")

    assert seen.columns == {}
    assert seen.one(name="/dev/sdb1") == {
        "name": "/dev/sdb1",
        "parent": "/dev/sdb",
        "vendor": "SanDisk",
        "model": "Cruzer Blade",
        "serial": "4C530001230823112233",
        "size": 30593024,
        "block_size": 512,
        "uuid": "66F9-1B2C",
        "type": "vfat",
        "label": "GONGZUO",
        "removable": 1,
        "sysfs_path": f"{DISK}/sdb1",
    }


def test_a_disk_joins_its_usb_device() -> None:
    """A disk on USB begins with the place of its device, and has the same serial number."""
    disk = devices("stick").one(name="/dev/sdb")
    usb = observe("usb_devices", prefix=umockdev.devices("stick")).one(port_path="1-1")

    assert disk["sysfs_path"] == DISK
    assert disk["sysfs_path"].startswith(usb["sysfs_path"] + "/")
    assert disk["serial"] == usb["serial"]
    assert disk["parent"] == ""


def test_disks_behind_hubs_keep_their_own_serial() -> None:
    """The serial number is that of the stick, not of the hub it hangs on."""
    seen = devices("hubs")

    assert seen.one(name="/dev/sdc")["serial"] == "0123456789ABCDEF"
    assert seen.one(name="/dev/sde")["serial"] == ""


def test_disks_are_those_of_lsblk() -> None:
    """Name, parent, size in bytes and removability as `lsblk` shows them."""
    columns = "PATH,PKNAME,SIZE,RM,TYPE,LOG-SEC"
    listed = json.loads(run(["lsblk", "--json", "--bytes", "--all", "--list", "-o", columns]))

    rows = {row["name"]: row for row in here("block_devices").rows}

    found = {device["path"]: device for device in listed["blockdevices"]}
    assert found.keys() <= rows.keys()
    for path, device in found.items():
        row = rows[path]
        assert int(row["size"] or 0) * 512 == device["size"]
        assert row["removable"] == int(device["rm"])
        assert row["block_size"] == device["log-sec"]
        if device["type"] == "part":
            assert row["parent"] == f"/dev/{device['pkname']}"


def test_without_udev_the_content_is_unsupported(tmp_path: Path) -> None:
    """Where no udev looked at the disk its content is not known, and not empty."""
    text = (umockdev.DEVICES / "stick.umockdev").read_text("utf-8")
    unseen = [line for line in text.split("\n") if not line.startswith(("E: USEC", "E: ID_FS"))]
    description = tmp_path / "unseen.umockdev"
    description.write_text("\n".join(unseen), "utf-8")

    seen = observe("block_devices", prefix=umockdev.devices(described=[description]))

    assert seen.columns.keys() == set(CONTENT)
    assert seen.one(name="/dev/sdb1").get("uuid") is None
    assert seen.one(name="/dev/sdb1")["serial"] == "4C530001230823112233"
    if not Path("/run/udev").exists():
        assert set(seen.columns.values()) == {UNSEEN}


def test_the_content_is_not_looked_for_unless_asked() -> None:
    """libudev is not loaded for columns that sysfs tells."""
    script = (
        "import sys; from collectors.block import block_devices;"
        "from collectors.host import LiveHost;"
        "block_devices(LiveHost(), frozenset({'name', 'serial'})); print('pyudev' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert answer.stdout == b"False\n"


def test_without_libudev_the_database_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where libudev is not installed what udevd wrote is read, with the same outcome."""
    monkeypatch.setattr(udev, "_library", lambda: None)
    host = _machine(tmp_path)
    _write(tmp_path / "run/udev/data/b8:17", "I:1000\nE:ID_FS_UUID=66F9-1B2C\nE:ID_FS_TYPE=vfat\n")

    observed = block_devices(host, frozenset(CONTENT))

    (row,) = observed.rows
    assert observed.columns == {}
    assert (row["uuid"], row["type"], row["label"]) == ("66F9-1B2C", "vfat", "")


def test_a_disk_udev_has_not_seen_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where udev runs, but knows nothing of a disk, its content is not empty."""
    monkeypatch.setattr(udev, "_library", lambda: None)
    host = _machine(tmp_path)
    (tmp_path / "run/udev/data").mkdir(parents=True)

    observed = block_devices(host, frozenset(CONTENT))

    missing = condition(Status.UNREADABLE, "source_missing", "/run/udev/data")
    assert observed.condition == COMPLETE
    assert observed.columns == dict.fromkeys(CONTENT, missing)


def test_a_covered_class_is_unreadable() -> None:
    """An empty tmpfs must not read as a host without disks."""
    seen = observe("block_devices", prefix=mounted("mount -t tmpfs tmpfs /sys/class/block"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
    assert seen.rows == []


def test_a_recorded_root_has_no_disks(tmp_path: Path) -> None:
    """Files cannot say what is attached."""
    observed = block_devices(RootHost(tmp_path), frozenset({"name"}))

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/sys/class/block")


class _Machine(RootHost):
    """A machine made of files."""

    live = True
    running = True


def _machine(root: Path) -> _Machine:
    """A machine with one partition."""
    place = root / "sys/devices/virtual/block/sdb/sdb1"
    _write(place / "uevent", "MAJOR=8\nMINOR=17\nDEVNAME=sdb1\nDEVTYPE=partition\n")
    (root / "sys/class/block").mkdir(parents=True)
    (root / "sys/class/block/sdb1").symlink_to("../../devices/virtual/block/sdb/sdb1")
    return _Machine(root)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
