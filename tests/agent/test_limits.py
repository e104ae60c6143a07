"""What a limited child has given up before it reads anything."""

import json
import os
import subprocess
import sys

_PROGRAM = """
import json, os, resource, sys
from agent.job import Limits
from agent.limits import confine
confine(Limits(cpu_s=3, wall_s=9, memory_mib=256), os.getppid())
limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0]
          for name in ("CPU", "AS", "NOFILE", "FSIZE", "CORE")}
try:
    with open(sys.argv[1], "wb") as f:
        f.write(b"x")
        f.flush()
    wrote = True
except OSError:
    wrote = False
try:
    bytearray(300 * 1024 * 1024)
    grew = True
except MemoryError:
    grew = False
print(json.dumps({"limits": limits, "nice": os.nice(0), "wrote": wrote, "grew": grew,
                  "oom": int(open("/proc/self/oom_score_adj").read())}))
"""


def test_a_child_binds_itself(tmp_path: object) -> None:
    """Processor time, memory, files and priority are given up, once and for all."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, f"{tmp_path}/file"],
        capture_output=True,
        timeout=60,
        check=True,
    )

    said = json.loads(done.stdout)
    assert said["limits"] == {
        "CPU": 3,
        "AS": 256 * 1024 * 1024,
        "NOFILE": 256,
        "FSIZE": 0,
        "CORE": 0,
    }
    assert not said["wrote"]
    assert not said["grew"]
    assert said["nice"] == min(19, os.nice(0) + 10)
    assert said["oom"] == 500


def test_a_child_of_nobody_ends_itself() -> None:
    """Whoever is not started by the parent that the job names does not run at all."""
    code = (
        "from agent.job import Limits; from agent.limits import confine; "
        "confine(Limits(cpu_s=3, wall_s=9, memory_mib=256), 1 << 22); print('alive')"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=60, check=False
    )

    assert done.returncode == -9
    assert done.stdout == b""
