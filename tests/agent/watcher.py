"""Runs the watcher by itself, as the daemon would, on the buses that a test names.

    python -m tests.agent.watcher STATE [--net] [--buffer BYTES] [--rows N]

With `--net` it watches network interfaces, which a test can make by the thousand in a namespace
of its own, where the kernel announces them for real.
"""

import argparse
import os
import signal
from pathlib import Path

from agent.pace import Pace
from agent.watching import ROWS, Watcher
from collectors.attached import BUSES
from collectors.monitor import BUFFER


def main() -> None:
    """Watch until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("--net", action="store_true")
    parser.add_argument("--buffer", type=int, default=BUFFER)
    parser.add_argument("--rows", type=int, default=ROWS)
    arguments = parser.parse_args()
    stopped, stop = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(stop, warn_on_full_buffer=False)
    Watcher(
        arguments.state,
        lambda: None,
        buses={"net": "/sys/class/net"} if arguments.net else BUSES,
        buffer=arguments.buffer,
        pace=Pace(arguments.rows, 3600),
    ).run(stopped)


if __name__ == "__main__":
    main()
