"""`anfang import`: receipts, policies and registers that were carried here."""

import argparse
import sys
from pathlib import Path

from agent.commands.common import permitted, state_of
from agent.errors import InputError
from agent.exchange import MAX_REPLY, read_parcel, take_in
from agent.say import pick, talk
from agent.spool import Spool
from agent.state import LOCK_WAIT_S


def run(args: argparse.Namespace) -> int:
    """0 if something in it was for this host, 3 if nothing was."""
    config = permitted(args)
    state = state_of(config)
    state.require_enrolled()
    incoming = read_parcel(_read(args.file))
    with state.locked(LOCK_WAIT_S):
        taken = take_in(state, incoming)
        Spool(state).prune(config.keep_reports)
        left = len(Spool(state).pending())
    talk(
        pick(
            args.lang,
            f"核验并保存服务器回执 {taken.receipts} 份，待发队列剩余 {left} 份"
            + ("；已启用新下发的检查策略和登记册" if taken.assignment else ""),
            f"{taken.receipts} receipt(s) verified and stored, {left} report(s) left"
            + ("; a newer assignment is in force" if taken.assignment else ""),
        )
    )
    return 0 if taken.receipts or taken.assignment else 3


def _read(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_REPLY + 1)
        with Path(name).open("rb") as f:
            return f.read(MAX_REPLY + 1)
    except OSError as e:
        raise InputError(
            f"{name}: 无法读取：{e.strerror}", f"{name}: cannot read: {e.strerror}"
        ) from e
