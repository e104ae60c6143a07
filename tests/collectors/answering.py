"""A running host made of files, whose programs give the answers they are told to give."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.host import MAX_READ, Completed, RootHost
from tests.collectors.roots import root

INITIAL_VIEW: Mapping[str, str | bytes] = {
    "/proc/self/status": "CapEff:\t000001ffffffffff\nGid:\t0\t0\t0\t0\nGroups:\t0\n",
    "/proc/self/ns/pid": "-> pid:[4026531836]",
    "/proc/self/ns/user": "-> user:[4026531837]",
    "/proc/self/mountinfo": (
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:20 / /proc rw - proc proc rw\n"
    ),
}
"""What /proc holds for root outside any container."""


class Answering(RootHost):
    """A host that runs, not this machine; a program without an answer is not installed."""

    running = True

    def __init__(self, directory: Path, answers: Mapping[str, bytes | str]) -> None:
        super().__init__(directory)
        self._answers = answers

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """See `Host.run`; an answer of bytes is a complaint."""
        del timeout_s, limit
        answer = self._answers.get(" ".join(argv))
        if answer is None:
            raise FileNotFoundError(2, "No such file or directory", argv[0])
        if isinstance(answer, bytes):
            return Completed(1, answer, b"")
        return Completed(0, answer.encode(), b"")


def running(
    directory: Path,
    files: Mapping[str, str | bytes],
    answers: Mapping[str, bytes | str] | None = None,
) -> Answering:
    """A running host below `directory` with these files and answers; see `roots.root`."""
    root(directory, files)
    return Answering(directory, answers or {})
