"""The scorecard: what is worst comes first, and nothing on it can be steered by a host's data."""

import io
from pathlib import Path

import msgspec
import pytest

from agent.say import Paint, width
from agent.scorecard import Card, exit_code, render
from evidence.statement import Digest, Reason, Report, Verdict
from policies.load import load
from policies.model import Policy
from policies.score import score
from tests.agent.enrolled import POLICY, enrolled
from tests.agent.running import anfang

PLAIN = Paint(io.StringIO())


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The small policy."""
    file = tmp_path_factory.mktemp("policy") / "small.yaml"
    file.write_text(POLICY, "utf-8")
    return load(file).policy


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A real report of this host: one pass, one failed critical, one unknown."""
    state = enrolled(tmp_path_factory.mktemp("host")).state
    done = anfang("scan", "--json", state=state)
    answer = msgspec.json.decode(done.stdout.encode())
    return msgspec.convert(answer["report"], Report)


def _with(report: Report, policy: Policy, **verdicts: Verdict) -> Card:
    """A card of `report` with other verdicts, its score recomputed."""
    changed = tuple(verdicts.get(v.check.rsplit("-", 1)[1], v) for v in report.verdicts)
    oldest = report.score.oldest_fact
    edited = msgspec.structs.replace(
        report, verdicts=changed, score=score([policy], changed, oldest)
    )
    return Card(edited, (policy,), "signed", 1)


def _verdict(check: str, outcome: str, *, rows: int = 0, text: str = "x") -> Verdict:
    return Verdict(
        check=f"CEP-AGT-{check}",
        policy="small",
        verdict=outcome,  # type: ignore[arg-type]  # one of four
        reasons=(Reason(code="register_missing", args=("r",)),) if outcome == "unknown" else (),
        columns=("username", "uid"),
        rows=tuple((text, n) for n in range(rows)),
        row_count=rows,
        rows_digest=Digest(sha256="0" * 64),
    )


def test_major_risks_then_unknowns_then_numbers(report: Report, policy: Policy) -> None:
    """The order of a morning: what is open, what nobody can tell, then the score."""
    text = render(_with(report, policy), "zh", PLAIN, 100)

    order = [
        text.index(part)
        for part in (
            "严重和高风险问题项  1",
            "✗ [严重] CEP-AGT-902",
            "账户 root 的标识为 0",
            "须在变更窗口内进行",
            "无法判定  1",
            "登记册 approved_systems 未建立",
            "检查项覆盖率",
            "2/3 (66%)",
            "类别",
        )
    ]
    assert order == sorted(order)


def test_both_languages_say_the_same_numbers(report: Report, policy: Policy) -> None:
    """Switching the language changes words only."""
    zh = render(_with(report, policy), "zh", PLAIN, 100)
    en = render(_with(report, policy), "en", PLAIN, 100)

    assert "6（权重 1/16）  评级 E" in zh
    assert "6 (weight 1/16)  grade E" in en


def test_lines_fit_and_columns_align(report: Report, policy: Policy) -> None:
    """Chinese takes two cells a character; no line is wider than it may be."""
    lines = render(_with(report, policy), "zh", PLAIN, 80).splitlines()

    assert max(map(width, lines)) <= 80
    head = next(line for line in lines if "✗ 不符合" in line)
    family = next(line for line in lines if line.startswith(" 账户与口令"))
    column = width(head[: head.index("✗")])
    assert width(family[: family.index("1")]) == column


def test_evidence_cannot_steer_the_terminal(report: Report, policy: Policy) -> None:
    """A user named by an escape sequence is shown, escaped."""
    hostile = _verdict("902", "fail", rows=1, text="\x1b[2J\x07root\u202e")

    text = render(_with(report, policy, **{"902": hostile}), "en", PLAIN, 100)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[2J\\x07root\\u202e" in text


def test_many_rows_are_cut_and_counted(report: Report, policy: Policy) -> None:
    """Five rows are written out, the rest counted."""
    many = _verdict("902", "fail", rows=12)

    text = render(_with(report, policy, **{"902": many}), "en", PLAIN, 100)

    assert text.count("▸") == 5
    assert "7 more" in text


def test_suspected_rows_of_an_unknown_are_shown_as_such(report: Report, policy: Policy) -> None:
    """Rows on incomplete facts are suspicions, not findings."""
    suspected = _verdict("902", "unknown", rows=1)

    text = render(_with(report, policy, **{"902": suspected}), "zh", PLAIN, 100)

    assert "疑似问题（数据不完整，待核）" in text


def test_nothing_evaluated_has_no_score(report: Report, policy: Policy) -> None:
    """Without one verdict there is no number to show."""
    unknown = {n: _verdict(n, "unknown") for n in ("901", "902", "903")}

    text = render(_with(report, policy, **unknown), "zh", PLAIN, 100)

    assert "尚未评级" in text


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("pass", "pass", "pass"), 0),
        (("pass", "not_applicable", "pass"), 0),
        (("pass", "unknown", "pass"), 3),
        (("fail", "unknown", "pass"), 1),
    ],
)
def test_the_exit_code_is_the_worst_verdict(
    report: Report, policy: Policy, outcomes: tuple[str, str, str], code: int
) -> None:
    """1 for a failure, 3 for what nobody can tell, 0 if all is well."""
    numbers = ("901", "902", "903")
    verdicts = {n: _verdict(n, o) for n, o in zip(numbers, outcomes, strict=True)}

    assert exit_code(_with(report, policy, **verdicts).report) == code


def test_colour_only_adds(report: Report, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without colours the text is the same."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    card = _with(report, policy)

    coloured = render(card, "zh", Paint(Terminal()), 100)

    stripped = coloured
    for code in ("0", "1", "2", "31", "32", "33", "31;1", "33;1", "32;1"):
        stripped = stripped.replace(f"\x1b[{code}m", "")
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in stripped.splitlines()] == render(
        card, "zh", PLAIN, 100
    ).splitlines()


def test_a_root_is_told_from_the_running_host(tmp_path: Path) -> None:
    """Judging another root says that live state cannot be told."""
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "root" / "etc" / "os-release").write_text('NAME="Test"\nID=test\n')
    policy_file = tmp_path / "small.yaml"
    policy_file.write_text(POLICY, "utf-8")

    done = anfang(
        "scan",
        "--root",
        str(tmp_path / "root"),
        "--policy",
        str(policy_file),
        state=tmp_path / "none",
    )

    assert "not the running host" in done.stdout
