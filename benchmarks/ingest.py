"""Durable ingest beside a bare pipeline, in one run: reports a second, and the ratio.

Both receive the same 20 KB reports over the same uvicorn, check a signature, and answer when
SQLite (WAL, synchronous=FULL) has them on disk, many to a transaction. The bare one does nothing
else: no parcel, no chain, no tables, no log, no receipt. Target: at least 60 % of it.

Each round is measured again with reports being judged again beside it (`server.rejudging`), with
as much waiting as it could ever do meanwhile: what that takes from ingest is the second ratio. What
these reports say is made up, so that every one differs, which costs most.

    python benchmarks/ingest.py [--reports 4800] [--rounds 3]
"""

import argparse
import asyncio
import logging
import multiprocessing
import os
import queue
import secrets
import shutil
import socket
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import uvicorn  # noqa: E402  # after the path
from starlette.testclient import TestClient  # noqa: E402

from evidence import parcel  # noqa: E402
from evidence.keys import PublicKey, SigningKey  # noqa: E402
from evidence.parcel import Parcel  # noqa: E402
from server import assigning, authority, service, units  # noqa: E402
from server.app import create_app  # noqa: E402
from server.rejudging.background import Background  # noqa: E402
from tests.server.hosts import Asking, FakeHost, new_host, signed, verdict  # noqa: E402

HOSTS = 48
"""Each on a connection of its own, one report after the other."""
UNIT = "benchmark"
UNCHANGED = {f"table_{n}": [(f"row {n}", n)] for n in range(20)}
"""Tables that are the same in every report, so that only the first one brings them."""


class Figures(NamedTuple):
    """One measurement."""

    rate: float
    """Reports a second."""
    cpu_ms: float
    """Processor time of the server for one report."""


def main() -> int:
    """Measure and print."""
    args = _arguments()
    work = Path(tempfile.mkdtemp(prefix="ingest-", dir=args.directory))
    try:
        data, hosts = _prepare(work)
        ratios: list[float] = []
        beside: list[float] = []
        for number in range(args.rounds):
            port = _free_port()
            made = _reports(hosts, args.reports // HOSTS, port, first=number == 0)
            bare_key = hosts[0].key
            bare = _measure(
                _serve_bare,
                (work / f"bare-{number}.sqlite", bare_key.public, port),
                port,
                [[_bare_request(bare_key, body) for _, body in queue_] for queue_ in made],
            )
            ours = _measure(
                _serve_ours,
                (data, port),
                port,
                [[_request("/v1/parcels", *request) for request in queue_] for queue_ in made],
            )
            again = _reports(hosts, args.reports // HOSTS, port, first=False)
            judging = _measure(
                _serve_judging,
                (data, port),
                port,
                [[_request("/v1/parcels", *request) for request in queue_] for queue_ in again],
            )
            print(
                f"bare {bare.rate:5.0f}/s {bare.cpu_ms:.2f} ms   "
                f"ours {ours.rate:5.0f}/s {ours.cpu_ms:.2f} ms   {ours.rate / bare.rate:4.0%}   "
                f"while judging {judging.rate:5.0f}/s {judging.cpu_ms:.2f} ms   "
                f"{judging.rate / ours.rate:4.0%} of that",
                flush=True,
            )
            ratios.append(ours.rate / bare.rate)
            beside.append(judging.rate / ours.rate)
        print(f"median: {statistics.median(ratios):.0%} of the bare pipeline (target: 60% or more)")
        print(f"median: {statistics.median(beside):.0%} of that while reports are judged again")
    finally:
        shutil.rmtree(work)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--reports", type=int, default=4800, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to be measured")
    return parser.parse_args()


def _prepare(work: Path) -> tuple[Path, list[FakeHost]]:
    """A server's data directory, and enrolled hosts that run its assignment."""
    data = work / "data"
    service.initialise(data, host_names=("127.0.0.1",), listen="127.0.0.1:8443")
    opened = service.open_service(data)
    with opened.store.write() as connection:
        units.add(connection, UNIT)
        unit = units.get(connection, UNIT)
        policy = assigning.read_policy(str(ROOT / "tests/server/policy.yaml"))
        assigning.assign(
            connection, opened.log, unit, [policy], registers={}, parameters={}, interval_s=3600
        )
        token = units.create_token(
            connection,
            unit,
            zone="zone",
            uses=HOSTS,
            lifetime=timedelta(hours=1),
            ca_public_key=authority.ca_public_key(data),
        )
        digest = units.newest_assignments(connection, [unit.id])[unit.id].digest
        asking = Asking(digest, units.read_assignment(connection, digest).policies)
    hosts = [new_host(work, asking=asking) for _ in range(HOSTS)]
    with TestClient(create_app(opened), base_url="http://127.0.0.1") as client:
        for host in hosts:
            request = signed(
                host.key,
                "POST",
                "http://127.0.0.1/v1/enrol",
                host.enrolment_request(token),
                headers={"Authorization": f"Anfang-Token {token}"},
            )
            reply = client.post(request.url, content=request.body, headers=request.headers)
            reply.raise_for_status()
    opened.close()
    return data, hosts


def _reports(
    hosts: Sequence[FakeHost], count: int, port: int, *, first: bool
) -> list[list[tuple[Mapping[str, str], bytes]]]:
    """For each of `hosts`, headers and bodies of `count` requests with its next reports.

    As on a quiet host: 22 tables of which two changed, 22 verdicts that stay as they are.
    """
    verdicts = [verdict(f"CEP-USB-{n:03d}", "pass") for n in range(20)]
    verdicts += [verdict(f"CEP-NET-{n:03d}", "fail", [(f"row {n}", n)]) for n in range(2)]
    same = hosts[0].report(tables=UNCHANGED, advance=False).blobs
    made = []
    for index, host in enumerate(hosts):
        requests: list[tuple[Mapping[str, str], bytes]] = []
        for number in range(count):
            changed = {
                "processes": [(secrets.token_hex(8), n) for n in range(20)],
                "listening_ports": [(secrets.token_hex(4), number)],
            }
            report = host.report(tables={**UNCHANGED, **changed}, verdicts=verdicts)
            bring = first and index == number == 0
            blobs = {d: b for d, b in report.blobs.items() if bring or d not in same}
            body = parcel.write(Parcel(envelopes=(report.envelope,), blobs=blobs))
            request = signed(host.key, "POST", f"http://127.0.0.1:{port}/v1/parcels", body)
            requests.append((request.headers, request.body))
        made.append(requests)
    mean = statistics.mean(len(body) for requests in made for _, body in requests)
    print(f"{count * len(hosts)} reports of {mean:.0f} bytes", flush=True)
    return made


def _request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])).encode() + body


def _bare_request(key: SigningKey, body: bytes) -> bytes:
    """The same body, its signature before it."""
    return _request("/", {"Host": "127.0.0.1"}, key.sign(body) + body)


def _measure(
    serve: Callable[..., None],
    args: tuple[Any, ...],
    port: int,
    requests: Sequence[Sequence[bytes]],
) -> Figures:
    """What `serve` does with reports from all connections at once."""
    host_header = f"Host: 127.0.0.1:{port}\r\n".encode()
    wire = [[_with_host(request, host_header) for request in queue_] for queue_ in requests]
    process = multiprocessing.get_context("spawn").Process(target=serve, args=args)
    process.start()
    try:
        _wait(port)
        return asyncio.run(_load(port, wire, process.pid))
    finally:
        process.terminate()
        process.join()


def _with_host(request: bytes, header: bytes) -> bytes:
    line, _, rest = request.partition(b"\r\n")
    return request if b"\r\nHost:" in request[:200] else line + b"\r\n" + header + rest


async def _load(port: int, requests: Sequence[Sequence[bytes]], pid: int | None) -> Figures:
    """Send everything; the first request alone and before the clock starts."""
    await _talk(port, requests[0][:1])
    rest = [requests[0][1:], *requests[1:]]
    count = sum(map(len, rest))
    cpu, begin = _cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(_talk(port, queue_) for queue_ in rest))
    rate = count / (time.perf_counter() - begin)
    return Figures(rate, (_cpu_seconds(pid) - cpu) / count * 1000)


def _cpu_seconds(pid: int | None) -> float:
    """What the process has used so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _talk(port: int, requests: Sequence[bytes]) -> None:
    """Send `requests` one after the other on one connection, each after the last answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head.decode()}{body.decode()}")
    writer.close()
    await writer.wait_closed()


def _serve_ours(data: Path, port: int) -> None:
    _run(create_app(service.open_service(data)), port)


def _serve_judging(data: Path, port: int) -> None:
    logging.getLogger("server.rejudging").setLevel(logging.ERROR)  # a line for each that differs
    opened = service.open_service(data)
    again = Background(opened)
    again.start()
    try:
        _run(create_app(opened), port)
    finally:
        again.stop()


_Message = dict[str, Any]


def _serve_bare(file: Path, key: PublicKey, port: int) -> None:
    """Nothing but what durable ingest of signed bytes cannot do without."""
    waiting: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()

    def write() -> None:
        database = sqlite3.connect(file, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE reports (id INTEGER PRIMARY KEY, body BLOB)")
        while True:
            batch = [waiting.get()]
            while not waiting.empty():
                batch.append(waiting.get())
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO reports (body) VALUES (?)", [(b,) for b, _ in batch])
            database.execute("COMMIT")
            batch[0][1].get_loop().call_soon_threadsafe(_settle, [f for _, f in batch])

    async def app(
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        key.verify(body[:64], body[64:])
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.put((body, stored))
        await stored
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    threading.Thread(target=write, daemon=True).start()
    _run(app, port)


def _settle(stored: Sequence["asyncio.Future[None]"]) -> None:
    for future in stored:
        future.set_result(None)


def _run(app: Any, port: int) -> None:
    settings = uvicorn.Config(
        app, host="127.0.0.1", port=port, http="httptools", log_config=None, access_log=False
    )
    uvicorn.Server(settings).run()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the server does not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
