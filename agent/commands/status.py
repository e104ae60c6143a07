"""`anfang status`: enrolment, chain, spool, receipts."""

import argparse
import sys

import msgspec

from agent.commands.common import configured, print_json, state_of
from agent.errors import NotEnrolledError
from agent.say import BOLD, DIM, Lang, Paint, pad, pick
from agent.standing import Standing, standing
from policies.plain import beijing, visible

_STATES = {
    "empty": ("尚无主机报告", "no report yet"),
    "unbroken": ("连续", "unbroken"),
    "gap": ("断档", "gap"),
    "fork": ("分叉（疑似克隆）", "fork (suspected clone)"),
    "broken": ("断裂", "broken"),
}


def run(args: argparse.Namespace) -> int:
    """0 if all is well; 1 if the chain is broken off or a report refused; 3 if not enrolled."""
    config = configured(args)
    found = standing(state_of(config))
    if args.json:
        host = found.host
        print_json(
            {
                **found.row,
                "server": None if host is None else host.server,
                "unit": None if host is None else host.unit,
                "zone": None if host is None else host.zone,
                "next_due": found.next_due,
                "refused": {
                    str(sequence): msgspec.to_builtins(why)
                    for sequence, why in found.refused.items()
                },
                "classified": config.classified,
            }
        )
    elif not found.enrolled:
        raise NotEnrolledError
    else:
        _print(found, args.lang)
    if not found.enrolled:
        return 3
    if found.refused:
        return 1
    return 0 if found.chain_state in ("unbroken", "empty") else 1


def _print(found: Standing, lang: Lang) -> None:
    paint = Paint(sys.stdout)
    host, assigned = found.host, found.assigned
    if host is None:
        return
    never = pick(lang, "从未", "never")
    state = pick(lang, *_STATES[found.chain_state])
    count = 0 if found.taken is None else found.taken.sequence
    lines = [
        ("服务器", "Server", host.server or ""),
        ("单位 / 安全分区", "Unit / zone", f"{host.unit} / {host.zone}"),
        ("主机标识", "Host", host.id),
        ("检查策略", "Policies", _policies(found, lang)),
        ("报告链", "Chain", pick(lang, f"{state}，共 {count} 份", f"{state}, {count} report(s)")),
        ("最近一次扫描", "Last scan", _time(found.last_report, never)),
        ("待发队列", "Spool", pick(lang, f"{len(found.pending)} 份", str(len(found.pending)))),
        ("最近一次回执", "Last receipt", _time(found.last_receipt, never)),
    ]
    lines += [
        (
            "服务器拒收",
            "Refused",
            pick(
                lang,
                f"第 {sequence} 份（{beijing(why.at)}）：{why.zh}",
                f"report {sequence} ({beijing(why.at)}): {why.en}",
            ),
        )
        for sequence, why in found.refused.items()
    ]
    if assigned is not None and found.next_due is not None:
        lines.append(("下次上报时限", "Next report due by", beijing(found.next_due)))
    for zh, en, text in lines:
        print(paint(pad(pick(lang, zh, en), 22), DIM) + paint(visible(text), BOLD))


def _time(stamp: str | None, never: str) -> str:
    return never if stamp is None else beijing(stamp)


def _policies(found: Standing, lang: Lang) -> str:
    if found.assigned is None:
        return pick(lang, "尚未下发", "none assigned yet")
    return ", ".join(f"{ref.policy} {ref.version}" for ref in found.assigned.assignment.policies)
