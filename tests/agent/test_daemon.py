"""The daemon keeps the promise, tells its service manager, and stops when it is told to."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.spool import Spool
from agent.state import State
from evidence.statement import Report
from tests.agent.enrolled import enrolled

WITHIN_S = 30.0
IDLE_KIB = 20 * 1024
"""Memory that an idle daemon may hold, proportional set size."""


class Watched:
    """A daemon, and what it told on its notification socket."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", channel: socket.socket, log: Path
    ) -> None:
        self.process = process
        self._channel = channel
        self._log = log
        self.told: list[str] = []

    @property
    def log(self) -> str:
        """What it has said on stderr."""
        return self._log.read_text("utf-8")

    def hear(self, pattern: str) -> None:
        """Wait until the daemon has told something that `pattern` is found in."""
        deadline = time.monotonic() + WITHIN_S
        while not any(re.search(pattern, each) for each in self.told):
            self._channel.settimeout(max(0.01, deadline - time.monotonic()))
            self.told.append(self._channel.recv(4096).decode())

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send the signal and wait; how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(WITHIN_S)
        return time.monotonic() - began


@contextmanager
def _daemon(state: State, directory: Path, config: str = "") -> Iterator[Watched]:
    file = directory / "agent.toml"
    file.write_text(config)
    address = str(directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        log = directory / "log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "agent", "agent"),
                    *("--state", str(state.root), "--config", str(file)),
                ],
                env={**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000000"},
                stderr=stderr,
            )
        try:
            yield Watched(process, channel, log)
        finally:
            process.kill()
            process.wait()


def _until(condition: Callable[[], object], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _scans(state: State) -> list[Report]:
    spool = Spool(state)
    said = [spool.entry(sequence).statement.predicate for sequence in spool.sequences()]
    return [report for report in said if not report.is_of_events]


def test_it_scans_and_keeps_what_it_cannot_send(tmp_path: Path) -> None:
    """Ready at once, a report soon after; the server being down is logged, not fatal."""
    state = enrolled(tmp_path).state

    with _daemon(state, tmp_path) as watched:
        watched.hear("READY=1")
        watched.hear(r"STATUS=next scan in 3\d{3} s")
        seconds = watched.stop()

    assert watched.process.returncode == 0
    assert seconds < 5
    spool = Spool(state)
    said = [spool.entry(sequence).statement.predicate for sequence in spool.pending()]
    assert sorted(report.scan.trigger for report in said) == ["event", "schedule"]
    assert "scan done" in watched.log


def test_it_scans_again_within_the_promised_interval(tmp_path: Path) -> None:
    """The assignment's interval is what passes between two reports, a little less each time."""
    played = enrolled(tmp_path)
    played.keep(played.assign(serial=2, interval_s=4))

    with _daemon(played.state, tmp_path) as watched:
        _until(lambda: len(_scans(played.state)) >= 2, watched.process)
        watched.stop()

    assert all(report.chain.interval_s == 4 for report in _scans(played.state))


def test_it_stops_in_the_middle_of_a_scan(tmp_path: Path) -> None:
    """SIGTERM ends a scan at work within seconds, and leaves the chain whole."""
    state = enrolled(tmp_path).state

    with _daemon(state, tmp_path) as watched:
        watched.hear("READY=1")
        _until(lambda: _children(watched.process.pid), watched.process)
        seconds = watched.stop()

    assert watched.process.returncode == 0
    assert seconds < 7
    assert Spool(state).sequences() in ([], [1])


def test_a_watchdog_is_fed_while_it_waits(tmp_path: Path) -> None:
    """The service manager hears from it in time, so that a hung daemon is noticed."""
    state = enrolled(tmp_path).state

    with _daemon(state, tmp_path) as watched:
        watched.hear(r"STATUS=next scan in 3\d{3} s")
        watched.told.clear()
        watched.hear("WATCHDOG=1")
        watched.stop()


def test_an_idle_daemon_is_small(tmp_path: Path) -> None:
    """Between two scans it holds nothing heavy."""
    state = enrolled(tmp_path).state

    with _daemon(state, tmp_path) as watched:
        watched.hear(r"STATUS=next scan in 3\d{3} s")
        rollup = Path(f"/proc/{watched.process.pid}/smaps_rollup").read_text()
        watched.stop()

    found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    assert found is not None
    assert int(found[1]) <= IDLE_KIB


def test_a_configuration_read_again_counts(tmp_path: Path) -> None:
    """SIGHUP: a mistake leaves the old one in force, and a classified system stops it."""
    state = enrolled(tmp_path).state

    with _daemon(state, tmp_path) as watched:
        watched.hear(r"STATUS=next scan in 3\d{3} s")
        (tmp_path / "agent.toml").write_text("intervall_s = 3\n")
        watched.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        alive = watched.process.poll() is None
        (tmp_path / "agent.toml").write_text("classified = true\n")
        watched.process.send_signal(signal.SIGHUP)
        watched.process.wait(WITHIN_S)

    assert alive
    assert watched.process.returncode == 3
    assert "did you mean 'interval_s'" in watched.log
    assert "classified system" in watched.log


def test_a_failing_scan_is_told_and_tried_again(tmp_path: Path) -> None:
    """A scan that cannot be stored is logged with its exit code, never silent."""
    state = enrolled(tmp_path).state
    state.key_file.chmod(0o644)

    with _daemon(state, tmp_path) as watched:
        watched.hear("STATUS=next scan in")
        watched.told.clear()
        watched.hear("STATUS=next scan in")
        state.key_file.chmod(0o600)
        watched.stop()

    assert "chmod 600" in watched.log
    assert re.search(r"scan failed: exit=3; again in \d+ s", watched.log)


def test_it_waits_for_enrolment(tmp_path: Path) -> None:
    """A service that is started before the host is enrolled does not spin and does not fail."""
    with _daemon(State(tmp_path / "nowhere"), tmp_path) as watched:
        watched.hear("STATUS=not enrolled")
        seconds = watched.stop()

    assert watched.process.returncode == 0
    assert seconds < 5


def _children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def test_usage_of_a_missing_configuration(tmp_path: Path) -> None:
    """The daemon does not start on a configuration that is not there."""
    done = subprocess.run(
        [sys.executable, "-m", "agent", "agent", "--config", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "none" in done.stderr


pytestmark = pytest.mark.timeout(120)
