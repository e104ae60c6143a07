"""`anfang explain`: what leaves this host, why, and how much of it; or one check in full."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from agent.basis import Basis, assigned_basis, named_basis
from agent.commands.common import configured, print_json, state_of
from agent.commands.explain_check import explain
from agent.errors import StateError
from agent.say import BOLD, DIM, Lang, Paint, columns, pad, pick, wrap
from agent.spool import Spool
from agent.state import State
from facts.catalogue import Catalogue
from facts.errors import QueryError
from facts.plan import Needs, Planner, whole
from facts.spec import Privacy
from facts.tables import BASELINE, SPECS
from policies.judge import catalogue
from policies.model import Policy


@dataclass(frozen=True, slots=True)
class Leaving:
    """One table of which something leaves this host."""

    table: str
    columns: tuple[str, ...]
    deidentified: tuple[str, ...]
    """Those of them that leave as keyed digests only."""
    why: tuple[str, ...]
    """The checks that read it; `baseline` for what every scan records."""
    last_bytes: int | None
    """Its size in the newest report; None where there is none."""


def run(args: argparse.Namespace) -> int:
    """Always 0: it only tells."""
    config = configured(args)
    state = state_of(config)
    try:
        basis, sizes = _basis(state, args.policy), _sizes(state)
    except StateError:  # a plain user may know what leaves the host, too
        basis, sizes = named_basis(args.policy), {}
    if args.check is not None:
        explain(args.check, basis.policies, args.lang, as_json=args.json)
        return 0
    leaving = list(_leaving(basis.policies, sizes))
    if args.json:
        print_json(leaving)
        return 0
    paint = Paint(sys.stdout)
    for line in _lines(basis, leaving, args.lang, paint):
        print(line)
    return 0


def _basis(state: State, names: list[str]) -> Basis:
    assigned = state.assigned
    if names or assigned is None:
        return named_basis(names)
    return assigned_basis(assigned, Spool(state))


def _sizes(state: State) -> dict[str, int]:
    """How long each table of the newest report is, in bytes."""
    spool = Spool(state)
    head = spool.head()
    if head is None:
        return {}
    return {
        subject.name.removeprefix("tables/"): len(spool.blob(subject.digest.sha256))
        for subject in head.statement.subject
    }


def _leaving(policies: Sequence[Policy], sizes: dict[str, int]) -> list[Leaving]:
    tables = catalogue(policies)
    planner = Planner(tables)
    read = Needs()
    why: dict[str, list[str]] = {name: ["baseline"] for name in BASELINE}
    for name in BASELINE:
        read |= whole(name, tables)
    for policy in policies:
        for check in policy.checks:
            for sql in (check.applies, check.violations, check.expects):
                needs = _needs(planner, sql, check.parameters)
                read |= needs
                for table in needs:
                    if check.id not in why.setdefault(table, []):
                        why[table].append(check.id)
    return [
        _one(name, tables, read, why[name], sizes.get(name))
        for name in sorted(read.keys() & SPECS.keys())
    ]


def _needs(planner: Planner, sql: str | None, parameters: tuple[str, ...]) -> Needs:
    try:
        return planner.plan(sql, parameters).needs if sql else Needs()
    except QueryError:  # a check for a newer agent: it reads nothing here, and is unknown
        return Needs()


def _one(name: str, tables: Catalogue, read: Needs, why: list[str], size: int | None) -> Leaving:
    listed = tables.in_order(name, read[name])
    hidden = {c.name for c in SPECS[name].columns if c.privacy is Privacy.DEIDENTIFIED}
    return Leaving(name, listed, tuple(c for c in listed if c in hidden), tuple(why), size)


def _lines(basis: Basis, leaving: list[Leaving], lang: Lang, paint: Paint) -> list[str]:
    room = columns(sys.stdout)
    named = " · ".join(f"{ref.policy} {ref.version}" for ref in basis.references)
    intro = pick(
        lang,
        f"按检查策略 {named}，每次扫描记录下列 {len(leaving)} 张表中列出的字段，连同判定结果签名后"
        "上报到本机纳管的服务器，此外不向任何地方发送数据。带 * 的字段先以单位密钥去标识化。"
        "从不采集：文件内容、按键、屏幕、音频、浏览记录、命令历史、环境变量、口令与密钥、位置。",
        f"Under {named}, each scan records the listed columns of these {len(leaving)} tables and "
        "sends them, signed, with the verdicts to the server this host is enrolled with, and "
        "nowhere else. Columns with * leave as digests under the unit's key. Never collected: "
        "file contents, keystrokes, screens, audio, browser or shell history, environments, "
        "secrets, location.",
    )
    lines = [*wrap(intro, room), ""]
    for each in leaving:
        size = "" if each.last_bytes is None else f"  {each.last_bytes} B"
        lines.append(paint(each.table, BOLD) + paint(size, DIM))
        for zh, en, text in (
            ("内容", "What", SPECS[each.table].doc.to(lang)),
            ("字段", "Columns", _columns(each, lang)),
            ("用途", "For", _why(each, lang)),
        ):
            label = pad(pick(lang, zh, en), 10)
            first, *rest = wrap(text, room - 12)
            lines += [f"  {paint(label, DIM)}{first}", *(" " * 12 + line for line in rest)]
    total = sum(each.last_bytes or 0 for each in leaving)
    if total:
        lines += [
            "",
            pick(
                lang,
                f"上一份主机报告的表共 {total} 字节（未压缩；内容未变的表只发送一次）。",
                f"The last report's tables were {total} bytes (uncompressed; an unchanged table is "
                "sent once).",
            ),
        ]
    return lines


def _columns(each: Leaving, lang: Lang) -> str:
    if not each.columns:
        return pick(lang, "（只记行数）", "(only how many rows)")
    return ", ".join(f"{c}*" if c in each.deidentified else c for c in each.columns)


def _why(each: Leaving, lang: Lang) -> str:
    baseline = pick(lang, "基本信息（每次扫描）", "baseline (every scan)")
    return ", ".join(baseline if why == "baseline" else why for why in each.why)
