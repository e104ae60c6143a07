"""Reports of events: kept and receipted like all, listed on the host's page, never scored."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from evidence import canonical, dsse
from evidence.agreement import NOTHING_JUDGED
from evidence.canonical import Cell
from evidence.statement import (
    Condition,
    Digest,
    Reason,
    Report,
    Subject,
    decode_statement,
    encode_statement,
)
from server import clock
from server.pages.events import event_view
from server.store import queries
from server.store.events import recent
from server.store.schema import hosts, reports
from tests.server.hosts import FakeHost, Made, sha256
from tests.server.sites import Site
from tests.server.visitor import Visitor, add_person

COLUMNS = (
    *("action", "type", "vendor", "vendor_id", "model", "model_id", "serial", "time", "eid"),
    *("port_path", "authorized", "duration", "mounted", "sectors_read", "sectors_written"),
)
STICK: dict[str, Cell] = {
    "type": "usb_device",
    "vendor": "SanDisk",
    "vendor_id": "0781",
    "model": "Cruzer <b>",
    "model_id": "5567",
    "serial": "h:0123456789abcdef0123456789abcdef",
    "time": 1795420000,
    "port_path": "1-1",
}


def _events(
    host: FakeHost, *rows: dict[str, Cell], reason: str | None = None, damaged: bool = False
) -> Made:
    """The host's next report, of these events."""
    told = [{**row, "eid": f"{n:016d}"} for n, row in enumerate(rows)]
    data = canonical.encode_table([[row.get(c) for c in COLUMNS] for row in told])
    plain = host.report(tables={"hardware_events": [("x",)]}, asked=False, advance=False)
    report = decode_statement(dsse.open_envelope(plain.envelope).payload, Report).predicate
    entry = msgspec.structs.replace(
        report.tables[0],
        columns=COLUMNS,
        row_count=len(rows) + damaged,
        condition=Condition("partial", Reason(reason, ()))
        if reason
        else Condition("complete", None),
    )
    report = msgspec.structs.replace(
        report,
        scan=msgspec.structs.replace(report.scan, trigger="event"),
        tables=(entry,),
        score=NOTHING_JUDGED,
    )
    payload = encode_statement((Subject("tables/hardware_events", Digest(sha256(data))),), report)
    host.sequence, host.previous = report.chain.sequence, sha256(payload)
    return Made(dsse.seal(payload, host.key), sha256(payload), {sha256(data): data})


@pytest.mark.parametrize("assigned", [True, False])
def test_events_measure_no_host(site: Site, *, assigned: bool) -> None:
    """Head, score and when it is due stay the scan's, also where nothing is assigned."""
    if assigned:
        site.assign()
    host = site.enrolled()
    scan = host.report()
    assert site.deliver(host, scan).status_code == 200
    with site.service.store.read() as connection:
        before = connection.execute(select(hosts).where(hosts.c.id == host.id)).one()

    replies = [site.deliver(host, _events(host, {**STICK, "action": "add"})) for _ in range(2)]

    later = host.report()
    assert [reply.status_code for reply in (*replies, site.deliver(host, later))] == [200] * 3
    with site.service.store.read() as connection:
        stored = connection.execute(select(reports).order_by(reports.c.sequence)).all()
        after = connection.execute(select(hosts).where(hosts.c.id == host.id)).one()
    assert [(row.link, row.scored) for row in stored] == [
        ("first", True),
        ("unbroken", False),
        ("unbroken", False),
        ("unbroken", True),
    ]
    assert (before.head, after.head) == (scan.digest, later.digest)


def test_a_host_that_only_tells_events_is_silent(site: Site) -> None:
    """What is plugged in says nothing of how the host is."""
    site.assign()
    host = site.enrolled()
    site.deliver(host, host.report())
    with site.service.store.read() as connection:
        due = connection.scalar(select(hosts.c.due_at).where(hosts.c.id == host.id))

    site.deliver(host, _events(host, {**STICK, "action": "add"}))

    with site.service.store.read() as connection:
        unit = queries.unit_names(connection)[0]
        overview = queries.unit_overview(connection, unit, clock.now() + timedelta(days=1))
        same = connection.scalar(select(hosts.c.due_at).where(hosts.c.id == host.id))
    assert overview is not None
    assert [line.id for line in overview.silent] == [host.id]
    assert same == due


def test_the_list_says_what_came_and_went(site: Site) -> None:
    """The newest first; how long it was there and how much went through it; the gap in words."""
    host = site.enrolled()
    disk: dict[str, Cell] = {
        **STICK,
        "type": "disk",
        "action": "remove",
        "duration": 40,
        "mounted": 30,
        "sectors_read": 2,
        "sectors_written": 4_000_000,
    }
    interface: dict[str, Cell] = {**STICK, "type": "usb_interface", "action": "bind"}
    gap: dict[str, Cell] = {"action": "gap", "type": "unwatched", "duration": 7200, "time": 1}
    site.deliver(host, _events(host, gap, reason="not_watching"))
    site.deliver(host, _events(host, {**STICK, "action": "add"}, interface, disk))

    with site.service.store.read() as connection:
        view = event_view(recent(connection, host.id))

    assert [line.action for line in view.lines] == ["remove", "add", "gap"]
    assert (view.lines[0].written, view.lines[0].read) == ("2.0 GB", "1.0 kB")
    assert (view.lines[0].duration, view.lines[0].mounted) == (40, 30)
    assert (view.more, view.condition, view.unread) == (False, None, 0)


def test_the_page_lists_them(site: Site) -> None:
    """Under its own heading in both languages; what a device calls itself acts on nothing."""
    add_person(site.service.store)
    host = site.enrolled()
    site.deliver(host, host.report())
    site.deliver(host, _events(host, {**STICK, "action": "add"}, reason="events_lost"))
    visitor = Visitor(site.client)
    assert visitor.sign_in().status_code == 303

    chinese = visitor.get(f"/hosts/{host.id}?lang=zh").text
    english = visitor.get(f"/hosts/{host.id}?lang=en").text

    assert "USB 事件" in chinese
    assert "事件报告，不计分" in chinese
    assert "USB events" in english
    assert "report of events, not scored" in english
    assert "Cruzer &lt;b&gt;" in english


def test_a_host_without_events_has_no_list(site: Site) -> None:
    """Nor one whose only report that nothing was asked of is a scan."""
    host = site.enrolled()
    site.deliver(host, host.report(score=NOTHING_JUDGED, root="recorded"))

    with site.service.store.read() as connection:
        view = event_view(recent(connection, host.id))

    assert (view.lines, view.unread) == ((), 0)


def test_a_table_that_is_none_is_told(site: Site) -> None:
    """A host can sign what it likes; the page says that it cannot be read."""
    host = site.enrolled()
    site.deliver(host, _events(host, {**STICK, "action": "add"}, damaged=True))

    with site.service.store.read() as connection:
        view = event_view(recent(connection, host.id))

    assert (view.lines, view.unread) == ((), 1)


@pytest.mark.parametrize("hostile", [-1, "x", 2**53 - 1, None])
def test_numbers_that_are_none(site: Site, hostile: Cell) -> None:
    """A time, a count or an amount may be anything."""
    host = site.enrolled()
    row = {**STICK, "action": "remove", "type": "disk"}
    numbers = dict.fromkeys(("time", "duration", "sectors_read", "sectors_written"), hostile)
    site.deliver(host, _events(host, {**row, **numbers}))

    with site.service.store.read() as connection:
        view = event_view(recent(connection, host.id))

    assert len(view.lines) == 1
