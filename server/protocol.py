"""HTTP as uvicorn speaks it, with bounds on what may come before there is a request to answer.

The head of a request, its trailers and what frames its chunks are kept in memory until they are
whole, whoever sends them and before any signature: here they may be so long, and take so long,
and no longer. Bodies have bounds of their own (`server.bodies`).
"""

from asyncio import TimerHandle, Transport
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 * 1024
"""How many bytes may come in a row that are neither a whole head nor a body."""
HEAD_SECONDS = 10.0
"""How long a connection may be open, or send, without a request."""
MAX_IDLE = 500
"""How many connections may be open without a request, half of all: the oldest makes way for the
next, so that whoever only holds connections takes none from hosts that have something to say."""


_idle: "OrderedDict[BoundedProtocol, None]" = OrderedDict()
"""The connections of this process that have no request, the oldest first."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._unheard = 0
        """Bytes since the last head or piece of a body that was whole."""
        self._answering = False
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A connection is open, and a request must follow soon."""
        super().connection_made(transport)
        self._expect_request()
        self._make_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._stop_waiting()
        _idle.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came; too much of it without anything whole, and that was all."""
        if not self._answering:
            self._expect_request()
        self._unheard += len(data)
        super().data_received(data)
        if self._unheard > MAX_HEAD and not self.transport.is_closing():
            self.logger.warning("a head longer than %d bytes from %s", MAX_HEAD, self.client)
            self.send_400_response("Request header fields too large.")
            self._stop_waiting()

    def on_headers_complete(self) -> None:
        """There is a request."""
        self._unheard, self._answering = 0, True
        self._stop_waiting()
        _idle.pop(self, None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """There is a piece of its body."""
        self._unheard = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Body and trailers are whole."""
        self._unheard = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered; those that came meanwhile are next."""
        self._answering = bool(self.pipeline)
        super().on_response_complete()
        if not self._answering:
            self._make_idle()

    def _make_idle(self) -> None:
        """This one has no request; if too many have none, the oldest of them goes."""
        if not self.transport.is_closing():
            _idle[self] = None
        while len(_idle) > MAX_IDLE:
            oldest, _ = _idle.popitem(last=False)
            oldest.transport.abort()

    def _expect_request(self) -> None:
        """From now on there is so much time until the head of a request is whole."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self.transport.abort()
