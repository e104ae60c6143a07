"""`anfang policy diff`: what a new policy changes, and what it would change on recorded hosts."""

import argparse
import sys
from collections.abc import Iterator

from agent.basis import policy_path
from agent.commands.common import print_json
from agent.commands.policy_file import opened
from agent.commands.policy_reports import Carried, carried, newest
from agent.say import BOLD, DIM, Lang, Paint, pick, talk
from agent.scorecard import words
from evidence.statement import Verdict
from facts.reasons import say
from facts.status import Reason
from policies.diff import Change, Effect, changes, effects
from policies.errors import RecomputeError
from policies.model import Policy
from policies.plain import beijing, excerpt, visible
from policies.recompute import Recomputer
from policies.shown import sentence
from policies.words import VERDICTS

MOST = 5
"""How many evidence rows of one check are written out."""

_MARKS = {"added": "+", "removed": "-", "changed": "~"}


def run(args: argparse.Namespace) -> int:
    """0; 3 if a snapshot could not be judged."""
    old, new = (opened(policy_path(name)).policy for name in (args.old, args.new))
    changed = list(changes(old, new))
    hosts: list[tuple[Carried, list[Effect] | None]] = []
    with Recomputer() as child:
        for each in newest(carried(args.report)):
            try:
                hosts.append((each, effects(old, new, each.job(), child)))
            except RecomputeError:
                hosts.append((each, None))
    if args.json:
        print_json({"changes": changed, "hosts": [_as_json(*host) for host in hosts]})
    else:
        for line in _lines(old, new, changed, hosts, args.lang):
            print(line)
        if hosts:
            talk(
                pick(
                    args.lang,
                    "本命令不核验签名，核验请用 anfang verify。",
                    "Signatures are not verified here: anfang verify does that.",
                )
            )
    return 3 if any(found is None for _, found in hosts) else 0


def _lines(
    old: Policy,
    new: Policy,
    changed: list[Change],
    hosts: list[tuple[Carried, list[Effect] | None]],
    lang: Lang,
) -> Iterator[str]:
    paint = Paint(sys.stdout)
    yield paint(f"{old.policy} {old.version} → {new.policy} {new.version}", BOLD)
    titles = {check.id: words(check.title, lang) for check in (*old.checks, *new.checks)}
    for change in changed:
        yield f"{_MARKS[change.kind]} {change.check}  {titles[change.check]}"
        for field in change.fields:
            values = "" if field.old == field.new else f": {field.old or '–'} → {field.new or '–'}"
            yield paint(f"    {field.name}{values}", DIM)
    if not changed:
        yield pick(lang, "检查项没有变化。", "No check changes.")
    for each, found in hosts:
        report = each.report
        when = beijing(report.scan.started)
        yield ""
        yield paint(visible(f"{report.host.name} ({report.host.id})"), BOLD) + f"  {when}"
        if found is None:
            yield "  " + pick(lang, "判定中断", "judging broke off")
            continue
        if not found:
            yield "  " + pick(lang, "判定结果没有变化", "no verdict changes")
        for effect in found:
            yield from _effect(effect, old, new, lang)


def _effect(effect: Effect, old: Policy, new: Policy, lang: Lang) -> Iterator[str]:
    yield f"  {effect.check}  {_said(effect.old, lang)} → {_said(effect.new, lang)}"
    for reason in effect.new.reasons if effect.new is not None else ():
        yield "      " + visible(say(Reason(reason.code, reason.args), lang))
    for sign, rows, verdict, policy in (
        ("-", effect.gone, effect.old, old),
        ("+", effect.come, effect.new, new),
    ):
        if verdict is None:
            continue
        finding = policy.check(effect.check).finding
        for row in rows[:MOST]:
            told = sentence(finding, dict(zip(verdict.columns, row, strict=False)))
            yield f"      {sign} {visible(words(told, lang))}"
        if len(rows) > MOST:
            more = len(rows) - MOST
            yield f"      {sign} " + pick(lang, f"另有 {more} 条", f"{more} more")


def _said(verdict: Verdict | None, lang: Lang) -> str:
    if verdict is None:
        return pick(lang, "无", "none")
    rows = verdict.row_count
    count = pick(lang, f" {rows} 条", f" {rows} row" if rows == 1 else f" {rows} rows")
    count = count if rows else ""
    return words(VERDICTS[verdict.verdict], lang) + count


def _as_json(each: Carried, found: list[Effect] | None) -> dict[str, object]:
    report = each.report
    return {
        "host": excerpt(report.host.name),
        "host_id": report.host.id,
        "sequence": report.chain.sequence,
        "effects": found,
    }
