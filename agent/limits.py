"""What a limited child gives up before it reads anything that others could have written.

Called by the child on itself, first thing after exec: no fork in a process with locks, and the
limits hold for the programs that collectors run, too.
"""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

from agent.job import Limits
from agent.lifetime import end_with

_IOPRIO_WHO_PROCESS = 1
_IOPRIO_CLASS_IDLE = 3 << 13
_SYS_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "loongarch64": 30}
"""Linux system call numbers; glibc has no wrapper (ioprio_set(2))."""

NICE = 10
OPEN_FILES = 256
OOM_SCORE_ADJ = 500
"""The kernel takes the scan before anything the host is there for."""


def confine(limits: Limits, parent: int) -> None:
    """Bind this process to `limits`, make it the host's least important, and end it with `parent`.

    Scheduling, I/O class and OOM score are courtesies: a sandbox that refuses them is no reason
    not to scan. The limits themselves are not: OSError if one cannot be set.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    end_with(parent, signal.SIGKILL)
    with suppress(OSError):
        os.nice(NICE)
    number = _SYS_IOPRIO_SET.get(os.uname().machine)
    if number is not None:
        libc.syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_CLASS_IDLE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE_ADJ), "ascii")
    memory = limits.memory_mib * 1024 * 1024
    for what, wanted in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (value, value))
