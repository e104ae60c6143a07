"""What a test makes for one program alone: a network of its own, mounts of its own."""

import json
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.collectors.observe import Seen

WITHOUT_HANDLES = [
    *("unshare", "--mount", "--", "sh", "-c"),
    *('umount --all --lazy --types nsfs; exec "$@"', "sh"),
]
"""The command line that starts a program without the handles of others' namespaces."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace made by `ip netns`, its loopback interface up."""

    name: str

    @property
    def prefix(self) -> list[str]:
        """The command line that starts a program in it, on the mounts of this process."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--"]

    @property
    def inode(self) -> str:
        """Its number, as /proc has it."""
        return str(Path(f"/run/netns/{self.name}").stat().st_ino)

    def of(self, seen: Seen) -> Seen:
        """What was seen, of this namespace only."""
        return replace(seen, rows=seen.all(net_namespace=self.inode))

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


@contextmanager
def holding(net: Namespace, setup: str) -> Iterator[dict[str, Any]]:
    """What a program in `net` says in `said`, with its pid, while it keeps its sockets open."""
    program = "\n".join(
        (
            "import json, os, socket, sys",
            "said = {'pid': os.getpid()}",
            textwrap.dedent(setup),
            "print(json.dumps(said), flush=True)",
            "sys.stdin.read()",
        )
    )
    pipe = subprocess.PIPE
    argv = [*net.prefix, sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            assert process.stdin is not None
            process.stdin.close()


def run(argv: Sequence[str]) -> str:
    """What a program says; CalledProcessError if it fails."""
    return subprocess.run(argv, capture_output=True, check=True, text=True, timeout=30).stdout


def mounted(*commands: str) -> list[str]:
    """The command line that starts a program after mounting something for it alone."""
    script = " && ".join([*commands, 'exec "$@"'])
    return ["unshare", "--mount", "--", "sh", "-c", script, "sh"]
