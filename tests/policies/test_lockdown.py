"""A locked process: each way out is tried in a real child and refused."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SET_UP = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "import ctypes, json, os, socket, subprocess, tempfile, threading\n"
    "from policies.lockdown import LockedError, limit_cpu, lock, refuse_collectors\n"
)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", SET_UP + code, str(ROOT)],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", ["collectors", "collectors.host", "agent", "server"])
def test_what_observes_hosts_cannot_be_imported(name: str) -> None:
    """Refused from the beginning, before anything is read."""
    child = run(f"refuse_collectors()\nimport {name}")

    assert child.returncode == 1
    assert "a judge does not import" in child.stderr


def test_a_process_that_has_collectors_cannot_become_a_judge() -> None:
    """Too late is too late."""
    child = run("import collectors\nrefuse_collectors()")

    assert child.returncode == 1
    assert "imported already: collectors" in child.stderr


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "open('/tmp/anfang-lockdown', 'w')",
        "os.open('/dev/null', os.O_RDONLY)",
        "os.listdir('/')",
        "os.fork()",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.remove('/tmp/anfang-lockdown')",
        "os.kill(os.getppid(), 15)",
        "subprocess.run(['/bin/true'])",
        "socket.socket()",
        "socket.getaddrinfo('localhost', 80)",
        "tempfile.mkdtemp()",
        "ctypes.CDLL(None)",
        "__import__('sqlite3')",
    ],
)
def test_a_locked_process_cannot_reach_outside(attempt: str) -> None:
    """Files, programs, sockets and further imports are all refused, also for root."""
    child = run(f"lock()\ntry:\n {attempt}\nexcept LockedError as e:\n print(e)")

    assert child.returncode == 0, child.stderr
    assert "a judge does not do this" in child.stdout


def test_the_kernel_limits_hold_too() -> None:
    """No core file, no written byte, no further descriptor, a bounded address space."""
    child = run(
        "import resource as r\nlock()\n"
        "print([r.getrlimit(n)[1] for n in "
        "(r.RLIMIT_CORE, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_NPROC)])\n"
        "try:\n bytearray(2 << 30)\nexcept MemoryError:\n print('no memory')"
    )

    assert child.stdout == "[0, 0, 3, 0]\nno memory\n"


def test_an_endless_computation_is_ended() -> None:
    """Processor time runs out, and the process with it."""
    child = run("limit_cpu(0)\nlock()\nwhile True: pass")

    assert child.returncode < 0
