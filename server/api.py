"""What agents ask for, below `/v1`. Bodies are parcels; refusals are JSON {code, zh, en, …}.

    POST enrol        a token and a new key become a host; see `server.enrolment`
    POST parcels      reports and tables in, receipts and newer assignments out
    GET  assignment   the unit's assignment and what it names
    GET  checkpoint   the newest checkpoint of the log, a signed note
    GET  ca           the certificate authority of this server's certificate, PEM
    GET  healthz      whether this server can answer

All but the last three are signed by the host (`server.signature`). A signature is checked before
a body is read, so that only enrolled hosts can make the server hold megabytes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evidence import parcel
from evidence.keys import PublicKey
from evidence.parcel import MEDIA_TYPE, Parcel
from server import authority, bodies, clock, delivery, enrolment, log, signature, units
from server.bodies import MAX_BODY, Room
from server.delivery import Delivery, Sender
from server.enrolment import Enrolled
from server.errors import DiskFullError, RefusedError, ServerError
from server.ingest import Outcome
from server.senders import Senders
from server.service import Service
from server.signature import Nonces, Signed
from server.writer import Writer

SMALL = 64 * 1024
"""Bodies up to this many bytes are examined at once: a millisecond."""

BODY_SECONDS = 120
"""How long a body may take to arrive."""

ENROL_SECONDS = 10
"""How long that of an enrolment may take, whose sender nobody knows yet."""
ENROL_ROOM = 32 * enrolment.MAX_BODY
"""How many bytes such bodies may hold together: no room of the enrolled hosts'."""

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
logger = logging.getLogger(__name__)


def api(service: Service, writer: Writer, senders: Senders) -> list[Route]:
    """The routes below `/v1`."""
    handlers = _Handlers(service, writer, senders)
    return [
        Route("/enrol", _told(handlers.enrol), methods=["POST"]),
        Route("/parcels", _told(handlers.parcels), methods=["POST"]),
        Route("/assignment", _told(handlers.assignment), methods=["GET"]),
        Route("/checkpoint", _told(handlers.checkpoint), methods=["GET"]),
        Route("/ca", _told(handlers.ca), methods=["GET"]),
        Route("/healthz", _told(handlers.healthz), methods=["GET"]),
        Route("/{path:path}", _told(_unknown)),
    ]


class _Handlers:
    def __init__(self, service: Service, writer: Writer, senders: Senders) -> None:
        self._service = service
        self._writer = writer
        self._senders = senders
        self._nonces = Nonces()
        self._room = Room()
        self._lobby = Room(ENROL_ROOM)

    async def enrol(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "anfang-token":
            raise RefusedError(
                401,
                "token_missing",
                "缺少注册码（Authorization: Anfang-Token …）",
                "no token (Authorization: Anfang-Token …)",
            )
        bodies.declared(request, limit=enrolment.MAX_BODY)
        with self._lobby.taken(enrolment.MAX_BODY):
            sent = await self._body(request, limit=enrolment.MAX_BODY, seconds=ENROL_SECONDS)
        body = bodies.decoded(request, sent, limit=enrolment.MAX_BODY)
        asked = enrolment.examine(
            delivery.read_parcel(body, limit=enrolment.MAX_BODY), token.strip()
        )
        signed = signature.verify(
            request, lambda key_id: asked.key if key_id == asked.key.key_id else None, self._nonces
        )
        signed.check_body(sent)
        enrolled = await asyncio.to_thread(self._enrol, asked)
        logger.info(
            "enrolled host=%s unit=%s new=%s skew_s=%d",
            enrolled.host_id,
            enrolled.unit,
            enrolled.new,
            signed.skew_s,
        )
        server = {"key": self._service.log.key.public.pem, "origin": self._service.log.origin}
        answer = {
            "parcel": parcel.write(enrolled.parcel).decode(),
            "unit_key": enrolled.unit_key.hex(),
            "server": server,
        }
        return _json(200, answer)

    async def parcels(self, request: Request) -> Response:
        if request.headers.get("content-type") != MEDIA_TYPE:
            raise RefusedError(
                415, "not_a_parcel", f"内容类型应为 {MEDIA_TYPE}", f"send {MEDIA_TYPE}"
            )
        length = bodies.declared(request)
        sender, signed = self._signed(request)
        with self._room.taken(bodies.footprint(request, length)):
            sent = await self._body(request, limit=MAX_BODY)
            examine = partial(self._examine, request, sent, sender, signed)
            # Handing a small one to a thread costs more than it takes.
            delivered = examine() if length <= SMALL else await asyncio.to_thread(examine)
        outcome = await self._writer.write(delivered)
        self._senders.stored(outcome.stored)
        for report, link in outcome.taken:
            logger.info(
                "report host=%s sequence=%d link=%s skew_s=%d",
                sender.host_id,
                report.chain.sequence,
                link,
                signed.skew_s,
            )
        return await self._receipts(outcome)

    async def assignment(self, request: Request) -> Response:
        sender, signed = self._signed(request)
        signed.check_body(b"")
        answer = await asyncio.to_thread(self._assignment, sender.unit_id)
        if answer is None:
            raise RefusedError(
                404,
                "no_assignment",
                "本单位尚未下发检查策略",
                "no policies are assigned to this unit yet",
            )
        return _parcel(answer)

    async def checkpoint(self, _: Request) -> Response:
        note = await asyncio.to_thread(self._checkpoint)
        if note is None:
            raise RefusedError(404, "log_empty", "存证日志尚无记录", "the log is empty")
        return PlainTextResponse(note)

    async def ca(self, _: Request) -> Response:
        pem = authority.ca_pem(self._service.directory)
        return Response(pem, media_type="application/pem-certificate-chain")

    async def healthz(self, _: Request) -> Response:
        await asyncio.to_thread(self._probe)
        return _json(200, {"status": "ok"})

    async def _body(self, request: Request, *, limit: int, seconds: int = BODY_SECONDS) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await bodies.read(request, limit=limit)
        except TimeoutError as e:
            raise RefusedError(
                408,
                "too_slow",
                f"内容未在 {seconds} 秒内到齐",
                f"the body did not arrive within {seconds} seconds",
            ) from e

    def _signed(self, request: Request) -> tuple[Sender, Signed]:
        """The enrolled host that signed `request`, and what it signed."""
        signed = signature.verify(request, self._key_of, self._nonces)
        sender = self._senders.get(signed.key_id)
        if sender is None:  # the resolver has just found it
            raise RuntimeError(f"no sender for key {signed.key_id}")
        return sender, signed

    def _key_of(self, key_id: str) -> PublicKey | None:
        sender = self._senders.get(key_id)
        return sender.key if sender else None

    def _examine(self, request: Request, sent: bytes, sender: Sender, signed: Signed) -> Delivery:
        signed.check_body(sent)
        content = delivery.read_parcel(bodies.decoded(request, sent), limit=MAX_BODY)
        return delivery.examine(content, sender, signed.skew_s, is_stored=self._senders.is_stored)

    def _enrol(self, asked: enrolment.Request) -> Enrolled:
        with self._service.store.write() as connection:
            return enrolment.enrol(connection, self._service.log, asked, clock.now())

    async def _receipts(self, outcome: Outcome) -> Response:
        answer = Parcel(receipts=outcome.receipts)
        if outcome.newer_assignment is not None:
            answer = await asyncio.to_thread(
                partial(self._with_assignment, answer, outcome.newer_assignment)
            )
        return _parcel(answer)

    def _with_assignment(self, answer: Parcel, digest: str) -> Parcel:
        with self._service.store.read() as connection:
            newer = units.assignment_parcel(connection, digest)
        return Parcel(newer.envelopes, newer.blobs, {**answer.receipts, **newer.receipts})

    def _assignment(self, unit_id: int) -> Parcel | None:
        with self._service.store.read() as connection:
            assigned = units.newest_assignments(connection, [unit_id]).get(unit_id)
            return units.assignment_parcel(connection, assigned.digest) if assigned else None

    def _checkpoint(self) -> str | None:
        with self._service.store.read() as connection:
            return log.latest(connection)

    def _probe(self) -> None:
        with self._service.store.read() as connection:
            connection.execute(select(1))


def _json(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(value), status, headers=headers, media_type="application/json"
    )


def _parcel(content: Parcel) -> Response:
    return Response(parcel.write(content), media_type=MEDIA_TYPE)


def _told(handler: _Handler) -> _Handler:
    """`handler`, with what it refuses told as JSON."""

    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except ServerError as e:
            return refused(request, e)

    return told


def refused(request: Request, error: ServerError) -> Response:
    """What is answered to `request` in place of what it wanted."""
    details: dict[str, Any] = {}
    match error:
        case RefusedError():
            status, code, details = error.status, error.code, error.details
        case DiskFullError():
            status, code = 507, "disk_full"
        case _:
            status, code = 503, "store_unavailable"
    logger.warning("refused path=%s status=%d code=%s: %s", request.url.path, status, code, error)
    headers = {"Retry-After": str(details["retry_after"])} if "retry_after" in details else None
    return _json(status, {"code": code, "zh": error.zh, "en": error.en, **details}, headers)


async def _unknown(_: Request) -> Response:
    raise RefusedError(404, "no_such_request", "没有该接口", "there is no such request")
