"""The service's thread that has reports judged again while it serves."""

import logging
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import msgspec

from server import clock
from server.errors import ServerError
from server.rejudging import outcomes
from server.rejudging.once import Rejudgement, failed
from server.rejudging.worker import READY
from server.service import Service

PAUSE_S = 2.0
"""How long to wait before looking again for what waits."""
AT_ONCE = 64
"""How many reports are taken up at a time: what comes meanwhile may be more urgent."""
STORE_EVERY_S = 1.0
"""How long an answer may wait for others to be stored with."""
TRIES = 2
"""After so many workers that ended over one report, it has failed."""

# `-I` keeps the working directory and PYTHONPATH out, so the way to `server` is handed over.
_BOOT = (
    "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
    "from server.rejudging.worker import main; main(Path(sys.argv[2]))"
)
_ROOT = str(Path(__file__).parents[2])

logger = logging.getLogger(__name__)


class Background:
    """Judges again what waits in the store of `service`, from `start` until `stop`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rejudging")
        self._worker: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        """Held while the worker is exchanged."""
        self._ended_over: Counter[str] = Counter()

    @property
    def worker(self) -> int | None:
        """The process id of the worker; None: there is none now."""
        worker = self._worker
        return None if worker is None else worker.pid

    def start(self) -> None:
        """Begin, once the service has had a moment for itself."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was at work waits again."""
        self._stopping.set()
        self._end_worker()
        self._thread.join()
        self._end_worker()

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE_S):
            try:
                self._judge_waiting()
            except (ServerError, OSError) as e:
                logger.warning("judging again is put off: %s", e)
                self._end_worker()

    def _judge_waiting(self) -> None:
        """Judge again until nothing waits."""
        store = self._service.store
        while not self._stopping.is_set():
            with store.read() as connection:
                batch = outcomes.waiting(connection, AT_ONCE)
            if not batch:
                return
            done: list[Rejudgement] = []
            since = time.monotonic()
            for digest in batch:
                answer = self._ask(digest)
                if answer is not None:
                    done.append(answer)
                if done and time.monotonic() - since >= STORE_EVERY_S:
                    self._store(done)
                    done, since = [], time.monotonic()
                if self._stopping.is_set():
                    break
            if done:
                self._store(done)

    def _store(self, answers: list[Rejudgement]) -> None:
        with self._service.store.write() as connection:
            outcomes.note(connection, answers, clock.now())
        for answer in answers:
            self._ended_over.pop(answer.report, None)
            if answer.result != "equal":
                logger.warning(
                    "judged again report=%s result=%s differences=%d",
                    answer.report,
                    answer.result,
                    answer.different,
                )

    def _ask(self, digest: str) -> Rejudgement | None:
        """What comes of judging `digest` again; None if that is to be tried again."""
        worker = self._started()
        stdin, stdout = worker.stdin, worker.stdout
        if stdin is None or stdout is None:
            raise OSError("the worker has no pipes")
        try:
            stdin.write(f"{digest}\n".encode("ascii"))
            stdin.flush()
            return msgspec.json.decode(stdout.readline(), type=Rejudgement)
        except (OSError, ValueError) as e:
            self._end_worker()
            if self._stopping.is_set():
                return None
            self._ended_over[digest] += 1
            logger.warning("the worker ended over report=%s: %s", digest, e)
            if self._ended_over[digest] < TRIES:
                return None
            return failed(digest, "the process that judges again ended")

    def _started(self) -> "subprocess.Popen[bytes]":
        """The worker, started if there is none.

        Raises:
            OSError: it cannot be started.
        """
        with self._turn:
            if self._stopping.is_set():
                raise OSError("stopping")
            if self._worker is None:
                self._worker = subprocess.Popen(
                    [sys.executable, "-I", "-c", _BOOT, _ROOT, str(self._service.directory)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={},
                    start_new_session=True,
                )
                fresh = self._worker
            else:
                return self._worker
        if fresh.stdout is None or fresh.stdout.readline() != READY:
            raise OSError("the worker does not start")
        return fresh

    def _end_worker(self) -> None:
        with self._turn:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            worker.communicate()
