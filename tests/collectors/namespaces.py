"""What a test makes for one program alone: a network of its own, mounts of its own."""

import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace made by `ip netns`, its loopback interface up."""

    name: str

    @property
    def prefix(self) -> list[str]:
        """The command line that starts a program in it, on the mounts of this process."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--"]

    def ip(self, arguments: str) -> None:
        """Runs `ip` in it."""
        run(["ip", "-n", self.name, *arguments.split()])

    def answer(self, argv: Sequence[str]) -> str:
        """What a program says when it runs in it."""
        return run([*self.prefix, *argv])


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace that ends with the block, and everything in it."""
    made = Namespace(f"anfang-{uuid.uuid4().hex[:12]}")
    run(["ip", "netns", "add", made.name])
    try:
        made.ip("link set lo up")
        yield made
    finally:
        run(["ip", "netns", "delete", made.name])


def run(argv: Sequence[str]) -> str:
    """What a program says; CalledProcessError if it fails."""
    return subprocess.run(argv, capture_output=True, check=True, text=True, timeout=30).stdout


def mounted(*commands: str) -> list[str]:
    """The command line that starts a program after mounting something for it alone."""
    script = " && ".join([*commands, 'exec "$@"'])
    return ["unshare", "--mount", "--", "sh", "-c", script, "sh"]
