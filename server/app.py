"""The application: what agents ask for, and the pages that people look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from server.api import api
from server.pages.routes import routes
from server.service import Service
from server.writer import Writer


def create_app(service: Service) -> Starlette:
    """The application of `service`; its writer runs from startup to shutdown."""
    writer = Writer(service.store, service.log)

    @asynccontextmanager
    async def writing(_: Starlette) -> AsyncIterator[None]:
        writer.start()
        try:
            yield
        finally:
            writer.stop()

    return Starlette(
        routes=[Mount("/v1", api(service, writer)), *routes(service.store)], lifespan=writing
    )
