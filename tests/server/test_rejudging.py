"""What a host says of itself is judged again: a verdict that its facts do not bear out is shown."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from evidence.statement import Report
from policies.recompute import Recomputer
from server import clock, people, service
from server.app import create_app
from server.cli import main
from server.rejudging import background, once, outcomes
from server.rejudging.background import Background
from server.rejudging.once import failed, rejudge
from server.service import Service
from server.store import queries
from server.store.queries import HostDetail, UnitOverview
from server.store.schema import rejudgings, reports
from tests.server.estate import Estate
from tests.server.hosts import FakeHost
from tests.server.ordinary import Facts
from tests.server.sites import POLICY, UNIT
from tests.server.visitor import Visitor

CHECK = "CEP-USB-003"
STICK: Facts = {"usb_devices": [{"vendor_id": "0781", "model_id": "5581", "serial": "S1"}]}
NONE: Facts = {"usb_devices": []}
NOT_ADOPTED = frozenset({"approved_listeners", "unit_networks", "zones"})
WITHIN_S = 60.0

ENDLESS = """\
policy: endless
version: 2026.11.0
title: {zh: 无尽, en: Endless}
checks:
  - id: CEP-USB-901
    title: {zh: 应有尽头, en: It ends}
    why: {zh: 用于试验, en: For tests}
    family: usb
    severity: low
    advice:
      do: {zh: 无, en: Nothing}
      impact: {zh: 无, en: None}
      rollback: {zh: 无, en: None}
      window: false
    clauses: []
    false_positives: {zh: 无, en: None}
    violations: |
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
      SELECT serial FROM usb_devices WHERE (SELECT max(i) FROM n) < 0
"""


@pytest.fixture
def estate(data: Path) -> Iterator[Estate]:
    """A unit that runs the small policy, and no host yet."""
    opened = service.open_service(data)
    estate = Estate(opened, data.parent, unit=UNIT)
    estate.assign(policy=str(POLICY), without=NOT_ADOPTED)
    yield estate
    opened.close()


@pytest.fixture
def host(estate: Estate) -> FakeHost:
    """One enrolled host."""
    return estate.enrol("db-01", "zone-1", clock.now() - timedelta(days=1))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for longer than a test can."""
    monkeypatch.setattr(background, "PAUSE_S", 0.05)
    monkeypatch.setattr(background, "STORE_EVERY_S", 0.0)


@contextmanager
def _working(opened: Service) -> Iterator[Background]:
    again = Background(opened)
    again.start()
    try:
        yield again
    finally:
        again.stop()


def _judge_all(opened: Service) -> None:
    """What the background does, in this process and until nothing waits."""
    with Recomputer() as recomputer:
        while True:
            with opened.store.read() as connection:
                batch = outcomes.waiting(connection, 1)
            if not batch:
                return
            answer = rejudge(opened.store, recomputer, batch[0])
            with opened.store.write() as connection:
                outcomes.note(connection, [answer], clock.now())


def _result(opened: Service, digest: str) -> str:
    with opened.store.read() as connection:
        found: str = connection.execute(
            select(reports.c.rejudged).where(reports.c.digest == digest)
        ).scalar_one()
        return found


def _until(opened: Service, digests: list[str]) -> list[str]:
    """The results for `digests`, once none of them waits."""
    deadline = time.monotonic() + WITHIN_S
    while "waiting" in (found := [_result(opened, digest) for digest in digests]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def _overview(opened: Service) -> UnitOverview:
    with opened.store.read() as connection:
        found = queries.unit_overview(connection, UNIT, clock.now())
    assert found is not None
    return found


def _detail(opened: Service, host: FakeHost) -> HostDetail:
    with opened.store.read() as connection:
        found = queries.host_detail(connection, host.id, clock.now())
    assert found is not None
    return found


def _whitewashed(said: Report) -> Report:
    """`said`, with its failed verdict turned into a pass and its score to match."""
    (failed,) = said.verdicts
    empty = said.verdicts[0].rows_digest
    passed = msgspec.structs.replace(
        failed, verdict="pass", rows=(), row_count=0, reasons=(), rows_digest=empty
    )
    score = msgspec.structs.replace(said.score, pass_weight=said.score.applicable_weight, grade="A")
    return msgspec.structs.replace(said, verdicts=(passed,), score=score)


def _better_score(said: Report) -> Report:
    score = msgspec.structs.replace(said.score, pass_weight=said.score.applicable_weight, grade="A")
    return msgspec.structs.replace(said, score=score)


def _other_row(said: Report) -> Report:
    (failed,) = said.verdicts
    other = msgspec.structs.replace(failed, rows=(("0781", "5581", "S2"),))
    return msgspec.structs.replace(said, verdicts=(other,))


def test_an_honest_report_is_equal(estate: Estate, host: FakeHost) -> None:
    """It keeps counting, and nothing is kept about it."""
    digest = estate.report(host, STICK, clock.now())

    _judge_all(estate.service)

    assert _result(estate.service, digest) == "equal"
    assert _detail(estate.service, host).host.head == digest
    assert _overview(estate.service).contradictions == ()
    with estate.service.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(rejudgings)) == 0


@pytest.mark.parametrize(
    ("edit", "what"),
    [(_whitewashed, CHECK), (_better_score, "score"), (_other_row, CHECK)],
)
def test_an_edited_and_signed_report_is_flagged_and_does_not_count(
    estate: Estate, host: FakeHost, edit: Callable[[Report], Report], what: str
) -> None:
    """A verdict, a score or an evidence row: the report before it still says how the host is."""
    long_ago = clock.now() - timedelta(days=3)
    honest = estate.report(host, STICK, long_ago)
    false = estate.report(host, STICK, clock.now(), edit=edit)

    _judge_all(estate.service)

    detail, overview = _detail(estate.service, host), _overview(estate.service)
    assert _result(estate.service, false) == "differs"
    assert detail.host.head == honest
    assert detail.host.rejudged == "equal"
    assert [point.scored for point in detail.history] == [False, True]
    assert what in detail.contradictions[0].whats
    assert [each.digest for each in overview.contradictions] == [false]
    assert [cluster.check_id for cluster in overview.clusters] == [CHECK]
    assert overview.clusters[0].since == clock.stamp(long_ago)


def test_a_host_that_never_said_the_truth_has_no_score(estate: Estate, host: FakeHost) -> None:
    """Nothing is left to count, nor any verdict that holds; its next true report counts again."""
    estate.report(host, STICK, clock.now(), edit=_whitewashed)
    _judge_all(estate.service)

    before = _detail(estate.service, host)
    honest = estate.report(host, STICK, clock.now())
    _judge_all(estate.service)

    assert (before.host.head, before.since) == (None, {})
    assert _detail(estate.service, host).host.head == honest
    assert _detail(estate.service, host).contradictions


def test_what_a_later_report_said_stays(estate: Estate, host: FakeHost) -> None:
    """A false report that another has followed is not counted, and takes nothing else along."""
    false = estate.report(host, STICK, clock.now() - timedelta(hours=1), edit=_whitewashed)
    honest = estate.report(host, NONE, clock.now())

    _judge_all(estate.service)

    assert _detail(estate.service, host).host.head == honest
    assert [_result(estate.service, digest) for digest in (false, honest)] == ["differs", "equal"]


def test_how_hosts_stand_now_comes_first(estate: Estate, host: FakeHost) -> None:
    """The newest of each host before what is older, then the oldest first."""
    other = estate.enrol("db-02", "zone-1", clock.now() - timedelta(days=1))
    at = clock.now() - timedelta(hours=5)
    digests = [
        estate.report(which, NONE, at + timedelta(minutes=minute))
        for minute, which in enumerate((host, host, other, host, other))
    ]

    with estate.service.store.read() as connection:
        order = outcomes.waiting(connection, 10)
        some = outcomes.waiting(connection, 3)

    assert [digests.index(digest) for digest in order] == [3, 4, 0, 1, 2]
    assert some == order[:3]


def test_what_never_counts_comes_last(estate: Estate, host: FakeHost) -> None:
    """Nobody can hold the others up with reports that nobody asked for."""
    at = clock.now() - timedelta(hours=5)
    unasked = estate.report(
        host, NONE, at, edit=lambda said: msgspec.structs.replace(said, assignment=None)
    )
    asked = [estate.report(host, NONE, at + timedelta(minutes=n)) for n in (1, 2)]

    with estate.service.store.read() as connection:
        order = outcomes.waiting(connection, 10)

    assert order == [asked[1], asked[0], unasked]


@pytest.mark.usefixtures("quick")
def test_the_background_judges_what_comes(estate: Estate, host: FakeHost) -> None:
    """Also what comes while it is at work; it judges in a process of the lowest priority."""
    first = estate.report(host, STICK, clock.now())

    with _working(estate.service) as again:
        before = _until(estate.service, [first])
        second = estate.report(host, STICK, clock.now(), edit=_whitewashed)
        after = _until(estate.service, [second])
        priorities = [os.getpriority(os.PRIO_PROCESS, pid) for pid in _descendants(again)]

    assert (before, after) == (["equal"], ["differs"])
    assert priorities == [19, 19]


@pytest.mark.usefixtures("quick")
def test_a_killed_worker_is_followed_by_another(estate: Estate, host: FakeHost) -> None:
    """Nothing is lost by it: what was at work is judged by the next."""
    digests = [estate.report(host, STICK, clock.now()) for _ in range(9)]

    with _working(estate.service) as again:
        for _ in range(2):
            worker, _ = _descendants(again)
            os.kill(worker, signal.SIGKILL)
            time.sleep(0.1)
        results = _until(estate.service, digests)

    assert set(results) == {"equal"}


@pytest.mark.usefixtures("quick")
def test_after_a_restart_it_goes_on(estate: Estate, host: FakeHost) -> None:
    """What one service has not judged, the next one does."""
    first = estate.report(host, STICK, clock.now())
    with _working(estate.service):
        _until(estate.service, [first])
    waiting = [estate.report(host, NONE, clock.now()) for _ in range(3)]

    with _working(estate.service):
        results = _until(estate.service, waiting)

    assert results == ["equal"] * 3


@pytest.mark.usefixtures("quick")
def test_a_report_without_an_end_does_not_stop_the_rest(
    estate: Estate, host: FakeHost, tmp_path: Path
) -> None:
    """Its SQL is stopped at the same point as on the host, and the next report is judged."""
    file = tmp_path / "endless.yaml"
    file.write_text(ENDLESS, "utf-8")
    other = estate.enrol("db-02", "zone-1", clock.now() - timedelta(days=1))
    good = estate.report(other, STICK, clock.now())
    estate.assign(policy=str(file), without=NOT_ADOPTED | {"approved_usb"})
    endless = estate.report(host, STICK, clock.now() - timedelta(hours=1))

    with _working(estate.service):
        results = _until(estate.service, [endless, good])

    assert results == ["equal", "equal"]
    assert [each.code for each in _overview(estate.service).unknowns] == ["over_time"]


@pytest.mark.usefixtures("quick")
def test_a_report_that_breaks_the_judge_does_not_stop_the_rest(
    estate: Estate, host: FakeHost
) -> None:
    """It is not known whether it is so, and the next report gets another judge."""
    breaking = estate.report(host, STICK, clock.now() - timedelta(hours=1))
    other = estate.enrol("db-02", "zone-1", clock.now() - timedelta(days=1))
    good = estate.report(other, STICK, clock.now())

    with _working(estate.service) as again:
        _, judge = _descendants(again)
        os.kill(judge, signal.SIGSTOP)  # it is still starting, and answers nothing
        time.sleep(0.5)
        os.kill(judge, signal.SIGKILL)
        results = _until(estate.service, [breaking, good])

    assert results == ["failed", "equal"]


def test_what_is_too_large_is_not_loaded(
    estate: Estate, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report may name more than fits into memory; that it was not judged is said."""
    digest = estate.report(host, STICK, clock.now())
    monkeypatch.setattr(once, "MAX_BYTES", 10)

    _judge_all(estate.service)

    assert _result(estate.service, digest) == "failed"
    assert "more than 10 bytes" in _detail(estate.service, host).unchecked[0]


def test_what_broke_off_is_told(estate: Estate, host: FakeHost) -> None:
    """A report that nobody could judge again counts, and is shown for what it is."""
    digest = estate.report(host, STICK, clock.now())
    with estate.service.store.write() as connection:
        outcomes.note(connection, [failed(digest, "it ended")], clock.now())

    detail, overview = _detail(estate.service, host), _overview(estate.service)

    assert (detail.host.rejudged, detail.unchecked) == ("failed", ("it ended",))
    assert [line.id for line in overview.not_rejudged] == [host.id]


def test_two_that_judge_do_not_undo_each_other(estate: Estate, host: FakeHost) -> None:
    """What is settled stays; what broke off may be settled later."""
    digest = estate.report(host, STICK, clock.now())
    with estate.service.store.write() as connection:
        outcomes.note(connection, [failed(digest, "it ended")], clock.now())
    with Recomputer() as recomputer:
        answer = rejudge(estate.service.store, recomputer, digest)
    with estate.service.store.write() as connection:
        outcomes.note(connection, [answer], clock.now())
        outcomes.note(connection, [failed(digest, "it ended")], clock.now())

    assert _result(estate.service, digest) == "equal"
    assert _detail(estate.service, host).unchecked == ()


def test_the_command_line_judges_at_once(
    estate: Estate, host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 if all that waits is equal, 1 if a report differs, named with check and both verdicts."""
    data = ("--data", str(estate.service.directory))
    estate.report(host, STICK, clock.now())
    fine = main(["rejudge", *data])
    summary = capsys.readouterr().out
    estate.report(host, STICK, clock.now(), edit=_whitewashed)

    code = main(["rejudge", "--unit", UNIT, *data])

    said = capsys.readouterr().out
    assert (fine, code) == (0, 1)
    assert "judged again: 1" in summary
    assert "equal: 1" in summary
    assert f"{CHECK} verdict: 所报 said pass · 复算 found fail" in said
    assert main(["rejudge", "--unit", "nobody", *data]) == 2


def test_pages_say_it_aloud(estate: Estate, host: FakeHost) -> None:
    """The unit's first screen and the host's page, in both languages, with the check."""
    opened = estate.service
    estate.report(host, STICK, clock.now() - timedelta(hours=1))
    estate.report(host, STICK, clock.now(), edit=_whitewashed)
    with opened.store.write() as connection:
        people.set_password(connection, "admin", "correct horse battery")
    with TestClient(create_app(opened), base_url="https://testserver") as client:
        visitor = Visitor(client)
        visitor.sign_in("admin", "correct horse battery")
        waiting = visitor.page(f"/hosts/{host.id}").text
        _judge_all(opened)
        pages = {
            (kind, lang): visitor.page(path, lang=lang).text
            for kind, path in (("unit", f"/units/{UNIT}"), ("host", f"/hosts/{host.id}"))
            for lang in ("zh", "en")
        }

    assert "待复算" in waiting
    assert "不一致" not in waiting
    for kind in ("unit", "host"):
        assert "服务器复算不一致" in pages[kind, "zh"]
        assert "Judged again, not the same" in pages[kind, "en"]
        assert all(CHECK in pages[kind, lang] for lang in ("zh", "en"))


def test_hosts_under_an_older_assignment_are_counted(estate: Estate, host: FakeHost) -> None:
    """And listed, where the number leads; none are once they report under the newest."""
    opened = estate.service
    other = estate.enrol("db-02", "zone-1", clock.now() - timedelta(days=1))
    for each in (host, other):
        estate.report(each, NONE, clock.now())
    before = _overview(opened).outdated
    estate.assign(policy=str(POLICY), without=NOT_ADOPTED)
    estate.report(other, NONE, clock.now())
    with opened.store.write() as connection:
        people.set_password(connection, "admin", "correct horse battery")

    with TestClient(create_app(opened), base_url="https://testserver") as client:
        visitor = Visitor(client)
        visitor.sign_in("admin", "correct horse battery")
        unit = visitor.page(f"/units/{UNIT}")
        listed = visitor.page(f"/units/{UNIT}?outdated").text

    links = {a.text: a.attributes["href"] for a in unit.all("a")}
    assert before == ()
    assert [line.name for line in _overview(opened).outdated] == ["db-01"]
    assert "仍按旧配置判定 1" in unit.text
    assert links["1"] == "?outdated#list-head"
    assert "db-01" in listed
    assert "db-02" not in listed


def test_a_store_of_before_is_brought_up_to_date(estate: Estate, host: FakeHost) -> None:
    """Reports that were there say under which assignment they were made, and wait."""
    from alembic import command  # noqa: PLC0415  # half a second, and for this test alone
    from alembic.config import Config  # noqa: PLC0415

    from server.store import engine  # noqa: PLC0415

    digest = estate.report(host, STICK, clock.now())
    store = estate.service.store
    with store.read() as connection:
        made_under = connection.scalar(select(reports.c.assignment))
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE rejudgings")
        connection.exec_driver_sql("DROP INDEX ix_reports_waiting")
        connection.exec_driver_sql("DROP INDEX ix_reports_differing")
        connection.exec_driver_sql("ALTER TABLE reports DROP COLUMN assignment")
        connection.exec_driver_sql("ALTER TABLE reports DROP COLUMN rejudged")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "migrations"))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    with store.read() as connection:
        assert connection.scalar(select(reports.c.assignment)) == made_under
    assert made_under is not None
    assert _result(estate.service, digest) == "waiting"


def _descendants(again: Background) -> list[int]:
    """The worker and the limited child below it, once both are there."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        worker = again.worker
        if worker is not None:
            children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
            if children:
                return [worker, *map(int, children)]
        assert time.monotonic() < deadline
        time.sleep(0.02)
