"""Page and terminal say the same: one scan of this host, sent to a real server, looked at twice."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from agent.say import Paint
from agent.scorecard import Card, render
from evidence.statement import Report
from policies.plain import beijing
from server import assigning, authority, service, units
from server.app import create_app
from tests.server.markup import Element
from tests.server.serving import serving
from tests.server.visitor import Visitor, add_person

UNIT = "示例单位"
WIDE = 100_000
"""A terminal on which no line is broken."""


@dataclass(frozen=True)
class Seen:
    """What one scan printed, and the pages of its host and unit."""

    report: Report
    receipt: list[dict[str, Any]]
    scorecard: str
    """As the terminal shows it, in Chinese, no line broken."""
    host: Element
    unit: Element


def _anfang(*arguments: str, state: Path, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "agent", *arguments, "--state", str(state)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode in {0, 1, 3}, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One scan under the shipped policy, sent and shown."""
    directory = tmp_path_factory.mktemp("seen")
    data, state = directory / "server", directory / "agent"
    service.initialise(data, host_names=("127.0.0.1",), listen="127.0.0.1:8443")
    opened = service.open_service(data)
    add_person(opened.store)
    with opened.store.write() as connection:
        units.add(connection, UNIT)
        unit = units.get(connection, UNIT)
        read = assigning.read_policy("cii-host")
        assigning.assign(
            connection, opened.log, unit, [read], registers={}, parameters={}, interval_s=3600
        )
        token = units.create_token(
            connection,
            unit,
            zone="管理信息大区",
            uses=1,
            lifetime=timedelta(hours=1),
            ca_public_key=authority.ca_public_key(data),
        )
    with serving(data) as url:
        _anfang("enroll", url, "--token", "-", state=state, stdin=token)
        printed = json.loads(_anfang("scan", "--json", state=state))
        _anfang("send", state=state)
    report = msgspec.convert(printed["report"], Report)
    card = Card(report, (read.policy,), "signed", 1)
    with TestClient(create_app(opened), base_url="https://testserver") as client:
        visitor = Visitor(client)
        visitor.sign_in()
        shown = Seen(
            report=report,
            receipt=printed["score_receipt"],
            scorecard=render(card, "zh", Paint(sys.stdout), WIDE),
            host=visitor.page(f"/hosts/{report.host.id}"),
            unit=visitor.page(f"/units/{UNIT}"),
        )
    opened.close()
    return shown


def _section(page: Element, heading: str) -> Element:
    return next(s for s in page.all("section") if s.attributes["aria-labelledby"] == heading)


def test_the_scan_says_something(seen: Seen) -> None:
    """Verdicts of more than one kind, or what follows would show little."""
    kinds = {verdict.verdict for verdict in seen.report.verdicts}

    assert len(seen.report.verdicts) >= 20
    assert len(kinds) >= 3


def test_score_coverage_grade_and_freshness_are_the_same(seen: Seen) -> None:
    """On the host's page, in the unit's list, and in the terminal."""
    score = seen.report.score
    points = score.pass_weight * 100 // score.applicable_weight

    host = _section(seen.host, "score-head").text
    row = [cell.text for cell in _section(seen.unit, "list-head").all("td")]

    assert f"得分（原始） {points} {score.grade}" in host
    assert f"权重 {score.pass_weight}/{score.applicable_weight}" in host
    assert f"检查项覆盖率 {score.evaluated}/{score.expected}" in host
    assert row[2:5] == [
        score.grade,
        f"{points} {score.pass_weight}/{score.applicable_weight}",
        f"{score.evaluated}/{score.expected}",
    ]
    assert score.oldest_fact is not None
    oldest = beijing(score.oldest_fact)
    assert oldest[:16] in host
    numbers = rf"{points}.*{score.pass_weight}/{score.applicable_weight}.*评级 {score.grade}"
    assert re.search(numbers, seen.scorecard)
    assert f"{score.evaluated}/{score.expected}" in seen.scorecard
    assert oldest in seen.scorecard


def test_counts_are_the_same(seen: Seen) -> None:
    """How many checks came out how, over all and in every family."""
    counts: Counter[str] = Counter(verdict.verdict for verdict in seen.report.verdicts)
    row = [cell.text for cell in _section(seen.unit, "list-head").all("td")]
    printed = re.findall(r"^ \S.*?((?: +[\d·]+){4})$", seen.scorecard, re.MULTILINE)
    table = [line.replace("·", "0").split() for line in printed]

    words = {"fail": "不符合", "unknown": "无法判定", "pass": "符合", "not_applicable": "不适用"}
    said = {word: int(n) for word, n in re.findall(r"(\S*?[合用定]) (\d+)", row[1])}

    assert {word[1:]: n for word, n in said.items()} == {
        words[outcome]: n for outcome, n in counts.items()
    }
    for column, outcome in enumerate(words):
        assert sum(int(line[column]) for line in table) == counts.get(outcome, 0)
    assert f"问题项 {counts['fail']}" in _section(seen.host, "open-head").text
    assert f"无法判定 {counts['unknown']}" in _section(seen.host, "unknown-head").text


def test_findings_are_the_same_sentences(seen: Seen) -> None:
    """Every evidence row, every piece of advice that the terminal prints is on the page."""
    printed = re.findall(r"^ +▸ (.*)$", seen.scorecard, re.MULTILINE)
    advice = re.findall(r"^ +处置建议.? ?(.*)$", seen.scorecard, re.MULTILINE)

    page = seen.host.text

    failed = [v for v in seen.report.verdicts if v.verdict == "fail"]
    assert bool(printed) is any(v.rows for v in (*failed, *seen.report.verdicts))
    assert bool(advice) is bool(failed)
    for sentence in printed:
        assert " ".join(sentence.split()) in page
    for sentence in advice:
        assert sentence.partition("（须在变更窗口内进行")[0].partition("(须")[0] in page


def test_reasons_are_the_same_sentences(seen: Seen) -> None:
    """Why something cannot be judged is told in the same words."""
    printed = re.findall(r"^ +原因.? ?(.*)$", seen.scorecard, re.MULTILINE)

    unknown = _section(seen.host, "unknown-head").text

    assert printed
    for sentence in printed:
        assert " ".join(sentence.split()) in unknown


def test_what_fixes_would_add_is_the_same(seen: Seen) -> None:
    """The receipt, line by line."""
    rows = {
        next(row.all("th")).text.split()[0]: [cell.text for cell in row.all("td")]
        for row in _section(seen.host, "score-head").all("tr")
        if any(True for _ in row.all("td"))
    }

    for line in seen.receipt:
        after = line["after_fix"]
        cells = rows[line["check"]]
        if after is None:
            assert not cells[2]
        else:
            assert f"{after['pass_weight']}/{after['applicable_weight']}" in cells[2]
