"""Serving: one process, one data directory, TLS and nothing but TLS."""

import logging
import signal
import ssl
import sys
from pathlib import Path
from typing import ClassVar

import uvicorn

from server import authority, service
from server.app import create_app
from server.errors import UsageError
from server.protocol import BoundedProtocol
from server.rejudging.background import Background

KEEP_ALIVE_SECONDS = 20
STOP_SECONDS = 20
"""How long requests under way may take when the server is told to stop."""
MAX_CONNECTIONS = 1000

logger = logging.getLogger(__name__)


def serve(directory: Path) -> None:
    """Serve the data directory until told to stop (SIGTERM, SIGINT).

    Raises:
        UsageError, DataError: it cannot be served as it is.
    """
    with service.locked(directory):
        opened = service.open_service(directory, upgrade=True)
        if opened.config.classified:
            raise UsageError(
                "配置标明本机为涉密信息系统（classified = true）。"
                "本产品不得用于涉密信息系统，拒绝启动",
                "the configuration says that this is a classified system (classified = true); this "
                "product must not be used on one, and does not start",
            )
        if not authority.covers(directory, opened.config.host_names):
            authority.issue(directory, opened.config.host_names)
            logger.info("certificate issued for %s", " ".join(opened.config.host_names))
        host, port = opened.config.address
        settings = uvicorn.Config(
            create_app(opened),
            host=host,
            port=port,
            http=BoundedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_context_factory=lambda *_: _tls(directory),
        )
        server = uvicorn.Server(settings)
        logger.info("serving %s origin=%s", opened.config.listen, opened.config.origin)
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn stops in order and then raises the signal again: by then all is done.
            signal.signal(number, lambda *_: None)
        again = Background(opened)
        again.start()
        try:
            server.run()
        finally:
            again.stop()
            opened.store.close()


class OneLine(logging.Formatter):
    """One line an event, whatever a sender put into a name or a path."""

    _VISIBLE: ClassVar = {code: f"\\x{code:02x}" for code in (*range(32), 127, 133, 0x2028, 0x2029)}

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        """The message with control characters written out; a traceback follows as it is."""
        return super().formatMessage(record).translate(self._VISIBLE)


def configure_logging() -> None:
    """Events go to standard error, where journald or a file keeps them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        OneLine("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # What uvicorn says beyond warnings is what we say ourselves.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _tls(directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(directory / authority.SERVER_CHAIN, directory / authority.SERVER_KEY)
    return context
