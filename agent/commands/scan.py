"""`anfang scan`: one scan as a scorecard; on an enrolled host the next place in the chain."""

import argparse
import os
import sys
from pathlib import Path

from agent import scan
from agent.basis import Basis, assigned_basis, named_basis
from agent.commands.common import permitted, print_json, state_of
from agent.config import Config
from agent.errors import InputError, StateError
from agent.roots import LIVE, root_of
from agent.say import Paint, columns, pick, progress, talk
from agent.scan import Scanned
from agent.scorecard import Card, exit_code, render
from agent.scorecard import Standing as Shown
from agent.spool import Spool
from agent.standing import NOWHERE, Standing
from agent.state import State
from evidence.files import write_atomic


def run(args: argparse.Namespace) -> int:
    """1 if a check failed, 3 if one could not be judged, else 0."""
    config = permitted(args)
    state, shown = _state(args, config)
    if args.out is not None and state is None:
        raise InputError(
            "--out 需要本机密钥才能签名：请先纳管（anfang enroll），并以 root 执行",
            "--out needs this host's key to sign with: enrol first (anfang enroll), run as root",
        )
    root = root_of(args.root)
    progress(pick(args.lang, "正在扫描 …", "scanning …"))
    if state is None:
        basis = named_basis(args.policy)
        done = scan.scan_unsigned(
            config, basis, NOWHERE if shown == "not_enrolled" else None, root=root
        )
    else:
        done, basis = scan.scan_signed(
            state,
            config,
            lambda stands: _basis(stands, state, args.policy),
            root=root,
            trigger=args.trigger,
        )
    if args.out is not None and state is not None:
        _write_out(args.out, state, done)
    card = Card(done.statement.predicate, basis.policies, shown, done.pending or 0)
    if args.json:
        print_json(
            {
                "signed": shown == "signed",
                "report": card.report,
                "score_receipt": card.lines,
            }
        )
    else:
        sys.stdout.write(render(card, args.lang, Paint(sys.stdout), columns(sys.stdout)))
        if (note := _note(args, state)) is not None:
            talk(note)
    return exit_code(card.report)


def _note(args: argparse.Namespace, state: State | None) -> str | None:
    """What becomes of the result, where that is not what one expects; `state` signed it."""
    if state is None:
        return pick(
            args.lang,
            "本次结果未签名，不计入报告链，也不会上报。",
            "This result is unsigned: it is in no chain and will not be sent.",
        )
    if root_of(args.root) != LIVE or (args.policy and state.assigned is not None):
        return pick(
            args.lang,
            "本次扫描用的不是下发的检查策略，或不是正在运行的本机：结果照常上报，服务器不计分。",
            "Not the assigned policies, or not the running host: the result is sent like every "
            "other, and the server does not score it.",
        )
    return None


def _state(args: argparse.Namespace, config: Config) -> tuple[State | None, Shown]:
    """The state in which a signed report takes its place, or None and why there is none.

    A user who may not read the host's own state still gets a scorecard; whoever named a state
    directory wanted that one.
    """
    state = state_of(config)
    try:
        signs = state.enrolled
    except StateError:
        if args.state is not None:
            raise
        return None, "not_readable"
    return (state, "signed") if signs else (None, "not_enrolled")


def _basis(stands: Standing, state: State, names: list[str]) -> Basis:
    if names or stands.assigned is None:
        return named_basis(names)
    return assigned_basis(stands.assigned, Spool(state))


def _write_out(name: str, state: State, done: Scanned) -> None:
    from agent.exchange import whole  # noqa: PLC0415  # most scans carry nothing away
    from evidence import parcel  # noqa: PLC0415

    data = parcel.write(whole(state, [done.statement.predicate.chain.sequence]))
    try:
        write_atomic(Path(os.path.abspath(name)), data, mode=0o600)  # noqa: PTH100  # keeps links
    except OSError as e:
        raise StateError(
            f"{name}: 无法写入：{e.strerror}。报告已在待发队列，可再用 anfang export 导出",
            f"{name}: cannot be written: {e.strerror}. The report is in the spool: anfang export",
        ) from e
