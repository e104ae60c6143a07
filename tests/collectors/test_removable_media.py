from pathlib import Path

import pytest

from facts.status import COMPLETE, Status, condition
from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe
from tests.collectors.roots import cells, read

USB = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"
DISK = f"{USB}/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb"
MAPPED = "/sys/devices/virtual/block/dm-3"
STACKED: dict[str, str | bytes] = {
    "/sys/class/block/sdb": f"-> {DISK}",
    "/sys/class/block/sdb1": f"-> {DISK}/sdb1",
    "/sys/class/block/sdb2": f"-> {DISK}/sdb2",
    "/sys/class/block/dm-3": f"-> {MAPPED}",
    "/sys/bus/usb/devices/1-1": f"-> {USB}",
    f"{USB}/removable": "removable\n",
    f"{DISK}/dev": "8:16\n",
    f"{DISK}/removable": "1\n",
    f"{DISK}/stat": "1 0 2 0 3 0 4 0 0 0 0\n",
    f"{DISK}/sdb1/dev": "8:17\n",
    f"{DISK}/sdb2/dev": "8:18\n",
    f"{DISK}/sdb2/holders/dm-3": f"-> {MAPPED}",
    f"{MAPPED}/dev": "253:3\n",
    f"{MAPPED}/removable": "0\n",
    f"{MAPPED}/dm/name": "luks-work\n",
    f"{MAPPED}/holders/dm-3": f"-> {MAPPED}",
}
MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
60 22 8:17 / /media/a\\040stick rw,nosuid,nodev - vfat /dev/sdb1 rw,fmask=0022
61 22 253:3 / /mnt/work rw,noexec shared:9 master:1 - ext4 /dev/mapper/luks-work rw
62 22 0:47 /data /mnt/data ro - btrfs /dev/mapper/luks-work rw
63 22 0:48 / /tmp rw - tmpfs tmpfs rw
"""


@pytest.fixture(scope="module", name="seen")
def _seen() -> Seen:
    names = ("stick", "hubs", "disks", "thunderbolt", "keystroke")
    return observe("removable_media", prefix=umockdev.devices(*names))


def test_a_stick(seen: Seen) -> None:
    """What it is, where it hangs, and how much went through it since it was attached."""
    assert seen.columns == {}
    assert seen.one(name="/dev/sdb") == {
        "name": "/dev/sdb",
        "kind": "disk",
        "bus": "usb",
        "port_path": "1-1",
        "usb_sysfs_path": USB,
        "vendor": "SanDisk",
        "model": "Cruzer Blade",
        "serial": "4C530001230823112233",
        "size": 30595072,
        "removable": 1,
        "medium_removable": 1,
        "read_only": 0,
        "sectors_read": 21504,
        "sectors_written": 12288,
        "ios_in_flight": 1,
        "partitions": 1,
        "sysfs_path": DISK,
    }


def test_each_disk_joins_its_usb_device(seen: Seen) -> None:
    """Place, port and serial number are those of usb_devices, behind hubs too."""
    devices = observe("usb_devices", prefix=umockdev.devices("stick", "hubs", "keystroke"))

    joined = {
        row["name"]: devices.one(sysfs_path=row["usb_sysfs_path"]) for row in seen.all(bus="usb")
    }

    assert joined["/dev/sdd"]["port_path"] == "2-1.4.2"
    for name, device in joined.items():
        disk = seen.one(name=name)
        assert (disk["port_path"], disk["serial"]) == (device["port_path"], device["serial"])
        assert disk["removable"] == device["removable"]


def test_what_else_can_be_carried_away(seen: Seen) -> None:
    """A card, a disc and a disk on Thunderbolt; soldered memory and a built-in disk are not."""
    others = {
        row["name"]: (row["kind"], row["removable"]) for row in seen.rows if not row["port_path"]
    }

    assert others == {
        "/dev/mmcblk1": ("card", None),
        "/dev/nvme1n1": ("disk", 1),
        "/dev/sr0": ("optical", 1),
    }
    assert seen.one(name="/dev/mmcblk1")["model"] == "SL32G"


def test_where_it_is_mounted(tmp_path: Path) -> None:
    """A partition, what is encrypted on another, and a file system of several devices."""
    host = running(tmp_path, {**STACKED, "/proc/1/mountinfo": MOUNTS})

    observed = read(host, "removable_mounts")

    assert (observed.condition, dict(observed.columns)) == (COMPLETE, {})
    assert cells(observed, "disk", "device", "path", "type", "flags") == [
        ("/dev/sdb", "/dev/sdb1", "/media/a stick", "vfat", "rw,nosuid,nodev"),
        ("/dev/sdb", "/dev/dm-3", "/mnt/work", "ext4", "rw,noexec"),
        ("/dev/sdb", "/dev/dm-3", "/mnt/data", "btrfs", "ro"),
    ]


def test_without_the_mount_table_nobody_knows(tmp_path: Path) -> None:
    """A stick whose mounts cannot be read is not an unmounted one."""
    observed = read(running(tmp_path, STACKED), "removable_mounts")

    assert not observed.condition.complete
    assert list(observed.rows) == []


def test_a_mount_that_is_none_is_left_out_and_told(tmp_path: Path) -> None:
    """A line that does not follow the format hides no other, and is not silent."""
    damaged = f"63 22 8:17\n{MOUNTS}\xff\n"

    observed = read(
        running(tmp_path, {**STACKED, "/proc/1/mountinfo": damaged}), "removable_mounts"
    )

    assert observed.condition == condition(Status.PARTIAL, "malformed_source", "/proc/1/mountinfo")
    assert len(observed.rows) == 3


def test_without_removable_media_the_mount_table_is_not_read(tmp_path: Path) -> None:
    """Nothing is attached, so nothing of it is mounted: complete."""
    host = running(tmp_path, {"/sys/class/block/.keep": ""})

    observed = read(host, "removable_mounts")

    assert observed.condition == COMPLETE
    assert host.asked == []


@pytest.mark.parametrize("stat", ["1 2 3\n", "a b c d e f g h i j k\n", ""])
def test_counters_that_are_none(tmp_path: Path, stat: str) -> None:
    """A disk whose counters cannot be read has not written nothing."""
    observed = read(running(tmp_path, {**STACKED, f"{DISK}/stat": stat}), "removable_media")

    (row,) = observed.rows
    assert row.get("sectors_written") is None
    assert "sectors_written" in observed.columns


@pytest.mark.parametrize("table", ["removable_media", "removable_mounts"])
def test_a_covered_class_is_unreadable(table: str) -> None:
    """An empty tmpfs is not a machine without sticks."""
    seen = observe(table, prefix=mounted("mount -t tmpfs tmpfs /sys/class/block"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
