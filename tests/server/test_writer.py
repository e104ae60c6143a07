"""The writer: many at once, each answered for itself."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from evidence import parcel
from server import delivery, service
from server.delivery import Delivery, Sender
from server.errors import RefusedError
from server.ingest import Outcome
from server.serve import OneLine
from server.service import Service
from server.store.schema import checkpoints, hosts, reports
from server.writer import Writer
from tests.server.hosts import FakeHost, Made
from tests.server.sites import Site


def _delivery(opened: Service, host: FakeHost, made: Made, blobs: bytes | None = None) -> Delivery:
    with opened.store.read() as connection:
        unit_id = connection.scalar(select(hosts.c.unit_id).where(hosts.c.id == host.id))
    sent = parcel.read(made.parcel if blobs is None else blobs, limit=10**6)
    sender = Sender(host.id, int(unit_id or 0), host.key.public)
    return delivery.examine(sent, sender, 0, is_stored=lambda _: False)


def _write_all(opened: Service, deliveries: list[Delivery]) -> list[Outcome | BaseException]:
    """What becomes of all of them, handed over at the same moment."""

    async def write() -> list[Outcome | BaseException]:
        writer = Writer(opened.store, opened.log, lambda _: False)
        waiting = asyncio.gather(*map(writer.write, deliveries), return_exceptions=True)
        await asyncio.sleep(0)  # all are in the queue before the writer begins
        writer.start()
        try:
            return await waiting
        finally:
            writer.stop()

    return asyncio.run(write())


def test_many_share_a_transaction(site: Site) -> None:
    """Deliveries that wait together are one batch with one checkpoint, and each has its receipt."""
    several = [site.enrolled() for _ in range(8)]
    made = [(host, host.report()) for host in several]
    deliveries = [_delivery(site.service, host, one) for host, one in made]

    results = _write_all(site.service, deliveries)

    for (_, one), result in zip(made, results, strict=True):
        assert isinstance(result, Outcome)
        assert one.digest in result.receipts
    with site.service.store.read() as connection:
        notes = connection.scalar(select(func.count()).select_from(checkpoints))
    assert notes == len(several) + 1


def test_the_same_report_twice_in_a_batch_is_one(site: Site) -> None:
    """Two connections that retry at once get the same receipt."""
    host = site.enrolled()
    made = host.report()

    one, two = _write_all(site.service, [_delivery(site.service, host, made)] * 2)

    assert isinstance(one, Outcome)
    assert isinstance(two, Outcome)
    assert one.receipts == two.receipts
    with site.service.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(reports)) == 1


def test_a_fork_within_a_batch_is_a_fork(site: Site) -> None:
    """Two reports in one place are told apart also when they come at the same moment."""
    host = site.enrolled()
    twins = [host.report(advance=False), host.report(advance=False)]

    _write_all(site.service, [_delivery(site.service, host, one) for one in twins])

    with site.service.store.read() as connection:
        links = connection.scalars(select(reports.c.link).order_by(reports.c.link)).all()
    assert links == ["first", "fork"]


def test_one_that_cannot_be_written_does_not_stop_the_others(site: Site) -> None:
    """A delivery that breaks the transaction is answered with an error, the rest is stored."""
    good, bad = site.enrolled(), site.enrolled()
    fine = [_delivery(site.service, good, good.report()) for _ in range(2)]
    broken = _delivery(site.service, bad, bad.report())
    broken = replace(broken, sender=replace(broken.sender, host_id="f" * 32))

    first, failed, second = _write_all(site.service, [fine[0], broken, fine[1]])

    assert isinstance(failed, RefusedError)
    assert (failed.status, failed.code) == (500, "internal_error")
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    with site.service.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(reports)) == 2


def test_a_refusal_in_a_batch_is_for_one_alone(site: Site) -> None:
    """Missing tables of one host are not missed by another."""
    whole, without = site.enrolled(), site.enrolled()
    lacking = without.report()
    deliveries = [
        _delivery(site.service, without, Made(lacking.envelope, lacking.digest, {})),
        _delivery(site.service, whole, whole.report()),
    ]

    refused, taken = _write_all(site.service, deliveries)

    assert isinstance(refused, RefusedError)
    assert refused.code == "blobs_missing"
    assert isinstance(taken, Outcome)


def test_stops_after_what_is_waiting(data: Path) -> None:
    """A writer that has nothing to do ends when told."""
    opened = service.open_service(data)
    writer = Writer(opened.store, opened.log, lambda _: False)

    writer.start()
    writer.stop()

    opened.close()


def test_an_event_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """A path or a name with line ends cannot forge a second event."""
    with caplog.at_level(logging.INFO):
        logging.getLogger("server").info("refused path=%s", "/v1/a\nINFO all is well")

    line = OneLine("%(message)s").format(caplog.records[0])

    assert line == "refused path=/v1/a\\x0aINFO all is well"
