"""The watcher: hears what the kernel announces of devices, and writes it down at once.

A process of the daemon's, forked from it so that both together stay small; neither holds a key.
It listens first, looks through the buses then, and goes on listening, so that nothing falls in
between. Each stretch of time in which nobody listened, or too much came, is an event as well
(`gap`). Events that come together are written together; a device that will not stop coming and
going gets fewer rows, which count.
"""

import os
import selectors
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent.journal import Journal, Row, folded
from agent.lifetime import end_with
from agent.pace import Pace
from collectors.attached import BUSES, Attached, Devices
from collectors.disk_use import DiskUse
from collectors.host import Host, LiveHost
from collectors.monitor import BUFFER, Monitor

QUIET_S = 0.05
"""How long nothing must have come for what came to belong together, in seconds."""
AT_MOST_S = 0.3
"""How long the first event waits for others, in seconds."""
SAMPLE_S = 2.0
"""How often removable disks are looked at while there are any, in seconds."""
TOUCH_S = 30.0
"""How often it is noted that somebody watches, in seconds."""

ROWS, ROW_EVERY_S = 4096, 10.0
"""How many rows may be written at once, and how often one more, in seconds."""
FLOODED_S, FLOODED_ROWS = 60.0, 16
"""With no turns left, how often rows are written, in seconds, and how many of them at most."""


class Watcher:
    """Watches the devices of a host, and writes the journal below `root`."""

    def __init__(
        self,
        root: Path,
        told: Callable[[], None],
        *,
        buses: Mapping[str, str] = BUSES,
        host: Callable[[], Host] = LiveHost,
        buffer: int = BUFFER,
        pace: Pace | None = None,
    ) -> None:
        """`told` is called whenever events have been written."""
        self._journal = Journal(root)
        self._told = told
        self._buses = buses
        self._host = host
        self._buffer = buffer
        self._use = DiskUse(host)
        self._pace = pace or Pace(ROWS, ROW_EVERY_S)
        self._batch: list[Row] = []
        self._began = self._heard_at = self._written_at = 0.0
        self._sampled_at = self._touched_at = 0.0
        self._lost = 0

    def run(self, stop: int) -> None:
        """Watch until the descriptor `stop` can be read.

        Raises:
            BlockingIOError: somebody else watches.
            OSError: the kernel cannot be listened to, or nothing can be written.
            ImportError: libudev is not installed.
        """
        until, lock = self._journal.watched_until(), self._journal.take()
        monitor = Monitor(self._buses, buffer=self._buffer)
        boot = _boot_id()
        devices = Devices(self._host, self._buses, _known(self._journal.attached(), boot))
        self._add([_gap("unwatched", None if until is None else time.time() - until)])
        self._add(devices.looked(lambda: monitor.heard().events))
        with selectors.DefaultSelector() as waiting:
            waiting.register(stop, selectors.EVENT_READ)
            waiting.register(monitor, selectors.EVENT_READ)
            while True:
                if time.monotonic() - self._touched_at >= TOUCH_S:
                    os.utime(lock)
                    self._touched_at = time.monotonic()
                self._sample(devices)
                ready = {key.fd for key, _ in waiting.select(self._wait_s())}
                self._hear(monitor, devices)
                if stop in ready:
                    self._write(devices, boot)
                    os.utime(lock)
                    return
                if self._batch and self._due_s() <= 0:
                    self._write(devices, boot)

    def _hear(self, monitor: Monitor, devices: Devices) -> None:
        heard = monitor.heard()
        if heard.events:
            self._add(list(devices.happened(heard.events)))
        if heard.lost:
            self._add([_gap("overflow", None), *devices.looked(lambda: monitor.heard().events)])

    def _add(self, rows: list[Row]) -> None:
        """Take `rows` into what is written next."""
        now = time.monotonic()
        for row in rows:
            if row["type"] == "disk" and row["action"] in {"remove", "gone"}:
                row.update(self._use.take(row["path"]))
        if rows and not self._batch:
            self._began = now
        if rows:
            self._heard_at, self._sampled_at = now, 0.0
        self._batch += rows
        if len(self._batch) > ROWS:
            self._batch = folded(self._batch)
            self._lost += len(self._batch[ROWS:])
            del self._batch[ROWS:]

    def _due_s(self) -> float:
        """How long until the batch is to be written, in seconds."""
        now = time.monotonic()
        due = min(self._heard_at + QUIET_S, self._began + AT_MOST_S)
        if self._pace.left < len(self._batch):
            due = max(due, self._written_at + FLOODED_S)
        return due - now

    def _wait_s(self) -> float:
        now = time.monotonic()
        waits = [self._touched_at + TOUCH_S - now]
        if self._sampled_at:
            waits.append(self._sampled_at + SAMPLE_S - now)
        if self._batch:
            waits.append(self._due_s())
        return max(0.0, min(waits))

    def _sample(self, devices: Devices) -> None:
        """Look at the removable disks, if it is time."""
        if time.monotonic() - self._sampled_at < SAMPLE_S and self._sampled_at:
            return
        disks = [path for path, each in devices.attached.items() if _is_removable(path, each)]
        if disks:
            self._use.sample(disks)
        self._sampled_at = time.monotonic() if disks else 0.0

    def _write(self, devices: Devices, boot: str) -> None:
        """Write the batch down and tell; what cannot be written is kept."""
        if not self._batch:
            return
        rows = self._batch
        if not self._pace.take(len(rows)):
            most = max(FLOODED_ROWS, self._pace.left)
            rows = folded(rows)
            self._lost += sum(row.get("count", 1) for row in rows[most:])
            rows = rows[:most]
            self._pace.take(min(len(rows), self._pace.left))
        if self._lost:
            rows = [*rows, _gap("flood", None) | {"count": self._lost}]
        self._journal.append(rows)
        self._journal.note_attached({"boot": boot, "devices": _noted(devices.attached)})
        self._batch, self._lost = [], 0
        self._written_at = time.monotonic()
        self._told()


def watch(root: Path, parent: int) -> int:
    """Be the watcher of the daemon with the process id `parent`, until a signal says stop."""
    stopped, stop = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(stop, warn_on_full_buffer=False)
    end_with(parent, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    Watcher(root, lambda: os.kill(parent, signal.SIGUSR1)).run(stopped)
    return 0


def _gap(kind: str, lasted: float | None) -> Row:
    row: Row = {"action": "gap", "path": "", "type": kind, "driver": "", "time": int(time.time())}
    return row if lasted is None else row | {"duration": max(0, round(lasted))}


def _is_removable(path: str, each: Attached) -> bool:
    return each.type == "disk" and bool(each.identity.get("port_path") or "/mmc_host/" in path)


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _noted(attached: Mapping[str, Attached]) -> dict[str, list[Any]]:
    return {
        path: [each.subsystem, each.type, each.driver, each.address, each.since, each.identity]
        for path, each in attached.items()
    }


def _known(noted: Any, boot: str) -> dict[str, Attached] | None:
    """What was attached when it was last noted; None if that was before this boot."""
    if not isinstance(noted, dict) or noted.get("boot") != boot:
        return None
    return {path: Attached(*each) for path, each in noted["devices"].items()}
