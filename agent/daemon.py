"""The daemon: scans on schedule, has devices watched, sends, and holds nothing while it waits.

Every scan and every transmission is a process of its own (`anfang scan`, `anfang send`), so that
the daemon stays a few megabytes and no failure of theirs is its own. It keeps the promise of the
assignment: the next report within the interval, at a moment that differs from host to host. What
is plugged in meanwhile is reported at once (`agent.watch`), also while a scan is at work.

    SIGTERM, SIGINT   stop; a scan at work is ended with it, what is spooled stays
    SIGHUP            read the configuration again
    SIGUSR1           from the watcher: something has been plugged in or out
"""

import base64
import json
import logging
import os
import random
import signal
import sys
import time
from pathlib import Path

from agent.config import Config, load
from agent.errors import AgentError, ClassifiedError
from agent.notify import notify, watchdog_interval_s
from agent.watch import Watch

_log = logging.getLogger(__name__)

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1}
JITTER = (0.85, 0.95)
"""Which part of the interval passes between two scans."""
FIRST_WITHIN_S = 5.0
"""Within how many seconds of its start the first scan begins: not all hosts at one moment."""
FIRST_RETRY_S = 30
"""How long to wait after a first failure, in seconds; doubled each time, up to the interval."""
UNENROLLED_WAIT_S = 60
"""How often to look whether the host has been enrolled, in seconds."""
STOP_S = 5.0
"""How long a scan that is told to stop may take, in seconds."""


class Stopped(BaseException):
    """A signal asked the daemon to stop."""


class Daemon:
    """The daemon of one configuration file and, if given, one state directory."""

    def __init__(self, config_file: Path | None, state: str | None) -> None:
        self._config_file = config_file
        self._state = state
        self._config = self._load()
        self._random = random.SystemRandom()
        self._watchdog_s = watchdog_interval_s() or 3600.0
        self._child: int | None = None
        self._watch: Watch | None = None
        self._reported = 0
        self._scan_at = time.monotonic() + self._random.uniform(0, FIRST_WITHIN_S)
        self._send_at = self._scan_at
        self._scan_failures = 0
        self._send_failures = 0

    def run(self) -> int:
        """Work until a signal says stop; 0 then, 3 if the configuration forbids going on."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        notify("READY=1")
        try:
            while True:
                self._step()
        except Stopped:
            notify("STOPPING=1")
            self._end_child()
            if self._watch is not None:
                self._watch.stop()
            return 0
        except AgentError as e:
            notify("STOPPING=1")
            _log.error("stopping: %s", e)
            return e.exit_code

    def _step(self) -> None:
        """Wait for what is due next, and do it."""
        if not self._enrolled():
            notify("STATUS=not enrolled: anfang enroll URL --token TOKEN")
            _log.warning("not enrolled; waiting")
            self._wait(time.monotonic() + UNENROLLED_WAIT_S)
            return
        if self._watch is None:
            self._watch = Watch(self._root, self._options)
            self._watch.tend()
        notify(f"STATUS=next scan in {max(0, int(self._scan_at - time.monotonic()))} s")
        self._wait(min(self._scan_at, self._send_at))
        if time.monotonic() >= self._scan_at:
            self._scan()
        if time.monotonic() >= self._send_at:
            self._send()

    def _scan(self) -> None:
        before, events = self._newest(), self._events()
        code = self._spawn("scan", "--trigger", "schedule")
        interval = self._interval_s()
        while self._watch is not None and self._watch.signing:
            self._hear(self._watchdog_s)
        if self._newest() - before <= self._events() - events:
            self._scan_failures += 1
            wait = self._backoff(self._scan_failures, interval)
            _log.error("scan failed: exit=%d; again in %d s", code, wait)
        else:
            self._scan_failures = 0
            wait = self._random.uniform(*JITTER) * interval
            _log.info("scan done: report=%d exit=%d", self._newest(), code)
            self._send_at = time.monotonic()
        self._scan_at = time.monotonic() + wait

    def _send(self) -> None:
        code = self._spawn("send")
        interval = self._interval_s()
        if code == 0:
            self._send_failures = 0
            self._send_at = time.monotonic() + interval
        else:
            self._send_failures += 1
            wait = self._backoff(self._send_failures, interval)
            _log.error("send failed: exit=%d; the spool keeps it; again in %d s", code, wait)
            self._send_at = time.monotonic() + wait

    def _backoff(self, failures: int, interval: int) -> float:
        longest: int = min(interval, FIRST_RETRY_S << min(failures - 1, 16))
        return self._random.uniform(0.5, 1.0) * longest

    def _spawn(self, *command: str) -> int:
        """Run `anfang` with `command` and wait; its exit code, negative for a signal.

        What it says on stderr goes where the daemon's goes; its answer is in the spool.
        """
        argv = [sys.executable, "-I", "-m", "agent", *command, "--lang", "en", *self._options]
        self._child = os.posix_spawn(
            sys.executable,
            argv,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
            setpgroup=0,
            setsigmask=(),
        )
        while True:
            pid, status = os.waitpid(self._child, os.WNOHANG)
            if pid:
                self._child = None
                return os.waitstatus_to_exitcode(status)
            self._hear(self._watchdog_s)

    def _wait(self, until: float) -> None:
        """Sleep until then or until events are to be sent, alive to signals and the watchdog."""
        while (left := until - time.monotonic()) > 0:
            self._hear(min(left, self._watchdog_s))
            if self._events() > self._reported:
                self._reported = self._events()
                self._send_at = time.monotonic()
                return

    def _hear(self, timeout_s: float) -> None:
        """Wait for one signal, at most that long, and obey it."""
        notify("WATCHDOG=1")
        if self._watch is not None:
            timeout_s = min(timeout_s, self._watch.due_s())
        heard = signal.sigtimedwait(_SIGNALS, timeout_s)
        if heard is not None:
            if heard.si_signo in (signal.SIGTERM, signal.SIGINT):
                raise Stopped
            if heard.si_signo == signal.SIGHUP:
                self._reload()
            elif heard.si_signo == signal.SIGUSR1 and self._watch is not None:
                self._watch.written()
        if self._watch is not None:
            self._watch.tend()

    def _events(self) -> int:
        """How many reports have been made of events."""
        return 0 if self._watch is None else self._watch.reports

    @property
    def _options(self) -> list[str]:
        """The command-line options by which a child finds configuration and state."""
        options = []
        if self._config_file is not None:
            options += ["--config", str(self._config_file)]
        if self._state is not None:
            options += ["--state", self._state]
        return options

    def _reload(self) -> None:
        try:
            self._config = self._load()
        except ClassifiedError:
            raise
        except AgentError as e:
            _log.error("configuration not read, the old one stays: %s", e)
        else:
            _log.warning("configuration read again")

    def _load(self) -> Config:
        config = load(self._config_file)
        if config.classified:
            raise ClassifiedError
        return config

    def _end_child(self) -> None:
        """End the scan or transmission at work, within `STOP_S` seconds."""
        if self._child is None:
            return
        os.killpg(self._child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while os.waitpid(self._child, os.WNOHANG)[0] == 0:
            if time.monotonic() >= deadline:
                os.killpg(self._child, signal.SIGKILL)
                os.waitpid(self._child, 0)
                return
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)

    # The state is read here without its types: a daemon that waits should hold nothing heavy, and
    # what it reads was verified when it was stored.

    @property
    def _root(self) -> Path:
        return Path(self._state or self._config.state)

    def _enrolled(self) -> bool:
        return (self._root / "ca.pem").exists() and (self._root / "enrolment.json").exists()

    def _newest(self) -> int:
        """The chain's last place; 0 where there is none."""
        try:
            names = [path.stem for path in (self._root / "spool").iterdir()]
        except OSError:
            return 0
        return max((int(name) for name in names if name.isdigit()), default=0)

    def _interval_s(self) -> int:
        """The interval that the assignment promises, else the configured one."""
        try:
            envelope = json.loads((self._root / "assignment.json").read_bytes())
            predicate = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
            return int(predicate["interval_s"])
        except FileNotFoundError:
            return self._config.interval_s
        except (OSError, ValueError, KeyError, TypeError) as e:
            _log.error("assignment unreadable, the configured interval is kept: %s", e)
            return self._config.interval_s
