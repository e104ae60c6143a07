"""Pages of a server on which little has happened yet, and of numbers that cannot be given."""

from datetime import timedelta
from urllib.parse import quote

import msgspec
import pytest
from sqlalchemy import delete, update

from server import clock, units
from server.pages.overview import PAGE_HOSTS
from server.store import schema
from tests.server.estate import Estate
from tests.server.hosts import SCORE, verdict
from tests.server.markup import Element
from tests.server.ordinary import ordinary, with_flaws
from tests.server.sites import UNIT, Site
from tests.server.visitor import Visitor, add_person


@pytest.fixture
def visitor(site: Site) -> Visitor:
    """Somebody who has signed in."""
    add_person(site.service.store)
    visitor = Visitor(site.client)
    assert visitor.sign_in().status_code == 303
    return visitor


def _section(page: Element, heading: str) -> str:
    (found,) = (s for s in page.all("section") if s.attributes["aria-labelledby"] == heading)
    return found.text


def test_without_units_the_page_says_how_to_begin(visitor: Visitor, site: Site) -> None:
    """The command, in both languages."""
    with site.service.store.write() as connection:
        connection.execute(delete(schema.units))

    assert "还没有单位" in visitor.page("/").text
    assert "anfang-server unit add NAME" in visitor.page("/", lang="en").text


@pytest.mark.parametrize("name", ["甲/乙", "50% & <b>", "a?b#c", "\"quoted\" 'name'", "..", "a+b"])
def test_units_of_any_name_can_be_chosen(visitor: Visitor, site: Site, name: str) -> None:
    """With several the start lists them, and each link leads to its unit."""
    with site.service.store.write() as connection:
        units.add(connection, name)

    links = {a.text: a.attributes["href"] for a in visitor.page("/").all("a")}

    assert {name, UNIT} <= links.keys()
    assert links[name] == f"/units/{quote(name, safe='')}"
    if name != "..":  # which every client resolves before it asks
        assert next(visitor.page(links[name]).all("h1")).text == name


def test_a_unit_without_policies_says_so(visitor: Visitor) -> None:
    """Nothing is judged, and nothing looks as if it were."""
    page = visitor.page(f"/units/{UNIT}")

    assert "尚未下发检查策略，主机不会被判定" in page.text
    assert "还没有主机" in page.text
    assert "anfang-server token create" in page.text
    assert _section(page, "major-head") == "未闭环重大风险隐患 0 还没有主机被判定。"
    assert _section(page, "unknown-head") == "无法判定 0 项 还没有主机被判定。"


def test_hosts_that_never_reported_look_like_nothing(visitor: Visitor, site: Site) -> None:
    """No score, no grade, no tick."""
    site.assign()
    host = site.enrolled()

    unit = visitor.page(f"/units/{UNIT}")
    page = visitor.page(f"/hosts/{host.id}")

    assert "暂不给出单位得分" in _section(unit, "score-head")
    assert "从未上报" in _section(unit, "list-head")
    assert "还没有主机被判定" in _section(unit, "major-head")
    assert "还没有主机被判定" in _section(unit, "unknown-head")
    assert "还没有可以计分的主机报告" in page.text
    assert "得分" not in page.text.replace("得分不代表", "")


def test_a_unit_has_no_score_while_too_few_report(visitor: Visitor, site: Site) -> None:
    """Below 95 in a hundred the hosts that are heard of may be the good ones."""
    site.assign()
    for number in range(20):
        host = site.enrolled(name=f"host-{number}")
        site.deliver(host, host.report())
    scored = _section(visitor.page(f"/units/{UNIT}"), "score-head")
    silent = clock.stamp(clock.now() - timedelta(hours=1))
    with site.service.store.write() as connection:
        some = schema.hosts.c.name.in_(["host-1", "host-2"])
        connection.execute(update(schema.hosts).where(some).values(due_at=silent))

    withheld = _section(visitor.page(f"/units/{UNIT}"), "score-head")

    assert "汇总得分 33 权重 100/300" in scored
    assert withheld == "得分 时限内上报的主机不足 95%，暂不给出单位得分。"


def test_where_nothing_was_evaluated_there_is_no_score(visitor: Visitor, site: Site) -> None:
    """A dash, and no grade: nothing is not zero, and not a hundred."""
    host = site.enrolled()
    nothing = msgspec.structs.replace(SCORE, pass_weight=0, evaluated=0, grade=None)
    site.deliver(host, host.report(score=nothing))

    page = visitor.page(f"/hosts/{host.id}")

    assert "得分（原始） – 尚未评级 权重 0/15" in _section(page, "score-head")
    for part in ("open-head", "unknown-head"):
        assert "没有可以显示的判定结果。" in _section(page, part)


def test_verdicts_of_unknown_policies_are_counted(visitor: Visitor, site: Site) -> None:
    """What cannot be explained here is not hidden either."""
    host = site.enrolled()
    site.deliver(host, host.report(verdicts=[verdict("CEP-USB-003", "fail", [("S1",)])]))

    page = visitor.page(f"/hosts/{host.id}")
    unit = visitor.page(f"/units/{UNIT}")

    assert "有 1 项判定所依据的检查策略不在本服务器，未列出。" in page.text
    assert "未闭环重大风险隐患 1 项" in unit.text
    assert "serial=S1" in unit.text


def test_silence_is_not_a_tick(visitor: Visitor, site: Site) -> None:
    """One host in order and one never heard of: nothing is open on the first, no more is said."""
    site.assign()
    host = site.enrolled(name="one")
    site.deliver(host, host.report())
    alone = _section(visitor.page(f"/units/{UNIT}"), "major-head")
    site.enrolled(name="two")

    both = _section(visitor.page(f"/units/{UNIT}"), "major-head")

    assert "✓" in alone
    assert "✓" not in both
    assert "已判定的 1 台主机没有未闭环的严重或高风险问题项，其余 1 台未知。" in both


def test_long_lists_of_hosts_are_turned_over(visitor: Visitor, site: Site) -> None:
    """A hundred to a page, by name; the first screen is the same on each."""
    token = site.token(uses=PAGE_HOSTS + 1)
    first = site.enrolled(name="host-000")
    template = {"id": first.id, "key_id": first.key.key_id}
    with site.service.store.write() as connection:
        row = dict(connection.execute(schema.hosts.select()).mappings().one()) | template
        for number in range(1, PAGE_HOSTS + 1):
            new = {"id": f"{number:032x}", "key_id": f"{number:064x}", "name": f"host-{number:03}"}
            connection.execute(schema.hosts.insert().values(**row | new))

    one, two = (visitor.page(f"/units/{UNIT}?page={page}") for page in (1, 2))

    assert token
    assert "host-099" in _section(one, "list-head")
    assert "第 1 页，共 2 页 下一页" in _section(one, "list-head")
    assert "host-099" not in _section(two, "list-head")
    assert "host-100" in _section(two, "list-head")
    assert _section(one, "hosts-head") == _section(two, "hosts-head")


def test_a_register_not_adopted_is_why(visitor: Visitor, site: Site) -> None:
    """The check that needs it is unknown, and says which register."""
    estate = Estate(site.service, site.directory, UNIT)
    estate.assign(without=["zones"])
    now = clock.now()
    host = estate.enrol("oa-01", "管理信息大区", now)
    estate.report(host, with_flaws(ordinary("10.2.1.10", now), []), now)

    unit = visitor.page(f"/units/{UNIT}")
    page = visitor.page(f"/hosts/{host.id}")

    assert "zones" in _section(unit, "unknown-head")
    assert "登记册 zones" in _section(page, "unknown-head")
    assert "D" in _section(page, "score-head")


def test_a_host_that_stays_with_an_older_assignment_is_told(visitor: Visitor, site: Site) -> None:
    """Its score counts as what it was asked once, and the page says that more is asked now."""
    site.assign()
    host = site.enrolled()
    report = host.report(verdicts=[verdict("CEP-USB-003", "pass")])
    assert site.deliver(host, report).status_code == 200

    before = visitor.page(f"/hosts/{host.id}").text
    site.assign()
    after = visitor.page(f"/hosts/{host.id}").text

    assert "现行的下发配置" not in before
    assert "最近一份主机报告不是按现行的下发配置判定的" in after
