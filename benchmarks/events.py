"""How long from a plug to a signed report of it, and whether a burst is reported whole.

Emulated devices through the real libudev, the real daemon, the real key and spool; the seconds
end when the report is in the spool. Printed, never tested: a loaded machine is slower.

    python benchmarks/events.py [--plugs N] [--burst N]
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agent.journal import Journal
from tests.agent.enrolled import enrolled
from tests.collectors.testbed import LISTENER, STICK, testbed

TARGET_S = 1.0
WITHIN_S = 60.0
STORAGE = f"{STICK}/1-1:1.0"


def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`."""
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("not reported in time")
        time.sleep(0.002)


def signed(journal: Journal, number: int) -> bool:
    """Whether a report carries the event with this number."""
    return journal.signed() >= number


def main() -> int:
    """Measure and print; 1 if the target was missed."""
    parser = argparse.ArgumentParser(description="From a plug to a signed report.")
    parser.add_argument("--plugs", type=int, default=20)
    parser.add_argument("--burst", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anfang-bench-") as name, testbed("stick") as bed:
        directory = Path(name)
        state = enrolled(directory).state
        journal = Journal(state.root)
        config = directory / "agent.toml"
        config.touch()
        argv = [*LISTENER, sys.executable, "-m", "agent", "agent", "--state", str(state.root)]
        with subprocess.Popen(
            [*argv, "--config", str(config)], env=bed.environment, stderr=subprocess.DEVNULL
        ) as daemon:
            until(partial(signed, journal, 1))
            time.sleep(8)  # the first scan
            seconds = []
            for turn in range(args.plugs):
                before, began = journal.signed(), time.monotonic()
                bed.announce(STORAGE, ("unbind", "bind")[turn % 2])
                until(partial(signed, journal, before + 1))
                seconds.append(time.monotonic() - began)
                time.sleep(0.2)
            before, began = journal.signed(), time.monotonic()
            bed.burst(STORAGE, ["bind" if turn % 2 else "unbind" for turn in range(args.burst)])
            sent = time.monotonic()
            until(partial(signed, journal, before + args.burst))
            burst = time.monotonic() - sent
            daemon.send_signal(signal.SIGTERM)
        lines = (state.root / "watch" / "events.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
    lost = sum(row["action"] == "gap" for row in rows) - 1
    seconds.sort()
    p99 = seconds[max(0, round(0.99 * len(seconds)) - 1)]
    print(f"plug to signed report: median {statistics.median(seconds):.2f} s, p99 {p99:.2f} s")
    print(f"burst of {args.burst} within {sent - began:.1f} s: signed {burst:.2f} s after the last")
    print(f"rows {len(rows)}, gaps {lost}")
    met = p99 <= TARGET_S and burst <= TARGET_S and not lost
    print(f"{'met   ' if met else 'MISSED'} target {TARGET_S} s, none lost")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
