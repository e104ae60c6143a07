"""A machine made of files: what emulated devices cannot have, such as /proc and module parameters.

`running(tmp_path, {"/proc/asound/cards": …})` is a host whose kernel state is these files.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from collectors.host import MAX_READ, RootHost
from tests.collectors.roots import root


class Machine(RootHost):
    """Files that are those of a running host."""

    running = True

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []
        """The files that were read, in their order."""

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        self.asked.append(path)
        return super().chunks(path, limit=limit)


def running(directory: Path, files: Mapping[str, str | bytes]) -> Machine:
    """A running host with these files; a text `-> target` makes a symbolic link."""
    (directory / "sys").mkdir(exist_ok=True)
    root(directory, files)
    return Machine(directory)
