"""`anfang send`: the spool to the server, receipts back."""

import argparse

from agent.commands.common import permitted, state_of
from agent.say import pick, talk
from agent.sending import send


def run(args: argparse.Namespace) -> int:
    """0 once everything has a receipt; 3 if something is left."""
    config = permitted(args)
    sent = send(state_of(config), config)
    talk(
        pick(
            args.lang,
            f"收到并核验服务器回执 {sent.receipts} 份，待发队列剩余 {sent.pending} 份",
            f"{sent.receipts} receipt(s) received and verified, {sent.pending} report(s) left",
        )
    )
    if sent.assignment:
        talk(
            pick(
                args.lang,
                "已启用服务器新下发的检查策略和登记册",
                "a newer assignment from the server is in force",
            )
        )
    return 3 if sent.pending else 0
