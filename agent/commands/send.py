"""`anfang send`: the spool to the server, receipts back."""

import argparse

from agent.commands.common import permitted, state_of
from agent.say import pick, talk
from agent.sending import send


def run(args: argparse.Namespace) -> int:
    """0 once everything has a receipt; 3 if something is left, or was refused."""
    config = permitted(args)
    sent = send(state_of(config), config)
    talk(
        pick(
            args.lang,
            f"收到并核验服务器回执 {sent.receipts} 份，待发队列剩余 {sent.pending} 份",
            f"{sent.receipts} receipt(s) received and verified, {sent.pending} report(s) left",
        )
    )
    if sent.refused:
        places = ", ".join(map(str, sent.refused))
        talk(
            pick(
                args.lang,
                f"服务器拒收第 {places} 份主机报告，已搁置保留，不再发送；原因见 anfang status",
                f"the server refuses report(s) {places} for good; kept, and sent no more: "
                "anfang status says why",
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
    return 3 if sent.pending or sent.refused else 0
