"""`anfang explain CHECK`: one check in full, and how to repeat by hand what it looks at."""

import difflib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.commands.common import print_json
from agent.errors import InputError
from agent.say import BOLD, DIM, Lang, Paint, columns, pad, pick, width, wrap
from agent.scorecard import words
from facts.dictionary import KINDS
from facts.spec import Kind
from facts.tables import SPECS
from policies.judge import reads
from policies.model import Check, Parameter, Policy
from policies.words import CERTAINTIES, FAMILIES, MEASURES, SEVERITIES

_INDENT = 2


@dataclass(frozen=True, slots=True)
class Read:
    """A table that a check reads."""

    table: str
    columns: tuple[str, ...]
    source: tuple[str, ...]
    """Where it is read, so that a person can read it again."""
    privilege: str


def explain(
    check_id: str, policies: Sequence[Policy], lang: Lang, *, as_json: bool = False
) -> None:
    """Print what `policies` hold of the check `check_id`.

    Raises:
        InputError: they hold no such check.
    """
    policy, check = _found(check_id, policies)
    needs = reads(policies)[policy.policy, check.id]
    read = [
        Read(
            name,
            SPECS[name].in_order(needs[name]),
            tuple(SPECS[name].source),
            SPECS[name].privilege,
        )
        for name in sorted(needs.keys() & SPECS.keys())
    ]
    data = sorted(needs.keys() & policy.data.keys())
    if as_json:
        used = {
            "registers": {name: policy.registers[name] for name in check.registers},
            "parameters": {name: policy.parameters[name] for name in check.parameters},
            "data": {name: policy.data[name].source for name in data},
        }
        named = {"policy": policy.policy, "version": policy.version}
        print_json({**named, "check": check, "reads": read, **used})
        return
    for line in _Told(policy, check, lang, Paint(sys.stdout), columns(sys.stdout)).lines(
        read, data
    ):
        print(line)


def _found(check_id: str, policies: Sequence[Policy]) -> tuple[Policy, Check]:
    known = {check.id: (policy, check) for policy in policies for check in policy.checks}
    wanted = check_id.upper()
    if wanted in known:
        return known[wanted]
    near = "、".join(difflib.get_close_matches(wanted, known, n=3))
    raise InputError(
        f"没有检查项 {check_id!r}" + (f"，是否应为 {near}？" if near else ""),
        f"no check {check_id!r}" + (f"; did you mean {near}?" if near else ""),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """The check as a terminal shows it."""

    policy: Policy
    check: Check
    lang: Lang
    paint: Paint
    room: int

    def lines(self, read: list[Read], data: list[str]) -> Iterator[str]:
        """All of it, section by section."""
        check, lang = self.check, self.lang
        severity = words(SEVERITIES[check.severity], lang)
        yield self.paint(f"{check.id}  {words(check.title, lang)}", BOLD)
        about = (severity, words(FAMILIES[check.family], lang), self._named())
        yield self.paint(" · ".join(about), DIM)
        yield ""
        yield from self._labelled("为什么", "Why", words(check.why, lang))
        for clause in check.clauses:
            certainty = words(CERTAINTIES[clause.certainty], lang)
            yield from self._labelled("依据", "Clause", f"{clause.ref}  {certainty}")
        yield from self._section("读取的事实", "Facts it reads")
        for each in read:
            yield from self._table(each)
        for name in check.registers:
            declared = self.policy.registers[name]
            listed = f"{', '.join(declared.columns)}. {words(declared.doc, lang)}"
            yield from self._labelled("登记册", "Register", f"{name}: {listed}")
        for name in check.parameters:
            value = self.policy.parameters[name]
            said = f"{name} = {value.default}{_bounds(value)}: {words(value.doc, lang)}"
            yield from self._labelled("参数", "Parameter", said)
        for name in data:
            held = self.policy.data[name]
            said = (
                f"{name}: {words(held.doc, lang)} {pick(lang, '出处：', 'Source: ')}{held.source}"
            )
            yield from self._labelled("数据", "Data", said)
        yield from self._rules()
        yield from self._section("不符合时", "When it fails")
        yield from self._advice()

    def _named(self) -> str:
        return f"{self.policy.policy} {self.policy.version}"

    def _table(self, each: Read) -> Iterator[str]:
        spec = SPECS[each.table]
        kind = "" if spec.kind is Kind.FULL else f" [{KINDS[spec.kind].to(self.lang)}]"
        rows = pick(self.lang, "（只看有没有行）", "(only whether there are rows)")
        yield f"  {self.paint(each.table, BOLD)}{kind}"
        for zh, en, text in (
            ("字段", "Columns", ", ".join(each.columns) or rows),
            ("手工复核", "By hand", "; ".join(each.source)),
            ("所需权限", "Privilege", each.privilege),
        ):
            if text:
                yield from self._labelled(zh, en, text, indent=2 * _INDENT)

    def _rules(self) -> Iterator[str]:
        check = self.check
        for sql, zh, en in (
            (check.applies, "查不到行即不适用", "Not applicable unless this finds a row"),
            (check.violations, "每一行是一个问题项", "Each row of this is one violation"),
            (check.expects, "查到行即符合", "Passes when this finds a row"),
        ):
            if sql is not None:
                yield from self._section(zh, en)
                yield from (f"  {line}".rstrip() for line in sql.strip().splitlines())

    def _advice(self) -> Iterator[str]:
        check, lang = self.check, self.lang
        advice = check.advice
        yield from self._labelled("处置建议", "What to do", words(advice.do, lang))
        yield from self._labelled("影响", "Impact", words(advice.impact, lang))
        yield from self._labelled("回退", "Rollback", words(advice.rollback, lang))
        window = pick(lang, "须在变更窗口内进行", "needed") if advice.window else ""
        window = window or pick(lang, "不需要", "not needed")
        yield from self._labelled("变更窗口", "Window", window)
        if check.measure is not None:
            yield from self._labelled("措施", "Measure", words(MEASURES[check.measure], lang))
        yield from self._labelled("常见误报", "Harmless", words(check.false_positives, lang))

    def _section(self, zh: str, en: str) -> Iterator[str]:
        yield ""
        yield self.paint(pick(self.lang, zh, en), BOLD)

    def _labelled(self, zh: str, en: str, text: str, indent: int = _INDENT) -> Iterator[str]:
        label = pad(pick(self.lang, zh, en), 11)
        first, *rest = wrap(text, self.room - indent - width(label)) or [""]
        yield " " * indent + self.paint(label, DIM) + first
        yield from (" " * (indent + width(label)) + line for line in rest)


def _bounds(value: Parameter) -> str:
    if value.minimum is None and value.maximum is None:
        return ""
    low = "" if value.minimum is None else value.minimum
    high = "" if value.maximum is None else value.maximum
    return f" ({low} … {high})"
