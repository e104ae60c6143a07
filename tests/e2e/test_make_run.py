"""What `make run` runs, in a copy of the checkout: once from nothing, again on what is there."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.spool import Spool
from agent.state import State
from policies.recompute import Recomputer
from tests.e2e.hosts import Scanner
from tests.e2e.machine import ROOT

TIMEOUT_S = 100
JUDGED = 14
"""How many checks at least pass or fail on this machine, were root shown its first process."""


@dataclass(frozen=True)
class Checkout:
    """A copy of the scripts, with this environment and a port of its own."""

    root: Path
    address: str

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        """What a script says; its exit code is 0."""
        return subprocess.run(
            [str(self.root / "scripts" / script)],
            env={**os.environ, "ANFANG_LISTEN": self.address},
            capture_output=True, check=True, text=True, timeout=TIMEOUT_S,
        )  # fmt: skip

    @property
    def pid_file(self) -> Path:
        """Where the process id of the server is kept."""
        return self.root / ".run" / "server.pid"

    @property
    def state(self) -> State:
        """What the host keeps."""
        return State(self.root / ".run" / "agent")

    def answers(self) -> bool:
        """Whether the server answers."""
        context = ssl.create_default_context(cafile=self.root / ".run" / "server" / "ca.pem")
        try:
            urllib.request.urlopen(f"https://{self.address}/v1/healthz", context=context, timeout=5)
        except OSError:
            return False
        return True


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A checkout in which nothing has run yet; its server is stopped in the end."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    for directory in ("scripts", "docs/examples"):
        shutil.copytree(ROOT / directory, tmp_path / directory)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    made = Checkout(tmp_path, f"127.0.0.1:{port}")
    try:
        yield made
    finally:
        made.run("stop.sh")


@pytest.mark.timeout(300)
def test_from_nothing_and_again(checkout: Checkout) -> None:
    """A verified scorecard with a page and a password; again: the next place in the chain, on the
    same server, or on a new one if its process id has become somebody else's; then stopped."""
    first = checkout.run("run.sh")
    server = checkout.pid_file.read_text()
    second = checkout.run("run.sh")
    same = checkout.pid_file.read_text()
    os.kill(int(server), 15)
    wait_until_gone(int(server))
    checkout.pid_file.write_text(f"{os.getpid()}\n")
    third = checkout.run("run.sh")
    answered = checkout.answers()
    stopped = checkout.run("stop.sh")

    for number, done in enumerate((first, second, third), start=1):
        assert f"https://{checkout.address}/" in done.stdout
        assert re.search(r"(密码|口令|password)\S*\s+\S+", done.stdout)
        assert f"第 {number} 份" in done.stdout or f"number {number} " in done.stdout
    assert same == server
    assert answered
    assert "服务已停止" in stopped.stdout
    assert not checkout.answers()
    assert (checkout.root / ".run").stat().st_mode & 0o077 == 0
    assert Spool(checkout.state).sequences() == [1, 2, 3]
    assert Spool(checkout.state).pending() == []
    with Recomputer() as recomputer:
        scanner = Scanner(checkout.state, recomputer)
        verdicts = scanner.shown_init(scanner.newest()).report.verdicts
    assert len([v for v in verdicts if v.verdict in ("pass", "fail")]) >= JUDGED
    assert all(v.reasons for v in verdicts if v.verdict == "unknown")


def wait_until_gone(pid: int) -> None:
    """Return once the process, which is nobody's child here, has ended."""
    subprocess.run(["tail", f"--pid={pid}", "-f", "/dev/null"], check=True, timeout=TIMEOUT_S)
