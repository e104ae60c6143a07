"""The application: what agents ask for, and the pages that people look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from server import api
from server.errors import RefusedError
from server.pages import access
from server.pages.routes import message, routes
from server.senders import Senders
from server.service import Service
from server.writer import Writer


def create_app(service: Service) -> Starlette:
    """The application of `service`; its writer runs from startup to shutdown."""
    senders = Senders(service.store)
    writer = Writer(service.store, service.log, senders.is_stored)

    @asynccontextmanager
    async def writing(_: Starlette) -> AsyncIterator[None]:
        writer.start()
        try:
            yield
        finally:
            writer.stop()

    requests = Mount(_REQUESTS, routes=api.api(service, writer, senders))
    return Starlette(
        routes=[requests, *routes(service.store)],
        lifespan=writing,
        exception_handlers={HTTPException: _other_method, Exception: _failed},
    )


_REQUESTS = "/v1"


async def _other_method(request: Request, error: Exception) -> Response:
    """What the framework refuses before it comes to us: another method than an address has."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    said = RefusedError(
        status,
        "method_not_allowed",
        "这个地址不接受这种请求方法。",
        "This address does not take requests of that method.",
    )
    answer = _told(request, said)
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


async def _failed(request: Request, _: Exception) -> Response:
    """What we failed to answer; the framework logs why."""
    return _told(
        request,
        RefusedError(
            500,
            "internal_error",
            "服务器内部错误；请联系管理员查看服务日志。",
            "The server failed; see its log.",
        ),
    )


def _told(request: Request, error: RefusedError) -> Response:
    """`error` in the form of the address that was asked: for an agent, or for a person."""
    if request.scope["path"].startswith(f"{_REQUESTS}/"):
        return access.guarded(api.refused(request, error))
    return message(request, error)
