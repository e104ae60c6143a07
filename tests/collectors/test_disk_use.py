"""How much went through a removable disk, and how long it was mounted: a lower bound, and dated."""

import time
from pathlib import Path

from collectors.disk_use import DiskUse
from tests.collectors.machine import running

PLACE = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/block/sdb"
CLASS = "/sys/class/block"
ROOT = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
STICK = "22 21 8:17 / /mnt rw - vfat /dev/sdb1 rw\n"
STAT = "9 0 {read} 7 5 0 {written} 9 0 3 16\n"


def _files(read: int, written: int, mounts: str) -> dict[str, str]:
    up = "../../"
    return {
        f"{PLACE}/stat": STAT.format(read=read, written=written),
        f"{PLACE}/removable": "1\n",
        f"{PLACE}/size": "1000\n",
        f"{PLACE}/dev": "8:16\n",
        f"{PLACE}/uevent": "DEVTYPE=disk\nDEVNAME=sdb\n",
        f"{PLACE}/sdb1/dev": "8:17\n",
        f"{PLACE}/sdb1/uevent": "DEVTYPE=partition\nDEVNAME=sdb1\n",
        f"{CLASS}/sdb": f"-> {up}{PLACE.removeprefix('/sys/')}",
        f"{CLASS}/sdb1": f"-> {up}{PLACE.removeprefix('/sys/')}/sdb1",
        "/proc/1/mountinfo": mounts,
    }


def test_the_last_look_is_what_is_told(tmp_path: Path) -> None:
    """Counters as they were read last; mounted for as long as two looks saw it so."""
    use = DiskUse(lambda: running(tmp_path, {}))
    running(tmp_path, _files(2, 0, ROOT))
    use.sample([PLACE])
    (tmp_path / "proc/1/mountinfo").write_text(ROOT + STICK)
    (tmp_path / PLACE.lstrip("/") / "stat").write_text(STAT.format(read=10, written=4096))
    use.sample([PLACE])
    time.sleep(1.1)
    use.sample([PLACE])
    (tmp_path / PLACE.lstrip("/") / "stat").unlink()
    use.sample([PLACE])

    told = use.take(PLACE)

    assert (told["sectors_read"], told["sectors_written"]) == (10, 4096)
    assert told["mounted"] == 1
    assert abs(time.time() - float(told["sampled"] or 0)) < 5
    assert use.take(PLACE) == {}


def test_mounts_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    """Not known is not zero seconds."""
    use = DiskUse(lambda: running(tmp_path, {}))
    running(tmp_path, _files(2, 0, ROOT))
    (tmp_path / "proc/1/mountinfo").unlink()

    use.sample([PLACE])

    assert use.take(PLACE)["mounted"] is None


def test_a_disk_that_was_never_looked_at_tells_nothing(tmp_path: Path) -> None:
    """And a counter that is none is no reason to stop."""
    use = DiskUse(lambda: running(tmp_path, {}))
    running(tmp_path, _files(2, 0, ROOT) | {f"{PLACE}/stat": "x y z\n"})

    use.sample([PLACE, "/sys/devices/none"])

    assert use.take(PLACE) == {}
    assert use.take("/sys/devices/none") == {}
