"""A real server process on a free loopback port, as an administrator would start it."""

import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server import authority, config

STARTS_WITHIN_S = 30
_PROGRAM = (sys.executable, "-c", "import sys; from server.cli import main; sys.exit(main())")


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The address of a server on the data directory `data`, while the block runs."""
    url = f"https://127.0.0.1:{_listening(data)}"
    with subprocess.Popen([*_PROGRAM, "serve", str(data)], stderr=subprocess.DEVNULL) as process:
        try:
            _await(url, data)
            yield url
        finally:
            process.terminate()


def _listening(data: Path) -> int:
    """Let the server in `data` listen on a free port; which."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file = data / config.NAME
    before = config.load(data).listen
    file.write_text(file.read_text().replace(before, f"127.0.0.1:{port}"))
    return port


def _await(url: str, data: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(data / authority.CA_CERTIFICATE)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            urllib.request.urlopen(f"{url}/v1/healthz", context=context, timeout=5).close()
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
