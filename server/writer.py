"""One thread writes deliveries, as many at a time as have come while the last were written.

A request waits until what it brought is on disk; while the disk is waited for, the next requests
gather. Under load the wait is shared by many, and alone nobody waits longer than for one.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from server import clock, ingest
from server.delivery import Delivery
from server.errors import RefusedError, ServerError
from server.ingest import Outcome
from server.log import Log
from server.store.engine import Store

MAX_REPORTS = 500
"""About how many reports share a transaction."""

GATHER_SECONDS = 0.02
"""How long to wait for company when the last transaction was shared: a transaction of thirty costs
hardly more than one of three, and under load its length is what limits us."""

_Result: TypeAlias = Outcome | ServerError
logger = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    delivery: Delivery
    answer: "asyncio.Future[Outcome]"


class Writer:
    """Writes deliveries into `store`, from `start` until `stop`.

    `is_stored` knows some of the blobs that are stored.
    """

    def __init__(self, store: Store, log: Log, is_stored: Callable[[str], bool]) -> None:
        self._store = store
        self._log = log
        self._is_stored = is_stored
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer")

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, then end."""
        self._queue.put(None)
        self._thread.join()

    async def write(self, delivery: Delivery) -> Outcome:
        """What becomes of `delivery`, once it is on disk.

        Raises:
            RefusedError: something it needs is missing.
            DiskFullError, DataError: it could not be stored, and is not stored in part.
        """
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put(_Waiting(delivery, answer))
        return await answer

    def _run(self) -> None:
        going_on = True
        batch: list[_Waiting] = []
        while going_on:
            shared = len(batch) > 1
            batch = []
            waiting = self._queue.get()
            if shared:
                time.sleep(GATHER_SECONDS)
            while waiting is not None:
                batch.append(waiting)
                if sum(len(w.delivery.reports) for w in batch) >= MAX_REPORTS:
                    break
                try:
                    waiting = self._queue.get_nowait()
                except queue.Empty:
                    break
            going_on = waiting is not None
            if batch:
                self._answer(batch, self._written([w.delivery for w in batch]))

    def _written(self, deliveries: Sequence[Delivery]) -> Sequence[_Result]:
        """What becomes of `deliveries`; one that cannot be written does not stop the others."""
        try:
            with self._store.write() as connection:
                outcomes = ingest.take(
                    connection, self._log, deliveries, clock.now(), is_stored=self._is_stored
                )
        except ServerError as e:
            return [e] * len(deliveries)
        except Exception as e:
            if len(deliveries) > 1:
                return [result for one in deliveries for result in self._written([one])]
            logger.exception("delivery of host=%s failed", deliveries[0].sender.host_id)
            return [_failed(e)]
        return outcomes

    @staticmethod
    def _answer(batch: Sequence[_Waiting], results: Sequence[_Result]) -> None:
        """Hand the results over to the loop that waits for them."""

        def settle() -> None:
            for waiting, result in zip(batch, results, strict=True):
                if waiting.answer.done():
                    continue  # the request was given up meanwhile
                if isinstance(result, ServerError):
                    waiting.answer.set_exception(result)
                else:
                    waiting.answer.set_result(result)

        batch[0].answer.get_loop().call_soon_threadsafe(settle)


def _failed(error: Exception) -> RefusedError:
    return RefusedError(
        500,
        "internal_error",
        "服务器内部错误，内容未保存；请联系管理员查看服务日志",
        f"the server failed and nothing was stored; see its log ({type(error).__name__})",
    )
