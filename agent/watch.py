"""The daemon's side of watching: keeps the watcher alive, and has what it wrote signed at once.

The watcher says with SIGUSR1 that it has written something; a process of its own (`agent.event`)
then makes a report of it. Reports come at once as long as there are turns left, then more rarely,
each with more in it: a device that will not stop coming and going fills no disk.
"""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from agent.pace import Pace

_log = logging.getLogger(__name__)

REPORTS, SLOW_REPORTS, REPORT_EVERY_S = 60, 20, 300.0
"""How many event reports may be made in a row, which of them ever more slowly, and how often one
more, in seconds."""
RESTART_S, LONGEST_S = 1.0, 300.0
"""After which time a watcher or a signing that failed is tried again, doubled up to the longest."""
STOP_S = 2.0
"""How long a watcher that is told to stop may take, in seconds."""


class Watch:
    """A watcher below the state directory `root`, and the signing of what it writes.

    `options` are the command-line options by which `agent.event` finds state and configuration.
    """

    def __init__(self, root: Path, options: Sequence[str]) -> None:
        self._root = root
        self._options = options
        self._pace = Pace(REPORTS, REPORT_EVERY_S, slow=SLOW_REPORTS)
        self._watcher: int | None = None
        self._watch_at = 0.0
        self._watch_wait = RESTART_S
        self._signer: int | None = None
        self._sign_at = 0.0
        self._sign_wait = RESTART_S
        self._written = False
        self.reports = 0
        """How many reports have been made of events."""

    @property
    def signing(self) -> bool:
        """Whether a report is being made."""
        return self._signer is not None

    def written(self) -> None:
        """Note that the watcher has written something."""
        self._written = True

    def tend(self) -> None:
        """Do what is due: see who has ended, start the watcher again, have events signed."""
        self._reap()
        now = time.monotonic()
        if self._watcher is None and now >= self._watch_at:
            self._watcher = self._fork()
        if self._written and self._signer is None and now >= self._sign_at and self._pace.take():
            self._written = False
            self._signer = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-m", "agent.event", *self._options],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
                setsigmask=(),
            )

    def due_s(self) -> float:
        """How long until there is something to do, in seconds, unless somebody ends before."""
        now = time.monotonic()
        waits = [LONGEST_S]
        if self._watcher is None:
            waits.append(self._watch_at - now)
        if self._written and self._signer is None:
            waits.append(max(self._sign_at - now, self._pace.wait_s))
        return max(0.0, min(waits))

    def stop(self) -> None:
        """End the watcher, which writes what it has heard; what is written is signed next time."""
        if self._watcher is None:
            return
        os.kill(self._watcher, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while os.waitpid(self._watcher, os.WNOHANG)[0] == 0:
            if time.monotonic() >= deadline:
                os.kill(self._watcher, signal.SIGKILL)
                os.waitpid(self._watcher, 0)
                break
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)
        self._watcher = None

    def _reap(self) -> None:
        now = time.monotonic()
        if self._watcher is not None and (code := _ended(self._watcher)) is not None:
            self._watcher = None
            _log.error("the watcher ended: exit=%d; again in %d s", code, self._watch_wait)
            self._watch_at = now + self._watch_wait
            self._watch_wait = min(2 * self._watch_wait, LONGEST_S)
        if self._signer is not None and (code := _ended(self._signer)) is not None:
            self._signer = None
            if code == 0:
                self.reports += 1
                self._sign_wait = RESTART_S
                return
            _log.error("events not signed: exit=%d; again in %d s", code, self._sign_wait)
            self._written = True
            self._sign_at = now + self._sign_wait
            self._sign_wait = min(2 * self._sign_wait, LONGEST_S)

    def _fork(self) -> int:
        """Start a watcher: forked, since it needs what is in memory already, and no secret is."""
        parent = os.getpid()
        gc.freeze()
        pid = os.fork()
        if pid:
            gc.unfreeze()
            return pid
        code = 1
        try:
            from agent.watching import watch  # noqa: PLC0415  # what the daemon itself never needs

            code = watch(self._root, parent)
        except (OSError, ImportError) as e:
            _log.error("nobody watches: %s", e)
        except Exception:  # noqa: BLE001  # whatever it is, the child ends here and is told of
            _log.exception("the watcher broke off")
        finally:
            os._exit(code)


def _ended(pid: int) -> int | None:
    """The exit code of the child `pid`, negative for a signal; None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None
