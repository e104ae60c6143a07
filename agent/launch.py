"""Starts a limited child, reads what it sends, and ends it when its time is up."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from agent.errors import ChildError
from agent.job import MAX_LINE, MEMORY_EXIT, Ended, Job, Message

_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    # Without it the interpreter asks for the user's home as it starts, before any limit holds:
    # of whatever the host's name services are, over a network perhaps.
    "HOME": "/",
}
_CHUNK = 1024 * 1024


class Run:
    """A child at work: iterate over it for its messages, then ask how it ended."""

    def __init__(self, process: "subprocess.Popen[bytes]", wall_s: float) -> None:
        self._process = process
        self._deadline = time.monotonic() + wall_s
        self.broke_off: str | None = None
        """None when it said that it had ended; else `over_time`, `over_memory` or `killed`."""

    def give(self, job: bytes) -> None:
        """Hand the child its job, and wait for it to be taken no longer than it may run."""
        stream = self._process.stdin
        if stream is None:
            raise ChildError("子进程没有输入管道", "the child has no pipe to be told its job on")
        os.set_blocking(stream.fileno(), False)
        rest = memoryview(job)
        with stream, suppress(BrokenPipeError):  # it died at once; the reader finds out how
            while rest:
                left = self._deadline - time.monotonic()
                if left <= 0 or not select.select([], [stream], [], left)[1]:
                    self.broke_off = "over_time"
                    return
                rest = rest[os.write(stream.fileno(), rest) :]

    @property
    def pid(self) -> int:
        """The child's process id, which is also that of its session."""
        return self._process.pid

    def __iter__(self) -> Iterator[Message]:
        """Its messages, as they come. Never raises for how the child ends."""
        decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
        ended = False
        try:
            for line in self._lines():
                message = decoder.decode(line)
                ended = isinstance(message, Ended)
                yield message
        except msgspec.DecodeError:
            self.broke_off = "killed"
        finally:
            returncode = self._end()
        if not ended and self.broke_off is None:
            self.broke_off = {
                -signal.SIGXCPU: "over_time",
                MEMORY_EXIT: "over_memory",
            }.get(returncode, "killed")

    def _lines(self) -> Iterator[bytes]:
        stream = self._process.stdout
        if stream is None:
            raise ChildError("子进程没有输出管道", "the child has no pipe to answer on")
        parts: list[bytes] = []
        size = 0
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                self.broke_off = "over_time"
                return
            chunk = os.read(stream.fileno(), _CHUNK)
            if not chunk:
                return
            head, *rest = chunk.split(b"\n")
            parts.append(head)
            size += len(head)
            for piece in rest:
                yield b"".join(parts)
                parts, size = [piece], len(piece)
            if size > MAX_LINE:
                self.broke_off = "over_memory"
                return

    def _end(self) -> int:
        """Reap the child; kill it and what it started if it still runs."""
        if self._process.stdout is not None:
            self._process.stdout.close()
        try:
            return self._process.wait(0.2 if self.broke_off is None else 0)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            return self._process.wait()


def launch(job: Job) -> Run:
    """A new child at work on `job`, in a session of its own, so that all it starts ends with it.

    It inherits no file but its three, none of our environment and, through `-I`, no module path
    that a user or the current directory could steer.

    Raises:
        ChildError: it cannot be started.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "agent.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError as e:  # no memory, too many processes
        raise ChildError(
            f"扫描进程无法启动：{e.strerror}", f"the scan cannot be started: {e.strerror}"
        ) from e
    run = Run(process, job.limits.wall_s)
    run.give(msgspec.json.encode(job))
    return run
