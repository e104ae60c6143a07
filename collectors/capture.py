"""Cameras and microphones, as far as the kernel serves them; none is ever opened.

Video nodes are those of Video4Linux. Which of them can really record, only the device itself
says when it is opened; udev opens each once, when it appears, and writes down the answer. Audio
comes from ALSA, whose files below /proc/asound also say whether somebody records just now.
"""

import re
from collections.abc import Mapping
from functools import partial

from collectors import sysfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from collectors.udev import Udev
from evidence import canonical
from evidence.canonical import Cell

_VIDEO = "/sys/class/video4linux"
_SOUND = "/sys/class/sound"
_ALSA = "/proc/asound"
_PCM = re.compile(r"pcmC(?P<card>\d+)D(?P<number>\d+)c")
"""A stream that records; one that plays ends in `p`."""
_CARD = re.compile(r" *(\d+) \[[^\]]*\]: \S+ - (.*)")
_STREAM = re.compile(r"(\d+)-(\d+): [^:]*: ([^:]*)(?: :.*)?")
_CAPABILITIES = "ID_V4L_CAPABILITIES"


@running_only(_VIDEO)
def capture_devices(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each video node and each recording audio stream; none, and complete, without."""
    udev = Udev(host) if "captures" in wanted else None
    video = sysfs.observed(host, _VIDEO, partial(_camera, udev), r"video\d+")
    audio = sysfs.observed(host, _SOUND, partial(_microphone, _Alsa(host)), _PCM.pattern)
    columns = {**video.columns, **audio.columns}
    if udev is not None and not udev.condition.complete:
        columns["captures"] = udev.condition
    whole = audio.condition if video.condition.complete else video.condition
    return Observed([*video.rows, *audio.rows], whole, columns)


def _camera(udev: Udev | None, attributes: Attributes, device: Device) -> dict[str, Cell]:
    name = attributes.text(f"{device.base}/name", "name")
    row: dict[str, Cell] = {
        "kind": "video",
        "device": f"/dev/{device.name}",
        "name": name,
        "card": name,
        "driver": attributes.target(f"{device.base}/device/driver", "driver"),
        "bus": sysfs.bus(device.path),
    }
    if udev is not None:
        said = udev.properties(device.path, attributes.uevent(device.base, "captures"))
        if said is not None and _CAPABILITIES in said:
            row["captures"] = int("capture" in said[_CAPABILITIES].split(":"))
    return row


def _microphone(alsa: "_Alsa", attributes: Attributes, device: Device) -> dict[str, Cell] | None:
    stream = _PCM.fullmatch(device.name)
    if stream is None:
        return None
    card, number = stream.groups()
    shared = f"{_SOUND}/card{card}"
    names = alsa.names(attributes)
    return {
        "kind": "audio",
        "device": f"/dev/snd/{device.name}",
        "name": names.get((card, number)),
        "card": names.get((card,)) or attributes.text(f"{shared}/id", "card"),
        "driver": attributes.target(f"{shared}/device/driver", "driver"),
        "bus": sysfs.bus(device.path),
        "captures": 1,
        "in_use": _in_use(attributes, f"{_ALSA}/card{card}/pcm{number}c"),
    }


class _Alsa:
    """What ALSA calls cards and streams, read once, and only if there is a stream."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._read = False
        self._names: dict[tuple[str, ...], str] = {}

    def names(self, attributes: Attributes) -> Mapping[tuple[str, ...], str]:
        """Names by card, and by card and stream."""
        if not self._read:
            self._read = True
            self._add(attributes, f"{_ALSA}/cards", _CARD, ("card", "in_use"))
            self._add(attributes, f"{_ALSA}/pcm", _STREAM, ("name",))
        return self._names

    def _add(
        self, attributes: Attributes, path: str, line: re.Pattern[str], columns: tuple[str, ...]
    ) -> None:
        try:
            text = canonical.text(self._host.read(path))
        except OSError as e:
            attributes.columns.update(dict.fromkeys(columns, condition_of(e, path)))
            return
        for match in filter(None, map(line.fullmatch, text.split("\n"))):
            *numbers, name = match.groups()
            key = tuple(number.lstrip("0") or "0" for number in numbers)
            self._names[key] = sysfs.plain(name.encode())


def _in_use(attributes: Attributes, directory: str) -> int | None:
    """Whether any part of the stream is open, by its status files; None where none are."""
    states = [
        attributes.text(f"{directory}/{part}/status", "in_use")
        for part in attributes.names(directory, "in_use")
        if part.startswith("sub")
    ]
    if not any(states):
        return None
    return int(any(state and state != "closed" for state in states))
