"""`anfang enroll`: take this host to a server."""

import argparse
import sys

from agent.commands.common import permitted, state_of
from agent.enrol import enrol
from agent.say import pick, talk
from agent.state import LOCK_WAIT_S


def run(args: argparse.Namespace) -> int:
    """0 once this host is enrolled."""
    config = permitted(args)
    token = sys.stdin.readline() if args.token == "-" else args.token  # noqa: S105  # a dash
    state = state_of(config)
    with state.locked(LOCK_WAIT_S):
        done = enrol(state, args.url, token, timeout_s=config.send_timeout_s)
    talk(
        pick(
            args.lang,
            f"已纳管：单位 {done.unit}，安全分区 {done.zone}\n"
            f"主机标识 {done.host_id}\n密钥标识 {done.key_id}",
            f"enrolled: unit {done.unit}, zone {done.zone}\nhost {done.host_id}\nkey {done.key_id}",
        )
    )
    if not done.assignment:
        talk(
            pick(
                args.lang,
                "该单位尚未下发检查策略；下发后执行 anfang send 即可取得",
                "the unit has no assignment yet; once it has, anfang send fetches it",
            )
        )
    return 0
