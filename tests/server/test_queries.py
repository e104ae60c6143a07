"""What the pages will show: current state, what changed, and what could not be told."""

from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select, update

from evidence.statement import Verdict
from server import clock
from server.store import queries
from server.store.queries import HostDetail, UnitOverview
from server.store.schema import hosts, reports, verdicts
from tests.server.hosts import SCORE, FakeHost, verdict
from tests.server.sites import UNIT, Site

STICK = ("S1",)
DAY = timedelta(days=1)


def _overview(site: Site, now: datetime | None = None) -> UnitOverview:
    with site.service.store.read() as connection:
        overview = queries.unit_overview(connection, UNIT, now or clock.now())
    assert overview is not None
    return overview


def _detail(site: Site, host: FakeHost) -> HostDetail:
    with site.service.store.read() as connection:
        detail = queries.host_detail(connection, host.id, clock.now())
    assert detail is not None
    return detail


def _say(site: Site, host: FakeHost, *said: Verdict) -> None:
    assert site.deliver(host, host.report(verdicts=said)).status_code == 200


def _age(site: Site, by: timedelta) -> None:
    """Let everything that was said be said that much earlier."""
    with site.service.store.write() as connection:
        for row in connection.execute(select(verdicts)).all():
            moved = {
                name: clock.stamp(clock.moment(value) - by)
                for name, value in row._mapping.items()
                if name in {"since", "verdict_since", "until"} and value
            }
            connection.execute(update(verdicts).where(verdicts.c.id == row.id).values(**moved))


@pytest.fixture
def assigned(site: Site) -> Site:
    """A site whose unit runs the test policy."""
    site.assign()
    return site


def test_an_unknown_unit_has_no_overview(site: Site) -> None:
    """None, rather than an empty one."""
    with site.service.store.read() as connection:
        assert queries.unit_names(connection) == (UNIT,)
        assert queries.unit_overview(connection, "another", clock.now()) is None


def test_a_new_unit_has_nothing_to_show(site: Site) -> None:
    """No hosts, no assignment, no score: all of it can be empty."""
    overview = _overview(site)

    assert (overview.hosts, overview.assignment, overview.checks) == ((), None, 0)
    assert (overview.reporting, overview.pooled, overview.oldest_fact) == (0, (0, 0), None)


def test_hosts_are_counted_by_whether_they_are_heard_of(assigned: Site) -> None:
    """Enrolled, reporting in time, silent; one that never reported becomes silent too."""
    heard, never = assigned.enrolled(name="a"), assigned.enrolled(name="b")
    _say(assigned, heard)

    now, later = _overview(assigned), _overview(assigned, clock.now() + timedelta(hours=2))

    assert [host.name for host in now.hosts] == ["a", "b"]
    assert (now.reporting, now.silent) == (1, ())
    assert {host.id for host in later.silent} == {heard.id, never.id}


def test_like_findings_make_one_cluster(assigned: Site) -> None:
    """The same row of the same check on three hosts is one line, another row is another."""
    for number in range(3):
        rows = [STICK, ("only here",)] if number == 0 else [STICK]
        _say(assigned, assigned.enrolled(name=f"h{number}"), verdict("CEP-USB-003", "fail", rows))

    first, second = _overview(assigned).clusters

    assert (first.check_id, dict(first.row)) == ("CEP-USB-003", {"serial": "S1"})
    assert [host.name for host in first.hosts] == ["h0", "h1", "h2"]
    assert first.check is not None
    assert first.check.severity == "critical"
    assert (dict(second.row), len(second.hosts)) == ({"serial": "only here"}, 1)


def test_a_failure_without_rows_is_shown_too(assigned: Site) -> None:
    """A check that expects a row fails by having none."""
    _say(assigned, assigned.enrolled(), verdict("CEP-USB-003", "fail"))

    (cluster,) = _overview(assigned).clusters

    assert dict(cluster.row) == {}


def test_a_finding_is_as_old_as_the_failure(assigned: Site) -> None:
    """Another row on the same check does not make it young again."""
    host = assigned.enrolled()
    _say(assigned, host, verdict("CEP-USB-003", "fail", [STICK]))
    _age(assigned, 3 * DAY)

    _say(assigned, host, verdict("CEP-USB-003", "fail", [STICK, ("S2",)]))

    overview = _overview(assigned)
    assert {clock.moment(c.since) < clock.now() - 2 * DAY for c in overview.clusters} == {True}
    assert overview.opened == ()


def test_what_began_and_ended_since_yesterday(assigned: Site) -> None:
    """New failures and closed ones, each with its host; older ones are neither."""
    opens, closes, old = (assigned.enrolled(name=name) for name in ("opens", "closes", "old"))
    for host in (closes, old):
        _say(assigned, host, verdict("CEP-USB-003", "fail", [STICK]))
    _age(assigned, 2 * DAY)

    _say(assigned, opens, verdict("CEP-USB-003", "fail", [STICK]))
    _say(assigned, closes, verdict("CEP-USB-003", "pass"))

    overview = _overview(assigned)
    assert [change.host.name for change in overview.opened] == ["opens"]
    assert [change.host.name for change in overview.closed] == ["closes"]
    assert [host.name for host in overview.clusters[0].hosts] == ["old", "opens"]


def test_a_check_that_is_asked_no_more_ends(assigned: Site) -> None:
    """What a report does not name does not stay open for ever."""
    host = assigned.enrolled()
    _say(assigned, host, verdict("CEP-USB-003", "fail", [STICK]))

    _say(assigned, host, verdict("CEP-USB-004", "pass"))

    assert _overview(assigned).clusters == ()


def test_a_report_that_says_the_same_writes_nothing(assigned: Site) -> None:
    """A year of unchanged reports is one row for each check."""
    host = assigned.enrolled()
    for _ in range(5):
        _say(assigned, host, verdict("CEP-USB-003", "fail", [STICK]))

    with assigned.service.store.read() as connection:
        rows = connection.execute(select(verdicts.c.since, verdicts.c.until)).all()
    assert len(rows) == 1
    assert rows[0].until is None


def test_changes_within_one_delivery_are_kept(assigned: Site) -> None:
    """A failure that came and went between two connections leaves its trace."""
    host = assigned.enrolled()
    spool = [
        host.report(verdicts=[verdict("CEP-USB-003", outcome, rows)])
        for outcome, rows in (("pass", []), ("fail", [STICK]), ("pass", []))
    ]

    assigned.deliver(host, *spool)

    overview = _overview(assigned)
    assert overview.clusters == ()
    assert [change.check_id for change in overview.closed] == ["CEP-USB-003"]


def test_what_could_not_be_told_is_counted_by_reason(assigned: Site) -> None:
    """The commonest reason first, over verdicts and over hosts."""
    one, two = assigned.enrolled(), assigned.enrolled()
    _say(
        assigned,
        one,
        verdict("CEP-USB-003", "unknown", reason="register_missing"),
        verdict("CEP-USB-004", "unknown", reason="register_missing"),
        verdict("CEP-USB-005", "unknown", reason="foreign_mount"),
    )
    _say(assigned, two, verdict("CEP-USB-003", "unknown", reason="register_missing"))

    unknowns = _overview(assigned).unknowns

    assert [(u.code, u.count, u.hosts) for u in unknowns] == [
        ("register_missing", 3, 2),
        ("foreign_mount", 1, 1),
    ]


def test_scores_are_pooled_and_grades_counted(assigned: Site) -> None:
    """Sums of integers; a host that has not reported counts for nothing."""
    better = msgspec.structs.replace(SCORE, pass_weight=15, grade="A")
    for score in (SCORE, better, better):
        host = assigned.enrolled()
        assigned.deliver(host, host.report(score=score))
    assigned.enrolled()

    overview = _overview(assigned)

    assert overview.pooled == (35, 45)
    assert overview.grades == {"E": 1, "A": 2}
    assert overview.oldest_fact == SCORE.oldest_fact


def test_a_host_shows_its_newest_report_and_its_history(assigned: Site) -> None:
    """Decoded, with its place in the log, and a fork is in the history though it never counts."""
    host = assigned.enrolled(name="db-07")
    _say(assigned, host, verdict("CEP-USB-003", "pass"))
    fork = host.report(advance=False)
    _say(assigned, host, verdict("CEP-USB-003", "fail", [STICK]))
    assigned.deliver(host, fork)

    detail = _detail(assigned, host)

    assert detail.latest is not None
    assert detail.latest.predicate.chain.sequence == 2
    assert (detail.unit, detail.host.name, detail.leaf_index) == (UNIT, "db-07", 4)
    assert [(point.sequence, point.link, point.scored) for point in detail.history] == [
        (2, "fork", False),
        (2, "unbroken", True),
        (1, "first", True),
    ]
    assert detail.since.keys() == {("small", "CEP-USB-003")}


def test_a_report_and_its_tables_are_found_by_digest(assigned: Site) -> None:
    """As they were sent, byte for byte."""
    host = assigned.enrolled()
    made = host.report()
    assigned.deliver(host, made)

    with assigned.service.store.read() as connection:
        found = queries.report(connection, made.digest)
        tables = {digest: queries.table_bytes(connection, digest) for digest in made.blobs}
        assert queries.report(connection, "0" * 64) is None
        enrolment = connection.scalar(select(hosts.c.enrolment))
        assert queries.report(connection, str(enrolment)) is None
        assert queries.host_detail(connection, "0" * 32, clock.now()) is None

    assert found is not None
    assert {subject.digest.sha256 for subject in found.subject} == set(made.blobs)
    assert tables == made.blobs


def test_a_host_that_never_reported_has_a_page(assigned: Site) -> None:
    """With nothing on it but who it is."""
    host = assigned.enrolled()

    detail = _detail(assigned, host)

    assert (detail.latest, detail.received_at, detail.history) == (None, None, ())
    with assigned.service.store.read() as connection:
        assert connection.execute(select(reports)).all() == []
