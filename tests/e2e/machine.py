"""A machine of a test's own: a copy of this one, of which any file may be changed.

An overlay in memory over the root filesystem, in mounts of its own; what is changed there is gone
when the block ends. Processes are those of this machine, so that nothing of it is a container.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHIN_S = 20

_SCRIPT = r"""
set -e
umask 022
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
R=$1/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$R"
mount -t proc proc "$R/proc"
mount -t sysfs sysfs "$R/sys"
mount --rbind /dev "$R/dev"
mount -t tmpfs none "$R/run"
mkdir "$R/run/sshd"
shift
for shared; do
    mkdir -p "$R$shared"
    mount --bind "$shared" "$R$shared"
done
# A plain user of the copy may get as far as this checkout, wherever it lies.
above=${1%/*}
while [ -n "$above" ]; do
    chmod a+x "$R$above"
    above=${above%/*}
done
exec chroot "$R" sh -c 'echo ready; exec sleep infinity'
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """The copy while it exists."""

    pid: int
    """The process that keeps it."""

    @property
    def prefix(self) -> list[str]:
        """The command line that starts a program on it, in this checkout."""
        entered = ["nsenter", f"--target={self.pid}", "--mount", "--root", "--wd=/", "--"]
        return [*entered, "env", f"--chdir={ROOT}"]

    def path(self, path: str) -> Path:
        """Where a file of it can be reached from here."""
        return Path(f"/proc/{self.pid}/root{path}")

    def write(self, path: str, text: str) -> None:
        """Put a file there; the mode of one that was there before stays."""
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def run(self, *argv: str) -> str:
        """What a program says there; CalledProcessError if it fails."""
        done = subprocess.run(
            [*self.prefix, *argv], capture_output=True, check=True, text=True, timeout=WITHIN_S
        )
        return done.stdout

    @contextmanager
    def running(self, *argv: str) -> Iterator[None]:
        """A program at work there until the block ends."""
        process = subprocess.Popen(
            [*self.prefix, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait_for(process, Path(argv[0]).name)
            yield
        finally:
            process.terminate()
            process.wait(WITHIN_S)

    @staticmethod
    def _wait_for(process: "subprocess.Popen[bytes]", name: str) -> None:
        """Return once `nsenter` and `env` have become the program, which is called `name`."""
        deadline = time.monotonic() + WITHIN_S
        while Path(f"/proc/{process.pid}/comm").read_text().strip() != name:
            if process.poll() is not None or time.monotonic() > deadline:
                raise OSError(f"{name} does not start")
            time.sleep(0.01)


@contextmanager
def machine(directory: Path, *shared: Path) -> Iterator[Machine]:
    """A copy of this machine, made below `directory`; `shared` directories are the same there."""
    directory.mkdir()
    places = map(str, (directory, ROOT, *shared))
    keeper = subprocess.Popen(
        ["unshare", "--mount", "--", "sh", "-c", _SCRIPT, "sh", *places],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    made = Machine(keeper.pid)
    try:
        said = os.read(keeper.stdout.fileno(), 64) if keeper.stdout is not None else b""
        if said != b"ready\n":
            raise OSError(f"the copy of this machine cannot be made: {keeper.communicate()[1]!r}")
        if made.path("/").stat().st_dev == Path("/").stat().st_dev:
            raise OSError("this is no copy of the machine but the machine itself")
        yield made
    finally:
        keeper.kill()
        keeper.communicate()
