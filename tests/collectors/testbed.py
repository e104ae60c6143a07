"""Devices that come and go: a umockdev testbed in a process of its own, told what to do.

    with testbed() as bed:
        program = subprocess.Popen(argv, env=bed.environment)
        bed.plug("stick")

Programs with its environment see its /sys and hear its uevents through the real libudev. The socket
that stands for netlink holds ten events, and umockdev aborts at the next: hence the pauses, and
`LISTENER` for programs that are sent many. It never overflows as the kernel's does.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEVICES = Path(__file__).parents[1] / "devices"
LISTENER = (
    *("unshare", "-n", "sh", "-c"),
    'echo 1024 > /proc/sys/net/unix/max_dgram_qlen && exec "$@"',
    "sh",
)
"""Starts a program with room for a thousand events, and no network."""
_PAUSE_S = 0.01
_BURST_PAUSE_S = 0.0005

STICK = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"
STICK_DISK = f"{STICK}/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb"


@dataclass
class Testbed:
    """A running testbed."""

    process: "subprocess.Popen[str]"
    root: str

    __test__ = False

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program see this testbed."""
        return {**os.environ, "UMOCKDEV_DIR": self.root, "LD_PRELOAD": "libumockdev-preload.so.0"}

    def plug(self, name: str) -> None:
        """Make the devices of a file in tests/devices, each announced as it is made."""
        text = (DEVICES / f"{name}.umockdev").read_text("utf-8")
        for device in text.strip().split("\n\n"):
            self._do("add_from_string", device + "\n")

    def announce(self, path: str, *actions: str) -> None:
        """Announce the device at `path`."""
        for action in actions:
            self._do("uevent", path, action)

    def burst(self, path: str, actions: Sequence[str]) -> None:
        """Announce the device at `path` as fast as a `LISTENER` can take it."""
        self._do("burst", path, *actions)

    def unplug(self, *paths: str) -> None:
        """Take away devices, those first that hang on others, each announced before it goes."""
        for path in paths:
            self._do("uevent", path, "remove")
            self._do("remove_device", path)

    def write(self, path: str, attribute: str, value: str) -> None:
        """Set an attribute of the device at `path`."""
        self._do("set_attribute", path, attribute, value)

    def _do(self, *command: str) -> None:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the testbed has no pipes")
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            raise RuntimeError(f"the testbed broke off at {command}")


@contextmanager
def testbed(*names: str) -> Iterator[Testbed]:
    """A testbed with the devices of these files in it."""
    with subprocess.Popen(
        ["umockdev-wrapper", "/usr/bin/python3", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the testbed has no pipes")
        bed = Testbed(process, process.stdout.readline().strip())
        for name in names:
            bed.plug(name)
        yield bed
        process.stdin.close()


testbed.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _main() -> None:
    """Be the testbed: the system's own interpreter has the library."""
    import gi  # type: ignore[import-not-found]  # noqa: PLC0415

    gi.require_version("UMockdev", "1.0")
    from gi.repository import UMockdev  # type: ignore[import-not-found]  # noqa: PLC0415

    bed: Any = UMockdev.Testbed.new()
    _say(bed.get_root_dir())
    for line in sys.stdin:
        call, *arguments = json.loads(line)
        if call == "burst":
            for action in arguments[1:]:
                bed.uevent(arguments[0], action)
                time.sleep(_BURST_PAUSE_S)
        else:
            getattr(bed, call)(*arguments)
            time.sleep(_PAUSE_S)
        _say("done")


if __name__ == "__main__":
    _main()
