"""`anfang policy simulate`: what a proposed register of USB storage would have refused."""

import argparse
import sys
from collections.abc import Iterator

from agent.clock import stamp
from agent.commands.common import configured, print_json, state_of
from agent.commands.policy_reports import Carried, carried
from agent.commands.policy_usb import register
from agent.errors import StateError
from agent.say import BOLD, DIM, Lang, Paint, pick, talk
from evidence.canonical import Cell
from facts.errors import MalformedTableError
from facts.snapshot import RecordedTable, from_wire
from policies.plain import beijing, visible
from policies.simulate import COLUMNS, Inserted, Simulated, insertions, simulate

_EVENTS = "hardware_events"
_SAID = {
    "refused": ("✗ 拒绝", "✗ refused"),
    "unknown": ("? 无法确定", "? cannot tell"),
    "allowed": ("✓ 允许", "✓ allowed"),
}


def run(args: argparse.Namespace) -> int:
    """1 if something would have been refused, else 3 if some of it cannot be told, else 0."""
    rows = register(args.register, _key(args))
    events: list[tuple[Inserted, int]] = []
    hosts, told, patchy = set[str](), set[str](), set[str]()
    for each in carried(args.files):
        host = f"{each.report.host.name} ({each.report.host.id})"
        hosts.add(host)
        table = _table(each)
        if table is None:
            continue
        told.add(host)
        cells: list[dict[str, Cell]] = [
            dict(zip(table.columns, row, strict=True)) for row in table.rows
        ]
        if not table.condition.complete or any(row["action"] == "gap" for row in cells):
            patchy.add(host)
        events += insertions(host, cells)
    silent = (hosts - told) | patchy
    found = simulate(events, rows)
    if args.json:
        print_json(
            {
                "devices": [each.inserted._asdict() | _rest(each) for each in found],
                "not_watched_throughout": sorted(silent),
            }
        )
    else:
        for line in _lines(found, sorted(silent), args.lang):
            print(line)
        talk(
            pick(
                args.lang,
                f"查了 {len(hosts)} 台主机的记录。本命令不核验签名，核验请用 anfang verify。",
                f"Looked at the records of {len(hosts)} host(s). Signatures are not "
                "verified here: anfang verify does that.",
            )
        )
    answers = {each.answer for each in found}
    if "refused" in answers:
        return 1
    return 3 if "unknown" in answers or silent or not hosts else 0


def _key(args: argparse.Namespace) -> str | None:
    """The unit's key, where this host has it: only then can plain serial numbers be compared."""
    try:
        return state_of(configured(args)).pseudonym_key
    except StateError:
        return None


def _table(each: Carried) -> RecordedTable | None:
    """The recorded events; None if they were not recorded, or cannot be read."""
    data = each.tables.get(_EVENTS)
    entries = [entry for entry in each.report.tables if entry.name == _EVENTS]
    if data is None or not entries or not set(COLUMNS) <= set(entries[0].columns):
        return None
    try:
        return from_wire(entries[0], data)
    except MalformedTableError:
        return None


def _rest(each: Simulated) -> dict[str, object]:
    return {
        "times": each.times,
        "first": stamp(each.first),
        "last": stamp(each.last),
        "answer": each.answer,
        "row": each.row,
    }


def _lines(found: list[Simulated], silent: list[str], lang: Lang) -> Iterator[str]:
    paint = Paint(sys.stdout)
    for each in found:
        device = each.inserted
        serial = device.serial if device.serial is not None else "?"
        number = f"{device.vendor_id}:{device.model_id} {serial or '-'}"
        answer = paint(pick(lang, *_SAID[each.answer]), BOLD)
        yield f"{answer}  {visible(number)}  {_why(each, lang)}"
        span = beijing(stamp(each.first))
        if each.last != each.first:
            span += f" – {beijing(stamp(each.last))}"
        count = pick(lang, f"{each.times} 次", f"{each.times}×")
        yield paint(visible(f"    {device.host} · {device.port_path} · {span} · {count}"), DIM)
    if not found:
        yield pick(lang, "没有接入 USB 存储设备的记录。", "No USB storage is on record.")
    for host in silent:
        yield pick(lang, "未全程监测：", "Not watched throughout: ") + visible(host)


def _why(each: Simulated, lang: Lang) -> str:
    match each.answer, each.row:
        case "allowed", row:
            return pick(lang, f"第 {row} 行", f"line {row}")
        case "refused", None:
            return pick(lang, "登记册中没有该型号", "no row has this model")
        case "refused", row:
            return pick(lang, f"第 {row} 行型号相同，序列号不同", f"line {row} has another serial")
        case _, row:
            return pick(
                lang,
                f"第 {row} 行型号相同，序列号无法比较",
                f"line {row} has this model; serial numbers cannot be compared",
            )
