"""The server, killed, doubled, and out of room: what was acknowledged is there, once."""

import contextlib
import multiprocessing
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from evidence import parcel, receipt
from server import authority, service, units
from server.cli import main
from server.store.schema import blobs, checkpoints, log_nodes, reports, statements
from tests.server.hosts import FakeHost, Made, new_host, signed
from tests.server.sites import UNIT

KILLS = 50


_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["server.cli"])


def _serve(data: Path) -> None:
    """What a server process does; its modules are loaded before, so that it starts at once."""
    raise SystemExit(main(["serve", str(data)]))


class Running:
    """`anfang-server serve` in a process of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self._process = _processes.Process(target=_serve, args=[data])
        self._tls = ssl.create_default_context(cafile=str(data / authority.CA_CERTIFICATE))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = _processes.Process(target=_serve, args=[self.data])
        self._process.start()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/v1/healthz").status == 200:
                    return
            except OSError:
                time.sleep(0.01)
        pytest.fail("the server does not start")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.join()

    def stop(self) -> int | None:
        """End it as an administrator would; its exit code."""
        self._process.terminate()
        self._process.join(timeout=20)
        return self._process.exitcode

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> "Answer":
        """What it answers."""
        connection = HTTPSConnection("testserver", self.port, timeout=20, context=self._tls)
        connection.sock = self._tls.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout=20),
            server_hostname="testserver",
        )
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()

    def deliver(self, host: FakeHost, made: Made) -> "Answer":
        """What it answers to a report."""
        request = signed(
            host.key, "POST", f"https://testserver:{self.port}/v1/parcels", made.parcel
        )
        return self.ask("POST", "/v1/parcels", request.body, request.headers)


class Answer(msgspec.Struct):
    """A status and a body."""

    status: int
    body: bytes


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listening(data: Path) -> int:
    """Let the server in `data` listen on a free port; which."""
    port = _free_port()
    file = data / "anfang-server.toml"
    file.write_text(file.read_text().replace("127.0.0.1:8443", f"127.0.0.1:{port}"))
    return port


@pytest.fixture
def running(data: Path) -> Iterator[Running]:
    """A server process on a free port."""
    server = Running(data, _listening(data))
    server.start()
    yield server
    server.kill()


def _enrolled(server: Running, directory: Path) -> FakeHost:
    opened = service.open_service(server.data)
    with opened.store.write() as connection:
        token = units.create_token(
            connection,
            units.get(connection, UNIT),
            zone="zone-1",
            uses=1,
            lifetime=timedelta(hours=1),
            ca_public_key=authority.ca_public_key(server.data),
        )
    opened.close()
    host = new_host(directory)
    request = signed(
        host.key,
        "POST",
        f"https://testserver:{server.port}/v1/enrol",
        host.enrolment_request(token),
        headers={"Authorization": f"Anfang-Token {token}"},
    )
    assert server.ask("POST", "/v1/enrol", request.body, request.headers).status == 200
    return host


@pytest.mark.timeout(300)
def test_killed_fifty_times_one_record_and_one_receipt(running: Running, tmp_path: Path) -> None:
    """Killed at any point between receiving and replying, a report is stored once, with the one
    receipt it ever had, and the log is whole.
    """
    host = _enrolled(running, tmp_path)
    dice = random.Random(9)
    kept: dict[str, str] = {}
    for _ in range(KILLS):
        made = host.report()
        seen: list[str] = []
        killer = threading.Timer(dice.uniform(0, 0.03), running.kill)
        killer.start()
        try:
            answer = running.deliver(host, made)
            if answer.status == 200:
                seen.append(dict(parcel.read(answer.body, limit=10**6).receipts)[made.digest])
        except (OSError, HTTPException):
            pass  # killed before it could answer
        killer.join()
        running.start()
        for _ in range(2):
            again = running.deliver(host, made)
            assert again.status == 200
            seen.append(dict(parcel.read(again.body, limit=10**6).receipts)[made.digest])
        assert len(set(seen)) == 1
        kept[made.digest] = seen[0]
    running.kill()
    opened = service.open_service(running.data)
    with opened.store.read() as connection:
        stored = connection.scalar(select(func.count()).select_from(reports))
        links = set(connection.scalars(select(reports.c.link)))
        leaves = connection.scalar(select(func.count()).select_from(statements))
        size = connection.scalar(select(func.max(checkpoints.c.size)))
        level_0 = connection.scalar(
            select(func.count()).select_from(log_nodes).where(log_nodes.c.level == 0)
        )
    opened.close()
    assert stored == KILLS
    assert links == {"first", "unbroken"}
    assert leaves == size == level_0 == KILLS + 2
    log = opened.log
    for digest, text in kept.items():
        receipt.verify(receipt.decode(text), digest, host.key.key_id, log.key.public, log.origin)
    running.start()


def test_a_second_server_on_the_same_data_refuses(running: Running) -> None:
    """Two writers would make two logs."""
    second = subprocess.run(
        [
            sys.executable,
            "-c",
            "from server.cli import main; raise SystemExit(main())",
            "serve",
            str(running.data),
        ],
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert second.returncode == 3
    assert "stop it first" in second.stderr.decode()
    assert running.ask("GET", "/v1/healthz").status == 200


def test_stops_when_told(data: Path) -> None:
    """SIGTERM is an orderly end, and leaves no lock behind."""
    server = Running(data, _listening(data))
    server.start()

    code = server.stop()
    server.start()
    server.kill()

    assert code == 0


@contextlib.contextmanager
def _small_disk(directory: Path, size: str) -> Iterator[Path]:
    """A file system of that size."""
    directory.mkdir()
    subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "none", directory], check=True
    )
    try:
        yield directory
    finally:
        subprocess.run(["/bin/umount", "-l", directory], check=True)


def _fill(file: Path) -> None:
    """Leave no room on the file system of `file`."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as f:
        while True:
            f.write(bytes(4096))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_stores_nothing_by_half_and_recovers(initialised: Path, tmp_path: Path) -> None:
    """Refused with 507 while there is no room; the same report is taken once there is."""
    with _small_disk(tmp_path / "disk", "3m") as disk:
        data = Path(shutil.copytree(initialised, disk / "data"))
        server = Running(data, _listening(data))
        server.start()
        host = _enrolled(server, tmp_path)
        filler = disk / "filler"
        _fill(filler)
        rows = [(str(n), random.Random(n).randbytes(30).hex()) for n in range(2000)]
        made = host.report(tables={"processes": rows})

        full = server.deliver(host, made)
        health = server.ask("GET", "/v1/checkpoint")
        filler.unlink()
        after = server.deliver(host, made)
        server.kill()

        opened = service.open_service(data)
        with opened.store.read() as connection:
            counts = [
                connection.scalar(select(func.count()).select_from(table))
                for table in (reports, blobs, statements)
            ]
            whole = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        opened.close()
    assert full.status == 507
    assert msgspec.json.decode(full.body)["code"] == "disk_full"
    assert health.status == 200
    assert after.status == 200
    assert counts == [1, 1, 3]
    assert whole == "ok"
