"""`anfang tables`: the data dictionary, from the specifications themselves."""

import argparse
import sys

from agent.commands.common import print_json
from agent.errors import InputError
from agent.say import BOLD, DIM, Lang, Paint, columns, pad, pick, wrap
from facts.dictionary import KINDS, PRIVACIES
from facts.spec import Kind, Privacy, TableSpec
from facts.tables import BASELINE, SPECS


def run(args: argparse.Namespace) -> int:
    """All tables in one line each, or one table with its columns."""
    specs = [_spec(args.name)] if args.name else [SPECS[name] for name in sorted(SPECS)]
    if args.json:
        print_json(specs)
        return 0
    paint = Paint(sys.stdout)
    for line in _one(specs[0], args.lang, paint) if args.name else _all(specs, args.lang, paint):
        print(line)
    return 0


def _spec(name: str) -> TableSpec:
    if name not in SPECS:
        from difflib import get_close_matches  # noqa: PLC0415  # only on the way to an error

        near = get_close_matches(name, SPECS, n=3)
        hint_zh = f"，是否应为 {'、'.join(near)}？" if near else "；执行 anfang tables 可列出全部"
        hint_en = f"; did you mean {', '.join(near)}?" if near else "; anfang tables lists all"
        raise InputError(f"没有表 {name!r}{hint_zh}", f"no table {name!r}{hint_en}")
    return SPECS[name]


def _all(specs: list[TableSpec], lang: Lang, paint: Paint) -> list[str]:
    room = columns(sys.stdout)
    first = max(len(spec.name) for spec in specs) + 2
    lines = []
    for spec in specs:
        note = "" if spec.kind is Kind.FULL else f"[{KINDS[spec.kind].to(lang)}] "
        doc, *rest = wrap(note + spec.doc.to(lang), room - first)
        lines.append(paint(pad(spec.name, first), BOLD) + doc)
        lines += [" " * first + line for line in rest]
    return lines


def _one(spec: TableSpec, lang: Lang, paint: Paint) -> list[str]:
    room = columns(sys.stdout)
    facts = [
        (pick(lang, "来源", "Source"), "; ".join(spec.source)),
        (pick(lang, "所需权限", "Privilege"), spec.privilege or pick(lang, "普通用户", "any user")),
        (pick(lang, "方式", "Kind"), KINDS[spec.kind].to(lang)),
        (pick(lang, "版本", "Version"), str(spec.version)),
        (pick(lang, "说明", "Notes"), spec.notes.to(lang) if spec.notes else ""),
    ]
    if spec.name in BASELINE:
        facts.append((pick(lang, "记录", "Recorded"), pick(lang, "每次扫描", "in every scan")))
    lines = [paint(spec.name, BOLD), *wrap(spec.doc.to(lang), room), ""]
    for label, text in facts:
        if text:
            first, *rest = wrap(text, room - 12)
            lines += [paint(pad(label, 12), DIM) + first, *(" " * 12 + line for line in rest)]
    lines.append("")
    name = max(len(column.name) for column in spec.columns) + 2
    for column in spec.columns:
        marks = [] if column.privacy is Privacy.PUBLIC else [PRIVACIES[column.privacy].to(lang)]
        if column.key:
            marks.append(pick(lang, "查询键", "key"))
        note = "".join(f"[{mark}] " for mark in marks)
        first, *rest = wrap(note + column.doc.to(lang), room - name - 10)
        lines.append(f"{pad(column.name, name)}{paint(pad(column.type.value, 10), DIM)}{first}")
        lines += [" " * (name + 10) + line for line in rest]
    return lines
