"""What the pages say of a unit with forty hosts, and how they are written."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from starlette.testclient import TestClient

from server import service
from server.app import create_app
from tests.server.estate import UNIT, Morning
from tests.server.markup import Element
from tests.server.visitor import Visitor

pytestmark = pytest.mark.xdist_group("morning")
"""Where the unit with forty hosts is made, it is made once."""

HOSTS = ("scada-02", "scada-03", "scada-07", "hist-02", "hist-03", "oa-04", "oa-05", "web-09")
"""Findings, a registered stick, silent, gap, fork, unknown, clock off, never reported."""

CHINESE = "\u3400-\u9fff"
HALF_WIDTH = re.compile(
    rf"[{CHINESE}] ?([,;:?()]|!(?!\w))|[,;:!?(][ ]?[{CHINESE}]|[{CHINESE}]\.(?!\w)"
)


@pytest.fixture(scope="module")
def visitor(morning: Morning) -> Iterator[Visitor]:
    """The administrator, signed in to the unit with forty hosts."""
    opened = service.open_service(morning.data)
    with TestClient(create_app(opened), base_url="https://testserver") as client:
        visitor = Visitor(client)
        assert visitor.sign_in("admin", morning.password).status_code == 303
        yield visitor
    opened.close()


def _addresses(morning: Morning) -> list[str]:
    """Every kind of page."""
    return [
        "/sign-in",
        "/nowhere",
        morning.unit,
        f"{morning.unit}?all",
        *(morning.host(name) for name in HOSTS),
        f"{morning.host('scada-02')}/tables/usb_devices",
        f"{morning.host('oa-04')}/tables/shadow",
        f"{morning.host('scada-02')}/tables/file",
        f"{morning.host('scada-02')}/tables/routes",
    ]


@pytest.fixture(scope="module")
def pages(visitor: Visitor, morning: Morning) -> dict[str, Element]:
    """Every kind of page, in both languages."""
    return {
        f"{address} {lang}": visitor.page(
            address, lang=lang, status=404 if address == "/nowhere" else 200
        )
        for address in _addresses(morning)
        for lang in ("zh", "en")
    }


def _section(page: Element, heading: str) -> Element:
    """The section under the heading with this id."""
    for section in page.all("section"):
        if section.attributes.get("aria-labelledby") == heading:
            return section
    raise AssertionError(f"no section {heading}")


def _items(section: Element) -> list[str]:
    return [item.text for item in section.all("li")]


def _figures(section: Element) -> dict[str, str]:
    """The first value under each term."""
    return {
        next(group.all("dt")).text: next(group.all("dd")).text
        for group in section.all("div")
        if any(True for _ in group.all("dt"))
    }


def test_the_start_is_the_only_unit(visitor: Visitor, morning: Morning) -> None:
    """There is nothing to choose."""
    assert visitor.get("/").headers["location"] == morning.unit


def test_the_first_screen_counts_hosts_before_anything_else(
    pages: dict[str, Element], morning: Morning
) -> None:
    """Managed, in time, silent, with gaps, with forks; what is not known says so."""
    hosts = _section(pages[f"{morning.unit} zh"], "hosts-head")

    assert _figures(hosts) == {
        "应纳管": "未导入台账",
        "已纳管": "40",
        "时限内上报": "38",
        "失联": "2",
        "断档": "1",
        "分叉、断裂": "1",
    }
    assert [link.text for link in hosts.all("a")] == ["scada-07", "web-09", "hist-02", "hist-03"]


def test_major_risks_are_at_most_seven_lines(visitor: Visitor, morning: Morning) -> None:
    """Gravest first, then those on most hosts; like ones together, all of them by a link."""
    risks = _section(visitor.page(morning.unit), "major-head")
    every = _section(visitor.page(f"{morning.unit}?all"), "major-head")

    lines = _items(risks)
    count = len(_items(every))
    severities = [line.split()[0] for line in lines]
    assert len(lines) == 7
    assert severities == sorted(severities, key=["严重", "高"].index)
    assert set(severities) == {"严重", "高"}
    assert "ToDesk" in lines[0]
    assert "oa-01、oa-02 等 3 台" in lines[0]
    assert "停止使用：立即停止服务并卸载" in lines[0]
    assert "同类共 2 项" in next(line for line in lines if "CEP-EGR-001" in line)
    assert next(risks.all("h2")).text == f"未闭环重大风险隐患 {count} 项 · 13 台主机"
    assert f"显示全部 {count} 项" in risks.text
    assert count > 7


def test_a_risk_leads_to_its_check_on_the_host(visitor: Visitor, morning: Morning) -> None:
    """The link names the check, and the host's page has it."""
    risks = _section(visitor.page(morning.unit), "major-head")
    link = next(link for link in risks.all("a") if link.text == "web-01")

    path, _, anchor = link.attributes["href"].partition("#")

    assert path == morning.host("web-01")
    ids = [e.attributes.get("id") for e in visitor.page(path).all("div")]
    assert anchor in ids


def test_what_changed_since_yesterday_is_told(visitor: Visitor, morning: Morning) -> None:
    """What began to fail and what was repaired, and not what has failed for days."""
    since = _section(visitor.page(f"{morning.unit}?all"), "since-head").text

    opened, _, closed = since.partition("已恢复符合")
    assert "新增不符合" in opened
    assert "应仅接入已登记的移动存储介质 scada-01、scada-02" in opened
    assert "不应运行境内第三方远程控制软件 oa-03" in opened
    assert "不应存在空口令账户" in closed
    assert "SSH" not in since


def _listed(page: Element) -> list[list[str]]:
    """The cells of each host in the list: zone, verdicts, grade, score, coverage, last report."""
    rows = ([cell.text for cell in row.all("td")] for row in _section(page, "list-head").all("tr"))
    return [cells for cells in rows if cells]


def test_what_cannot_be_judged_is_told_by_reason(visitor: Visitor, morning: Morning) -> None:
    """The three commonest reasons as sentences, the rest as a number; together they are all."""
    page = visitor.page(morning.unit)
    unknown = _section(page, "unknown-head")
    said = [re.search(r"(\d+) 项(，\d+ 台主机)?$", item) for item in _items(unknown)]
    listed = [re.search(r"无法判定 (\d+)", cells[1]) for cells in _listed(page)]

    total = sum(int(found[1]) for found in listed if found)

    assert total > 15
    assert next(unknown.all("h2")).text == f"无法判定 {total} 项"
    assert sum(int(found[1]) for found in said if found) == total
    assert len(said) == 4
    assert "在容器的命名空间内运行，看不到主机全貌" in _items(unknown)[0]
    assert _items(unknown)[3].startswith("其他原因")


def test_the_unit_has_a_pooled_score_and_no_grade(visitor: Visitor, morning: Morning) -> None:
    """The sum of its hosts' weights, with coverage, oldest fact and the hosts' grades beside it."""
    page = visitor.page(morning.unit)
    score = _section(page, "score-head").text
    listed = [cells for cells in _listed(page) if "/" in cells[3]]

    def total(column: int, part: int) -> int:
        return sum(int(cells[column].split()[-1].split("/")[part]) for cells in listed)

    passed, applicable = total(3, 0), total(3, 1)
    evaluated, expected = total(4, 0), total(4, 1)
    grades = Counter(cells[2] for cells in listed)

    assert len(listed) == 39
    assert f"汇总得分 {passed * 100 // applicable} 权重 {passed}/{applicable}" in score
    assert f"检查项覆盖率 {evaluated * 100 // expected}% {evaluated}/{expected}" in score
    assert score.endswith("主机评级 " + " ".join(f"{g} {grades[g]}" for g in sorted(grades)))
    assert "计入例外后" in score


def test_a_host_says_how_it_stands(visitor: Visitor, morning: Morning) -> None:
    """Silent, forked, with a gap, with a clock that is off, or never heard of."""
    said = {name: next(visitor.page(morning.host(name)).all("main")).text for name in HOSTS}

    assert "失联：超过承诺的间隔没有收到主机报告" in said["scada-07"]
    assert "报告链分叉或者断裂" in said["hist-03"]
    assert "分叉（疑似克隆），不计分" in said["hist-03"]
    assert "没有问题项" in said["hist-03"]
    assert "报告链有断档" in said["hist-02"]
    assert "主机时钟比服务器快 2 天，主机所报时间不准。" in said["oa-05"]
    assert "还没有可以计分的主机报告" in said["web-09"]
    assert "✓在线" in said["scada-02"]
    assert "Debian GNU/Linux 12 (bookworm)" in said["scada-02"]
    plain = visitor.page(morning.host("scada-02"))
    assert not [p for p in plain.all("p") if "alert" in p.attributes.get("class", "")]


def test_findings_are_sentences_with_what_to_do(visitor: Visitor, morning: Morning) -> None:
    """The gravest first, with its measure, since when, and what the fix adds."""
    page = visitor.page(morning.host("scada-02"))

    first, second = _items(_section(page, "open-head"))

    assert first.startswith(
        "严重 物理端口 1-1.2 接入未登记的 USB 存储设备 SanDisk Ultra（0781:5581）"
    )
    assert "拆除：核实介质的来源和用途" in first
    assert re.search(r"整改后可提升 \d 分，评级升至 A", first)
    assert second.startswith("高 USB 存储驱动 usb_storage")
    assert "（9 天）" in second


def test_a_check_shows_rows_clauses_and_their_certainty(visitor: Visitor, morning: Morning) -> None:
    """Everything a reader needs to agree or to object."""
    page = visitor.page(morning.host("scada-02"))
    check = next(e for e in page.all("div") if e.attributes.get("id") == "cii-host/CEP-USB-003")

    rows = [[cell.text for cell in row.all("td")] for row in check.all("tr")][1:]

    assert rows[0][:4] == ["0781", "5581", "SanDisk", "Ultra"]
    for said in (
        "为什么检查",
        "影响",
        "回退方法",
        "常见误报",
        "CEL-2023:20 （已核对原文）",
        "usb_devices",
    ):
        assert said in check.text
    assert check.parent is not None
    assert "open" in check.parent.attributes


def test_passes_that_rest_on_registers_are_counted(visitor: Visitor, morning: Morning) -> None:
    """And marked in the score receipt: the unit vouches for them, not the facts alone."""
    score = _section(visitor.page(morning.host("scada-03")), "score-head")

    marked = [row.text for row in score.all("tr") if "依据登记册" in row.text]

    assert _figures(score)["依据登记册的符合项"] == str(len(marked))
    assert any("CEP-USB-003" in row for row in marked)


def test_the_score_receipt_adds_up(visitor: Visitor, morning: Morning) -> None:
    """Line by line, to the score above it."""
    score = _section(visitor.page(morning.host("oa-04")), "score-head")

    cells = [[cell.text for cell in row.all("td")] for row in score.all("tr")]
    lines = [row[1].split("/") for row in cells if len(row) == 4 and row[0] and "/" in row[1]]
    passed = sum(int(part) for part, _ in lines)
    applicable = sum(int(whole) for _, whole in lines)

    assert len(lines) >= 20
    assert f"{passed}/{applicable}" == cells[-1][1]
    assert _figures(score)["得分（原始）"] == f"{passed * 100 // applicable} D"


def test_what_is_unknown_is_never_shown_as_fine(visitor: Visitor, morning: Morning) -> None:
    """The list says why; a table that was not readable says that nothing follows from it."""
    host = morning.host("oa-04")
    unknown = _items(_section(visitor.page(host), "unknown-head"))

    table = next(visitor.page(f"{host}/tables/shadow").all("main")).text

    assert len(unknown) >= 3
    assert any("无权读取 /etc/shadow" in line for line in unknown)
    assert "权限不足 无权读取 /etc/shadow" in table
    assert "没有数据行，但采集不完整，不能据此认为没有。" in table
    assert "确实没有" not in table


def test_a_table_shows_facts_as_collected(visitor: Visitor, morning: Morning) -> None:
    """Cells, source, digest, status, what columns mean, and what was de-identified."""
    page = visitor.page(f"{morning.host('scada-02')}/tables/usb_devices")

    text = next(page.all("main")).text

    assert "/sys/bus/usb/devices" in text
    assert "serial 去标识化" in text
    assert "h:4f0c1ad1b0e94c63a8a5b9e4c2d7f601" in text
    assert "当前接入的 USB 设备" in text
    assert re.search(r"SHA-256 [0-9a-f]{64}", text)
    assert "各字段含义" in text


@pytest.mark.parametrize(
    ("path", "zh", "en"),
    [
        ("/units/无此单位", "没有这个单位。", "There is no such unit."),
        ("/hosts/0123", "没有这台主机。", "There is no such host."),
        ("/hosts/0123/tables/users", "没有这台主机。", "There is no such host."),
        ("/nowhere/at/all", "没有这个页面", "There is no such page."),
    ],
)
def test_what_is_not_there_says_so(visitor: Visitor, path: str, zh: str, en: str) -> None:
    """In both languages, and as 404."""
    assert zh in visitor.page(path, lang="zh", status=404).text
    assert en in visitor.page(path, lang="en", status=404).text


def test_a_table_that_was_not_recorded_says_so(visitor: Visitor, morning: Morning) -> None:
    """Also on a host that never reported."""
    for name in ("scada-02", "web-09"):
        path = f"{morning.host(name)}/tables/no_such_table"

        page = visitor.page(path, status=404)

        assert "最近一份主机报告没有记录这张表。" in page.text


def test_chinese_comes_first(visitor: Visitor, morning: Morning) -> None:
    """Without a choice; a choice stays, and every page offers the other language."""
    visitor.client.cookies.delete("anfang-lang")
    first = visitor.get(morning.unit)
    visitor.page(morning.unit, lang="en")
    then = visitor.get(morning.host("oa-01"))

    assert '<html lang="zh-CN">' in first.text
    assert 'hreflang="en"' in first.text
    assert '<html lang="en">' in then.text
    assert 'hreflang="zh-CN"' in then.text


def test_the_other_language_keeps_the_place(visitor: Visitor, morning: Morning) -> None:
    """What was asked for in the address is still asked for."""
    page = visitor.page(f"{morning.unit}?all")

    (link,) = (a for a in page.all("a") if "hreflang" in a.attributes)

    assert link.attributes["href"] == "?all=&lang=en"


def test_pages_are_well_formed(pages: dict[str, Element]) -> None:
    """Every id once, every link inside a page has its target, every label its field."""
    for name, page in pages.items():
        ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
        assert len(set(ids)) == len(ids), name
        for element in page.all():
            href = element.attributes.get("href", "")
            if href.startswith("#"):
                assert href[1:] in ids, (name, href)
            for attribute in ("aria-labelledby", "for"):
                if attribute in element.attributes:
                    assert element.attributes[attribute] in ids, (name, attribute)


def test_pages_are_written_for_everybody(pages: dict[str, Element]) -> None:
    """Language, one main heading, headings in order, table heads, labels, pictures in words."""
    for name, page in pages.items():
        assert page.attributes["lang"] == ("zh-CN" if name.endswith("zh") else "en")
        headings = [int(h.tag[1]) for h in page.all("h1", "h2", "h3", "h4")]
        assert headings.count(1) == 1, name
        assert headings[0] == 1, name
        assert all(b <= a + 1 for a, b in pairwise(headings)), name
        assert all("scope" in th.attributes for th in page.all("th")), name
        assert all("aria-label" in svg.attributes for svg in page.all("svg")), name
        labelled = {label.attributes["for"] for label in page.all("label")}
        for field in page.all("input"):
            if field.attributes.get("type") != "hidden":
                assert field.attributes["id"] in labelled, name
        assert all(button.text for button in page.all("button", "a", "summary", "th")), name
        assert next(page.all("title")).text.endswith("· Anfang"), name
        assert next(page.all("a")).attributes == {"class": "skip", "href": "#main"}, name


def test_pages_hold_no_script_and_fetch_nothing(pages: dict[str, Element]) -> None:
    """No script, no style of their own, no address but our own."""
    for name, page in pages.items():
        assert not list(page.all("script", "style", "iframe", "object", "img", "base")), name
        for element in page.all():
            assert not any(a.startswith("on") or a == "style" for a in element.attributes), name
            for attribute in ("href", "src", "action"):
                address = element.attributes.get(attribute, "/")
                assert re.match(r"/(?!/)|#|\?", address), (name, address)


def test_chinese_is_punctuated_as_chinese(pages: dict[str, Element]) -> None:
    """Full-width marks in every Chinese sentence, also in those of policies and tables."""
    for name, page in pages.items():
        if name.endswith(" zh"):
            for element in page.all():
                for text in (c for c in element.children if isinstance(c, str)):
                    found = HALF_WIDTH.search(text)
                    assert found is None, (name, text.strip()[:200])


def test_english_pages_hold_no_chinese_but_names(pages: dict[str, Element]) -> None:
    """Nothing was left untranslated."""
    names = {UNIT, "中文", "生产控制大区", "管理信息大区", "互联网服务区"}
    for name, page in pages.items():
        if name.endswith(" en"):
            text = page.text
            for known in names:
                text = text.replace(known, "")
            assert not re.search(rf"[{CHINESE}]", text), (
                name,
                re.findall(rf".{{9}}[{CHINESE}]+", text),
            )
