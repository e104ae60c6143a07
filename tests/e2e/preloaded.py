"""A Python that takes a preloaded library along into the scan's child.

The child starts with an environment of its own, so a library such as umockdev's or libfaketime
would be left behind. A program in the place of Python's notes what it was preloaded with when it
is first started, and puts that back when `anfang` starts it for the child.
"""

import sys
from pathlib import Path

_LAUNCHER = """\
#!/bin/bash
kept={directory}/preloaded
if [ -n "$LD_PRELOAD" ]; then
    declare -p LD_PRELOAD ${{!UMOCKDEV*}} ${{!FAKETIME*}} > "$kept"
else
    . "$kept"
fi
exec -a "$0" {python} "$@"
"""


def interpreter(directory: Path) -> Path:
    """A Python below `directory` with this environment's packages, for one preloaded run."""
    binaries = directory / "bin"
    binaries.mkdir(parents=True)
    (directory / "lib").symlink_to(Path(sys.prefix) / "lib")
    (directory / "pyvenv.cfg").write_bytes((Path(sys.prefix) / "pyvenv.cfg").read_bytes())
    launcher = binaries / "python"
    launcher.write_text(_LAUNCHER.format(directory=directory, python=_underlying()))
    launcher.chmod(0o755)
    return launcher


def _underlying() -> Path:
    """The Python that this environment was made from."""
    return Path(sys.executable).resolve()
