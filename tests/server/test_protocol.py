"""A real server and what comes before a request: bounded in bytes and in time, for anyone."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from server import authority, protocol
from server.cli import main

MIB = 1024 * 1024
GROWS_BY = 32 * MIB
"""How much memory the server may take for what it refuses."""
_SERVE = """
import sys
from server import protocol
from server.cli import main
protocol.HEAD_SECONDS = 2.0
protocol.MAX_IDLE = 20
raise SystemExit(main(["serve", sys.argv[1]]))
"""
"""Serves as ever, only less patient, so that the tests need not wait."""


class Served:
    """A server of the test's own."""

    def __init__(self, data: Path, port: int) -> None:
        self._tls = ssl.create_default_context(cafile=str(data / authority.CA_CERTIFICATE))
        self._port = port
        self._process = subprocess.Popen([sys.executable, "-c", _SERVE, str(data)])
        deadline = time.monotonic() + 30
        while True:
            try:
                self.open().close()
            except OSError:
                if time.monotonic() > deadline:
                    pytest.fail("the server does not start")
                time.sleep(0.05)
            else:
                return

    def open(self) -> ssl.SSLSocket:
        """A new connection."""
        plain = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        return self._tls.wrap_socket(plain, server_hostname="127.0.0.1")

    def says(self, *sent: bytes) -> bytes:
        """What comes back, until it closes the connection, to pieces sent one after the other."""
        with self.open() as connection:
            with suppress(OSError):
                for piece in sent:
                    connection.sendall(piece)
            return self.rest(connection)

    @staticmethod
    def rest(connection: ssl.SSLSocket) -> bytes:
        """Everything until the end of `connection`."""
        said = b""
        with suppress(ConnectionError, ssl.SSLError):
            while piece := connection.recv(65536):
                said += piece
        return said

    @property
    def memory(self) -> int:
        """How much of it is in memory, in bytes."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that answers."""
    data = tmp_path_factory.mktemp("served") / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listen = f"127.0.0.1:{port}"
    assert main(["init", str(data), "--host-name", "127.0.0.1", "--listen", listen]) == 0
    running = Served(data, port)
    yield running
    running.stop()


CLOSING = b"GET /v1/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a" * MIB),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Y: " + b"a" * 40 + b"\r\n"),
        (b"GET /", b"a" * MIB),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * MIB),
        (b"", b"\r\n"),
    ],
    ids=["one header", "many headers", "a path", "trailers", "a chunk's extension", "blank lines"],
)
def test_an_endless_head_is_cut_off(served: Served, begin: bytes, piece: bytes) -> None:
    """Without a key and without a word of it being kept: 64 MB sent, next to nothing held."""
    piece *= max(1, MIB // len(piece))
    before, began = served.memory, time.monotonic()

    served.says(begin, *[piece] * 64)

    assert served.memory - before < GROWS_BY
    assert time.monotonic() - began < 15
    assert b" 200 " in served.says(CLOSING)


def test_a_large_head_within_bounds_is_read(served: Served) -> None:
    """Browsers with many cookies stay below it."""
    large = CLOSING.replace(b"Host: x", b"Host: x\r\nX: " + b"a" * (protocol.MAX_HEAD // 2))

    assert b" 200 " in served.says(large)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHo"], ids=["silence", "half a head"])
def test_whoever_opens_without_a_request_is_put_out(served: Served, said: bytes) -> None:
    """A thousand such connections would be all there are."""
    with served.open() as connection:
        connection.sendall(said)
        began = time.monotonic()

        assert served.rest(connection) == b""
        assert time.monotonic() - began < 15


def test_whoever_only_holds_connections_makes_way(served: Served) -> None:
    """However many are open without a request, those that have one are answered at once."""
    with ExitStack() as held:
        opened = [held.enter_context(served.open()) for _ in range(60)]
        began = time.monotonic()

        answer = served.says(CLOSING)

        assert b" 200 " in answer
        assert time.monotonic() - began < 1.5  # before the held ones had to go anyway
        assert served.rest(opened[0]) == b""


def test_crumbs_after_an_answer_keep_nothing_open(served: Served) -> None:
    """What is no next request does not count as one."""
    with served.open() as connection:
        connection.sendall(CLOSING.replace(b"close", b"keep-alive"))
        answer = b""
        while b'"status":"ok"' not in answer:
            answer += connection.recv(65536)
        connection.sendall(b"\r\n")
        began = time.monotonic()

        assert served.rest(connection) == b""
        assert time.monotonic() - began < 15


def test_a_slow_body_and_the_next_request_have_their_time(served: Served) -> None:
    """The bound is on the head: what is answered goes on, and a connection is used again."""
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\n"
    with served.open() as connection:
        connection.sendall(head)
        for crumb in (b"na", b"me", b"=x", b"&a"):
            time.sleep(0.8)
            connection.sendall(crumb)
        first = b""
        while b"</html>" not in first:
            first += connection.recv(65536)
        connection.sendall(CLOSING)

        assert b" 401 " in first.split(b"\r\n")[0]
        assert b'"status":"ok"' in served.rest(connection)
