"""What a scan costs, beside Lynis on the same host in the same run.

    .venv/bin/python benchmarks/scan.py [--runs N] [--without-lynis]

Prints processor time (user and system, of the whole process tree, as the kernel counts it), wall
time and the highest proportional set size (PSS) of the tree, as medians of N runs after one to
warm up; then ratios. Figures depend on the host and on what else runs there; ratios much less.
Run as root, or both see less than they should.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.agent.enrolled import enrolled, library

LYNIS = ("lynis", "audit", "system", "--quick", "--quiet", "--no-colors")
SAMPLE_S = 0.004
TARGETS = (("CPU of a scan", 0.4, "s"), ("PSS while scanning", 45, "MiB"), ("PSS idle", 20, "MiB"))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a program cost."""

    cpu_s: float
    wall_s: float
    pss_mib: float


def tree(root: int) -> list[int]:
    """The process `root` and all that descend from it."""
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        found.append(pid)
        try:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                open_ += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def pss_mib(pids: Sequence[int]) -> float:
    """Their proportional set sizes together.

    Between vfork and exec a child has its parent's memory and command line; it counts once.
    """
    total = 0
    seen = set[bytes]()
    for pid in pids:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        if command in seen:
            continue
        seen.add(command)
        if found := re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE):
            total += int(found[1])
    return total / 1024


def measured(argv: Sequence[str], *, memory: bool) -> Cost:
    """What running `argv` costs; looking at memory makes the figures of time a little worse."""
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    highest = 0.0
    while True:
        pid, _, usage = os.wait4(process.pid, os.WNOHANG if memory else 0)
        if pid:
            process.returncode = 0
            wall = time.monotonic() - began
            return Cost(usage.ru_utime + usage.ru_stime, wall, highest)
        highest = max(highest, pss_mib(tree(process.pid)))
        time.sleep(SAMPLE_S)


def median(argv: Sequence[str], runs: int) -> Cost:
    """The median cost of `runs` runs after one to warm up; memory in runs of its own."""
    measured(argv, memory=False)
    timed = [measured(argv, memory=False) for _ in range(runs)]
    weighed = [measured(argv, memory=True) for _ in range(min(runs, 5))]
    return Cost(
        statistics.median(cost.cpu_s for cost in timed),
        statistics.median(cost.wall_s for cost in timed),
        max(cost.pss_mib for cost in weighed),
    )


IDLE = 2
"""Processes of an idle agent: the daemon and its watcher."""


def idle_pss_mib(state: Path, directory: Path) -> float:
    """What the daemon and its watcher take between two scans."""
    (directory / "agent.toml").write_text("")
    argv = [sys.executable, "-m", "agent", "agent", "--state", str(state)]
    process = subprocess.Popen(
        [*argv, "--config", str(directory / "agent.toml")], stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(5)
        while len(tree(process.pid)) != IDLE:
            time.sleep(0.5)
        return sum(pss_mib([pid]) for pid in tree(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def lynis() -> str:
    """Where Lynis is; installed from the distribution's packages if it is not there."""
    if path := shutil.which("lynis"):
        return path
    print("installing lynis …", file=sys.stderr)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "lynis"], check=True, capture_output=True
        )
    if path := shutil.which("lynis"):
        return path
    raise SystemExit("Lynis is missing: apt-get install lynis (as root), or --without-lynis")


def line(name: str, cost: Cost) -> None:
    """One line of the table."""
    pss = f"{cost.pss_mib:8.1f} MiB" if cost.pss_mib else " " * 12
    print(f"{name:44} {cost.cpu_s:8.3f} s {cost.wall_s:8.3f} s {pss}")


def main() -> int:
    """Measure, print, and say whether the targets were met."""
    parser = argparse.ArgumentParser(description="What a scan costs, beside Lynis.")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--without-lynis", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anfang-bench-") as name:
        directory = Path(name)
        played = enrolled(directory)
        library(played)
        program = (sys.executable, "-m", "agent")
        where = ("--state", str(played.state.root), "--config", "/dev/null")
        bare = median((sys.executable, "-c", "pass"), args.runs)
        scan = median((*program, "scan", *where), args.runs)
        idle = idle_pss_mib(played.state.root, directory)
        print(f"{'':44} {'CPU':>10} {'wall':>10} {'PSS, tree':>12}")
        line("python -c pass (the interpreter alone)", bare)
        line("anfang scan, signed and spooled", scan)
        line("anfang agent, idle", Cost(0.0, 0.0, idle))
        if not args.without_lynis:
            peer = measured((lynis(), *LYNIS[1:]), memory=True)
            line(" ".join(LYNIS), peer)
            print(
                f"\nLynis / anfang: CPU {peer.cpu_s / scan.cpu_s:.0f}x, "
                f"memory {peer.pss_mib / scan.pss_mib:.1f}x"
            )
    missed = 0
    print()
    for (what, target, unit), value in zip(TARGETS, (scan.cpu_s, scan.pss_mib, idle), strict=True):
        missed += value > target
        word = "met   " if value <= target else "MISSED"
        print(f"{word} {what}: {value:.2f} {unit}, target {target}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
