"""A real collector server on loopback, as an administrator would start it."""

import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.agent.enrolled import POLICY

STARTS_WITHIN_S = 30
_PROGRAM = (sys.executable, "-c", "import sys; from server.cli import main; sys.exit(main())")


@dataclass
class CollectorServer:
    """A data directory and, while it serves, the process on it."""

    directory: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where agents reach it."""
        return f"https://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> str:
        """What `anfang-server` with `arguments` answers."""
        done = subprocess.run(
            [*_PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def token(self) -> str:
        """A fresh enrolment token."""
        printed = self.run("token", "create", "u1", "--data", str(self.directory))
        return next(word for word in printed.split() if word.startswith("anf1."))

    def assign(self, policy: Path) -> None:
        """Assign `policy` to the unit."""
        self.run("unit", "assign", "u1", "--policy", str(policy), "--data", str(self.directory))

    def start(self) -> None:
        """Serve, and return once it answers."""
        self.process = subprocess.Popen(
            [*_PROGRAM, "serve", str(self.directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.directory / "ca.pem")
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/v1/healthz", context=context, timeout=5)
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """Serve no more."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


@contextmanager
def serving(directory: Path) -> Iterator[CollectorServer]:
    """A server below `directory` with one unit, the small policy assigned."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = CollectorServer(directory / "data", port)
    server.run("init", str(server.directory), "--listen", f"127.0.0.1:{port}")
    server.run("unit", "add", "u1", "--data", str(server.directory))
    policy = directory / "small.yaml"
    policy.write_text(POLICY, "utf-8")
    server.assign(policy)
    server.start()
    try:
        yield server
    finally:
        server.stop()
