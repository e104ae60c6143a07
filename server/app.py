"""The application: what agents ask for, and the pages that people look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from server.api import api
from server.pages.routes import routes
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

    requests = Mount("/v1", routes=api(service, writer, senders))
    return Starlette(routes=[requests, *routes(service.store)], lifespan=writing)
