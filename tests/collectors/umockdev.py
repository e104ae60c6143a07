"""Emulated devices: a /sys with hand-written devices in it, for a program and its libudev.

umockdev preloads a library that leads what the program reads below /sys and /dev to a tree made
from the descriptions in tests/devices (format: umockdev-record's, see the README there).
"""

from collections.abc import Sequence
from pathlib import Path

DEVICES = Path(__file__).parents[1] / "devices"


def devices(*names: str, described: Sequence[Path] = ()) -> list[str]:
    """The command line that starts a program among these devices and none else.

    `names` are files in tests/devices, `described` any others.
    """
    files = [*(DEVICES / f"{name}.umockdev" for name in names), *described]
    flags = [part for file in files for part in ("--device", str(file))]
    return ["umockdev-run", *flags, "--"]
