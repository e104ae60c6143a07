from pathlib import Path

import pytest

from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe
from tests.collectors.roots import by, cells, read

CARD = "/sys/devices/pci0000:00/0000:00:1f.3/sound/card0"
ALSA = {
    "/sys/class/sound/card0": f"-> {CARD}",
    "/sys/class/sound/pcmC0D0c": f"-> {CARD}/pcmC0D0c",
    "/sys/class/sound/pcmC0D0p": f"-> {CARD}/pcmC0D0p",
    f"{CARD}/id": "PCH\n",
    f"{CARD}/pcmC0D0c/pcm_class": "generic\n",
    f"{CARD}/pcmC0D0p/pcm_class": "generic\n",
    "/proc/asound/cards": (
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
        "                      HDA Intel PCH at 0xf1330000 irq 141\n"
    ),
    "/proc/asound/pcm": "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1\n",
    "/proc/asound/card0/pcm0c/sub0/status": "closed\n",
}


@pytest.fixture(scope="module", name="seen")
def _seen() -> Seen:
    return observe("capture_devices", prefix=umockdev.devices("camera", "headset"))


def test_a_camera_and_its_second_node(seen: Seen) -> None:
    """Of a camera's two nodes one records; udev asked them, and its answer is taken."""
    assert seen.one(device="/dev/video0")["captures"] == 1
    assert seen.one(device="/dev/video1")["captures"] == 0
    assert seen.one(device="/dev/video0")["driver"] == "uvcvideo"
    assert seen.one(device="/dev/video0")["bus"] == "usb"


def test_microphones_on_usb(seen: Seen) -> None:
    """A camera has one too, and a headset's loudspeaker is none."""
    audio = {row["device"]: row["driver"] for row in seen.all(kind="audio")}

    assert audio == dict.fromkeys(("/dev/snd/pcmC1D0c", "/dev/snd/pcmC2D0c"), "snd-usb-audio")


def test_a_microphone_joins_its_usb_device(seen: Seen) -> None:
    """The place of a microphone begins with the place of its device."""
    headset = observe("usb_devices", prefix=umockdev.devices("headset")).one(port_path="13-2")

    microphone = seen.one(device="/dev/snd/pcmC2D0c")

    assert microphone["sysfs_path"].startswith(headset["sysfs_path"] + "/")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("closed\n", 0), ("state: RUNNING\nowner_pid   : 4711\n", 1)],
)
def test_whether_somebody_records(tmp_path: Path, status: str, expected: int) -> None:
    """ALSA says so without the device being opened; who it is is not read."""
    host = running(tmp_path, {**ALSA, "/proc/asound/card0/pcm0c/sub0/status": status})

    observed = read(host, "capture_devices")

    assert (observed.condition.complete, observed.columns) == (True, {})
    assert cells(observed, "name", "card", "bus", "in_use") == [
        ("ALC257 Analog", "HDA Intel PCH", "pci", expected)
    ]


def test_a_second_reader_counts(tmp_path: Path) -> None:
    """A stream of several parts is in use when any of them is."""
    other = {"/proc/asound/card0/pcm0c/sub1/status": "state: PREPARED\n"}

    observed = read(running(tmp_path, {**ALSA, **other}), "capture_devices")

    assert by(observed, "device", "in_use") == {"/dev/snd/pcmC0D0c": 1}


def test_without_alsas_files_use_is_unknown(tmp_path: Path) -> None:
    """A microphone without /proc/asound is there, and nobody calls it unused."""
    files = {path: said for path, said in ALSA.items() if not path.startswith("/proc")}

    observed = read(running(tmp_path, files), "capture_devices")

    assert by(observed, "device", "card") == {"/dev/snd/pcmC0D0c": "PCH"}
    assert observed.columns.keys() == {"card", "in_use", "name"}


def test_without_udev_it_is_unknown_what_a_node_can_do(tmp_path: Path) -> None:
    """A video node nobody opened may or may not record: NULL, and the column says why."""
    node = "/sys/devices/virtual/video4linux/video0"
    files = {
        "/sys/class/video4linux/video0": f"-> {node}",
        f"{node}/name": "Dummy\n",
        f"{node}/uevent": "MAJOR=81\nMINOR=0\nDEVNAME=video0\n",
    }

    observed = read(running(tmp_path, files), "capture_devices")

    assert cells(observed, "device", "bus", "captures") == [("/dev/video0", "virtual", None)]
    assert observed.columns.keys() == {"captures"}


def test_what_udev_wrote_is_read_on_a_recorded_host(tmp_path: Path) -> None:
    """A character device's answer is in its own file, not in that of the block device."""
    node = "/sys/devices/virtual/video4linux/video0"
    files = {
        "/sys/class/video4linux/video0": f"-> {node}",
        f"{node}/name": "Dummy\n",
        f"{node}/uevent": "MAJOR=81\nMINOR=0\nDEVNAME=video0\n",
        "/run/udev/data/c81:0": "I:1000\nE:ID_V4L_CAPABILITIES=:video_output:capture:\n",
        "/run/udev/data/b81:0": "I:1000\nE:ID_V4L_CAPABILITIES=:\n",
    }

    observed = read(running(tmp_path, files), "capture_devices")

    assert by(observed, "device", "captures") == {"/dev/video0": 1}


@pytest.mark.parametrize("point", ["/sys/class/video4linux", "/sys/class/sound", "/sys/class"])
def test_a_covered_class_is_unreadable(tmp_path: Path, point: str) -> None:
    """An empty tmpfs over the class is not a machine without cameras."""
    if not Path(point).exists():
        point = "/sys/class"

    seen = observe("capture_devices", prefix=mounted(f"mount -t tmpfs tmpfs {point}"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
