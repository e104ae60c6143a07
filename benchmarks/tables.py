"""What each table costs to read, and how that grows with the number of processes.

    .venv/bin/python benchmarks/tables.py [--runs N] [--processes 100 400 1000]

Prints CPU milliseconds (user and system, programs that are run included) of every full table, all
columns, each read alone, as medians of N readings after one to warm up, with that many processes
on the host; below, all of them read in one scan, which asks a source that several share only
once. Nothing but the number of processes changes in between.
"""

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from collectors.host import LiveHost
from collectors.registry import COLLECTORS, collector
from collectors.source import HostSource
from facts.spec import Kind
from facts.tables import SPECS

TARGET_S = 0.3
"""For all full tables together, with 100 processes and 900 packages."""
APART = frozenset({"package_file_changes"})
"""Read only when asked for: it compares every packaged file with its digest."""


def cpu_s() -> float:
    """What this process and the programs it ran have used so far."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, both))


def cost_ms(tables: Sequence[str], runs: int) -> float:
    """The median cost of reading `tables`, on a host that was not looked at before."""
    costs = []
    for _ in range(runs + 1):
        source = HostSource(LiveHost(), None)
        began = cpu_s()
        for table in tables:
            source.read(table, tuple(column.name for column in SPECS[table].columns))
        costs.append(1000 * (cpu_s() - began))
    return statistics.median(costs[1:])


@contextmanager
def idle(count: int) -> Iterator[None]:
    """`count` processes that sleep, so that the host has about as many."""
    running = len([path for path in Path("/proc").iterdir() if path.name.isdecimal()])
    sleepers = [
        subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        for _ in range(max(0, count - running))
    ]
    try:
        yield
    finally:
        for sleeper in sleepers:
            sleeper.kill()
        for sleeper in sleepers:
            sleeper.wait()


def main() -> int:
    """Measure, print, and say whether the target was met."""
    parser = argparse.ArgumentParser(description="What each table costs to read.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--processes", type=int, nargs="+", default=[100, 400, 1000])
    args = parser.parse_args()
    tables = sorted(name for name in COLLECTORS if SPECS[name].kind is Kind.FULL)
    for table in tables:
        collector(table)  # imported before anything is measured
    costs: dict[int, dict[str, float]] = {}
    together: dict[int, float] = {}
    for count in args.processes:
        with idle(count):
            costs[count] = {table: cost_ms([table], args.runs) for table in tables}
            together[count] = cost_ms([t for t in tables if t not in APART], args.runs) / 1000
    print(f"{'CPU ms with so many processes':34}" + "".join(f"{n:>9}" for n in args.processes))
    first, last = args.processes[0], args.processes[-1]
    for table in sorted(tables, key=lambda name: -costs[first][name]):
        figures = "".join(f"{costs[count][table]:9.2f}" for count in args.processes)
        growth = costs[last][table] / max(costs[first][table], 0.01)
        print(f"{table:34}{figures}  x{growth:.1f}")
    print(f"{'all in one scan, CPU s':34}" + "".join(f"{t:9.3f}" for t in together.values()))
    packages = len(HostSource(LiveHost(), None).read("deb_packages", ("name",)).rows)
    met = together[first] <= TARGET_S
    print(
        f"\n{'met   ' if met else 'MISSED'} all full tables: {together[first]:.2f} s with {first} "
        f"processes and {packages} packages, target {TARGET_S} s with 100 and 900"
    )
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
