"""The process that judges again, so that neither ingest nor pages wait for it.

    python -I -m server.rejudging.worker DATA     a digest a line in, a `Rejudgement` a line out

It reads the store and writes nothing. It has the lowest priority and so much memory and no more,
and judges in the limited child of `policies.recompute`, which inherits both. It ends when nobody
asks any more.
"""

import os
import resource
import sys
from pathlib import Path

import msgspec

from policies.recompute import Recomputer
from server.rejudging.once import rejudge
from server.store.engine import open_store

READY = b"ready\n"
"""What it says first."""
MEMORY = 2 * 1024 * 1024 * 1024
"""The most address space, in bytes."""
_LOWEST = 19


def main(directory: Path) -> None:
    """Answer until standard input ends."""
    os.nice(_LOWEST)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    store = open_store(directory)
    answers = sys.stdout.buffer
    with Recomputer() as recomputer:
        answers.write(READY)
        answers.flush()
        try:
            for line in sys.stdin.buffer:
                answer = rejudge(store, recomputer, line.decode("ascii").strip())
                answers.write(msgspec.json.encode(answer) + b"\n")
                answers.flush()
        except BrokenPipeError:
            # Whoever asked has ended meanwhile; nothing is left to be flushed to anybody.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
