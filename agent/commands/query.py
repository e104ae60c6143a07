"""`anfang query`: SQL over this host's facts, at the keyboard."""

import argparse
import sys
from collections.abc import Callable, Iterator

from agent.answers import gaps, write
from agent.commands.common import permitted, state_of
from agent.config import Config
from agent.errors import StateError
from agent.job import Answered, OwnState
from agent.own import own_tables
from agent.querying import ask
from agent.roots import root_of
from agent.say import talk
from agent.standing import standing


def run(args: argparse.Namespace) -> int:
    """0 if answered from complete facts, 3 if something was missing, 2 if the SQL was refused."""
    asking = _asking(permitted(args), root_of(args.root))
    if args.sql is None and sys.stdin.isatty() and sys.stdout.isatty():
        from agent.shell import Shell  # noqa: PLC0415  # one statement has no use for it

        return Shell(asking, args).run()
    mode = "json" if args.json else "csv" if args.csv else "pretty"
    code = 0
    for sql in [args.sql] if args.sql is not None else _statements():
        answer = asking(sql)
        write(answer, mode, sys.stdout)
        for gap in gaps(answer, args.lang):
            talk(gap)
            code = 3
    return code


def _asking(config: Config, root: str) -> Callable[[str], Answered]:
    """What answers one statement, as the host and this agent are then."""

    def answered(sql: str) -> Answered:
        try:
            own = OwnState(config.state, own_tables(standing(state_of(config)), config))
        except StateError:  # a plain user may ask about the host
            own = OwnState(config.state, None)
        return ask(sql, config, root=root, own=own)

    return answered


def _statements() -> Iterator[str]:
    """The statements on stdin, each ended by a line that ends with a semicolon."""
    lines: list[str] = []
    for line in sys.stdin:
        lines.append(line)
        if line.rstrip().endswith(";"):
            yield "".join(lines)
            lines = []
    if "".join(lines).strip():
        yield "".join(lines)
