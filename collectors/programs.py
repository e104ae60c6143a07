"""Programs: the one place that starts any, and never through a shell."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.errors import TooLargeError, TooSlowError

_ENVIRONMENT = {"LC_ALL": "C"}
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program answered."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run(argv: Sequence[str], *, timeout_s: float, limit: int) -> Completed:
    """The answer of the program at the absolute path `argv[0]`.

    It gets no input, no terminal and no environment but the C locale; both its outputs are read
    side by side, each up to `limit` bytes. Whatever it started is killed with it.

    Raises:
        FileNotFoundError: there is no such program.
        TooSlowError, TooLargeError: it was killed.
    """
    if not argv[0].startswith("/"):
        raise ValueError(f"a program is named by absolute path, not {argv[0]!r}")
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )
    with process:
        try:
            stdout, stderr = _outputs(process, argv[0], timeout_s, limit)
        finally:
            # The leader is not yet waited for, so its group's number is still ours.
            _kill_group(process)
    return Completed(process.returncode, stdout, stderr)


def _outputs(
    process: subprocess.Popen[bytes], program: str, timeout_s: float, limit: int
) -> tuple[bytes, bytes]:
    """Both outputs to their ends, and the exit awaited without reaping it."""
    deadline = time.monotonic() + timeout_s
    gathered: dict[int, bytearray] = {}
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                gathered[pipe.fileno()] = bytearray()
                selector.register(pipe.fileno(), selectors.EVENT_READ)
        stdout, stderr = gathered.values()
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready or time.monotonic() > deadline:
                raise TooSlowError(program, timeout_s)
            for key, _ in ready:
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fd)
                gathered[key.fd] += data
                if len(gathered[key.fd]) > limit:
                    raise TooLargeError(program, limit)
    exited = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, process.pid, exited) is None:
        if time.monotonic() > deadline:
            raise TooSlowError(program, timeout_s)
        time.sleep(0.001)
    return bytes(stdout), bytes(stderr)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the program's own process group, itself included."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
