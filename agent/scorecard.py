"""The scorecard (合规总览) as a terminal shows it.

Open major risks first, as sentences, with what to do; then what could not be judged, and why;
then the four numbers; then the rest, counted by family. A mark and a word always say what a
colour says, and nothing that a host's data holds can steer the terminal.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from agent.say import (
    BOLD,
    DIM,
    GREEN,
    RED,
    YELLOW,
    Lang,
    Paint,
    clip,
    pad,
    pick,
    width,
    wrap,
)
from evidence.statement import Report, Verdict
from facts import reasons
from facts.status import Reason
from policies.model import Check, Outcome, Policy, Text
from policies.plain import beijing, visible
from policies.score import ScoreLine, score_lines
from policies.shown import sentences
from policies.words import FAMILIES, MARKS, SEVERITIES, VERDICTS

MAX_SENTENCES = 5
"""How many evidence rows of one check are written out."""

_COLOURS: Mapping[Outcome, str] = {
    "pass": GREEN,
    "fail": RED,
    "not_applicable": DIM,
    "unknown": YELLOW,
}
_ORDER = ("critical", "high", "medium", "low")

Standing: TypeAlias = Literal["signed", "not_enrolled", "not_readable"]
"""Whether the report took its place in the chain, and if not, why."""


class Card(msgspec.Struct, frozen=True):
    """What a scorecard shows."""

    report: Report
    policies: tuple[Policy, ...]
    standing: Standing
    pending: int
    """Reports that have no receipt yet, this one included."""

    @property
    def lines(self) -> tuple[ScoreLine, ...]:
        """How the score comes about."""
        score = self.report.score
        return score_lines(self.policies, self.report.verdicts, score.oldest_fact)


def exit_code(report: Report) -> int:
    """1 if a check failed, else 3 if one could not be judged, else 0."""
    outcomes = {verdict.verdict for verdict in report.verdicts}
    if "fail" in outcomes:
        return 1
    if "unknown" in outcomes or report.score.evaluated < report.score.expected:
        return 3
    return 0


def words(text: Text, lang: Lang) -> str:
    """The wording of `text` in `lang`."""
    return text.zh if lang == "zh" else text.en


def render(card: Card, lang: Lang, paint: Paint, columns: int) -> str:
    """The whole scorecard, ending in a line feed."""
    lines = _Writer(card, lang, paint, columns).lines()
    return "".join(line.rstrip() + "\n" for line in lines)


class _Writer(msgspec.Struct, frozen=True):
    card: Card
    lang: Lang
    paint: Paint
    columns: int

    def lines(self) -> Iterator[str]:
        checks = {
            (policy.policy, check.id): check
            for policy in self.card.policies
            for check in policy.checks
        }
        judged = sorted(
            ((checks[v.policy, v.check], v) for v in self.card.report.verdicts),
            key=lambda pair: (_ORDER.index(pair[0].severity), pair[0].id),
        )
        gains = {(line.policy, line.check): self._gain(line) for line in self.card.lines}
        failed = [pair for pair in judged if pair[1].verdict == "fail"]
        major = [pair for pair in failed if pair[0].severity in ("critical", "high")]
        minor = [pair for pair in failed if pair[0].severity not in ("critical", "high")]
        unknown = [pair for pair in judged if pair[1].verdict == "unknown"]

        yield from self._head()
        yield from self._section("严重和高风险问题项", "Open major risks", len(major))
        for index, (check, verdict) in enumerate(major):
            if index:
                yield ""
            yield from self._open(check, verdict, gains[verdict.policy, check.id])
        if not major:
            yield self._say("  没有。", "  None.")
        if minor:
            yield from self._section("其他不符合项", "Other failed checks", len(minor))
            for check, verdict in minor:
                yield self._title(check, verdict)
        yield from self._section("无法判定", "Cannot be judged", len(unknown))
        for check, verdict in unknown:
            yield from self._unknown(check, verdict)
        if not unknown:
            yield self._say("  没有。", "  None.")
        yield from self._numbers()
        yield from self._families(judged)

    def _say(self, zh: str, en: str) -> str:
        return pick(self.lang, zh, en)

    def _head(self) -> Iterator[str]:
        report = self.card.report
        title = self._say("合规总览", "Scorecard") + f" · {visible(report.host.name)}"
        when = beijing(report.scan.ended)
        gap = max(2, self.columns - width(title) - width(when))
        yield self.paint(title, BOLD) + " " * gap + when
        policies = " · ".join(f"{ref.policy} {ref.version}" for ref in report.policies)
        yield self.paint(f"{policies} · {self._standing()}", DIM)
        if report.view.root != "/":
            yield self.paint(
                self._say(
                    "判定对象为另一个根目录，不是正在运行的本机；实时状态无法判定。",
                    "Judged another root, not the running host: live state cannot be told.",
                ),
                DIM,
            )

    def _standing(self) -> str:
        chain = self.card.report.chain
        match self.card.standing:
            case "signed":
                return self._say(
                    f"已签名，报告链第 {chain.sequence} 份，待上报 {self.card.pending} 份",
                    f"signed, number {chain.sequence} in the chain, {self.card.pending} to send",
                )
            case "not_enrolled":
                return self._say("未签名（本机未纳管）", "unsigned (this host is not enrolled)")
            case "not_readable":
                return self._say(
                    "未签名（当前用户无权使用状态目录）",
                    "unsigned (the state directory is not this user's)",
                )

    def _section(self, zh: str, en: str, count: int) -> Iterator[str]:
        yield ""
        title = f"{self._say(zh, en)}  {count}"
        yield self.paint(title, BOLD)
        yield self.paint("─" * self.columns, DIM)

    def _title(self, check: Check, verdict: Verdict) -> str:
        mark = MARKS[verdict.verdict]
        severity = pad(f"[{words(SEVERITIES[check.severity], self.lang)}]", self._severity_width)
        rows = ""
        if verdict.row_count:
            count = verdict.row_count
            rows = self._say(f"  {count} 条", f"  {count} row" if count == 1 else f"  {count} rows")
        head = f" {self.paint(mark, _COLOURS[verdict.verdict], BOLD)} {severity} {check.id}  "
        room = self.columns - width(f" {mark} {severity} {check.id}  ") - width(rows)
        return head + clip(words(check.title, self.lang), room) + self.paint(rows, DIM)

    @property
    def _severity_width(self) -> int:
        return max(width(words(text, self.lang)) for text in SEVERITIES.values()) + 2

    def _open(self, check: Check, verdict: Verdict, gain: str) -> Iterator[str]:
        yield self._title(check, verdict)
        yield from self._rows(check, verdict)
        yield from self._labelled("为什么", "Why", words(check.why, self.lang))
        advice = words(check.advice.do, self.lang)
        if check.advice.window:
            advice += self._say("（须在变更窗口内进行）", " (needs a change window)")
        yield from self._labelled("处置建议", "What to do", advice)
        yield from self._labelled("影响", "Impact", words(check.advice.impact, self.lang))
        if gain:
            yield from self._labelled("整改后可提升", "A fix would add", gain)

    def _rows(self, check: Check, verdict: Verdict) -> Iterator[str]:
        for sentence in sentences(check, verdict)[:MAX_SENTENCES]:
            first, *rest = wrap(words(sentence, self.lang), self.columns - 7) or [""]
            yield f"     {self.paint('▸', DIM)} {first}"
            yield from (f"       {line}" for line in rest)
        more = verdict.row_count - min(len(verdict.rows), MAX_SENTENCES)
        if more > 0:
            yield self.paint(
                self._say(f"       另有 {more} 条，见 --json", f"       {more} more, see --json"),
                DIM,
            )

    def _unknown(self, check: Check, verdict: Verdict) -> Iterator[str]:
        yield self._title(check, verdict)
        said = (reasons.say(Reason(r.code, r.args), self.lang) for r in verdict.reasons)
        for sentence in dict.fromkeys(said):
            yield from self._labelled("原因", "Reason", visible(sentence))
        if verdict.row_count:
            note = self._say("疑似问题（数据不完整，待核）：", "Suspected (facts incomplete):")
            yield f"     {self.paint(note, DIM)}"
            yield from self._rows(check, verdict)

    def _labelled(self, zh: str, en: str, text: str) -> Iterator[str]:
        label = self._say(f"{zh}：", f"{en}: ")
        indent = 5 + width(label)
        first, *rest = wrap(text, self.columns - indent) or [""]
        yield f"     {self.paint(label, DIM)}{first}"
        yield from (" " * indent + line for line in rest)

    def _gain(self, line: ScoreLine) -> str:
        after, now = line.after_fix, self.card.report.score
        if after is None or not now.applicable_weight:
            return ""
        gain = _percent(after.pass_weight, after.applicable_weight) - _percent(
            now.pass_weight, now.applicable_weight
        )
        points = self._say(f"{gain} 分", f"{gain} points")
        if after.grade != now.grade:
            points += self._say(f"，评级升至 {after.grade}", f", grade {after.grade}")
        return points

    def _numbers(self) -> Iterator[str]:
        score = self.card.report.score
        yield ""
        yield self.paint("─" * self.columns, DIM)
        if score.grade is None:
            value = self._say("尚未评级（没有可判定的检查项）", "no grade (nothing was evaluated)")
            raw = "–"
        else:
            points = _percent(score.pass_weight, score.applicable_weight)
            raw = str(points)
            weights = f"{score.pass_weight}/{score.applicable_weight}"
            value = self._say(
                f"{points}（权重 {weights}）  评级 {score.grade}",
                f"{points} (weight {weights})  grade {score.grade}",
            )
        coverage = f"{score.evaluated}/{score.expected}"
        if score.expected:
            coverage += f" ({_percent(score.evaluated, score.expected)}%)"
        oldest = "–" if score.oldest_fact is None else beijing(score.oldest_fact)
        for zh, en, text in (
            ("得分", "Score", value),
            ("检查项覆盖率", "Coverage of checks", coverage),
            ("数据时效（最早采集时间）", "Freshness (oldest fact)", oldest),
            (
                "原始得分 / 计入例外后",
                "Raw / with exceptions",
                self._say(
                    f"{raw} / 由服务器计算（本机只报原始判定）",
                    f"{raw} / laid over by the server (a host reports raw verdicts)",
                ),
            ),
        ):
            label = pad(self._say(zh, en), 26)
            yield f" {self.paint(label, BOLD) if zh == '得分' else label}{text}"

    def _families(self, judged: Sequence[tuple[Check, Verdict]]) -> Iterator[str]:
        outcomes: tuple[Outcome, ...] = ("fail", "unknown", "pass", "not_applicable")
        counts: dict[str, dict[Outcome, int]] = {}
        for check, verdict in judged:
            family = counts.setdefault(words(FAMILIES[check.family], self.lang), {})
            family[verdict.verdict] = family.get(verdict.verdict, 0) + 1
        if not counts:
            return
        heads = [f"{MARKS[o]} {words(VERDICTS[o], self.lang)}" for o in outcomes]
        first = max(width(self._say("类别", "Family")), *map(width, counts)) + 2
        yield ""
        yield self.paint(
            " "
            + pad(self._say("类别", "Family"), first)
            + "".join(pad(h, width(h) + 3) for h in heads),
            DIM,
        )
        for name in sorted(counts):
            cells = []
            for outcome, head in zip(outcomes, heads, strict=True):
                number = counts[name].get(outcome, 0)
                text = pad(str(number) if number else "·", width(head) + 3)
                cells.append(
                    self.paint(text, _COLOURS[outcome]) if number else self.paint(text, DIM)
                )
            yield f" {pad(name, first)}" + "".join(cells)


def _percent(part: int, whole: int) -> int:
    """Whole points, never rounded up."""
    return part * 100 // whole
