"""`anfang record`: what this host's facts are read from, as one file to be judged elsewhere."""

import argparse
import sys

from agent.commands.common import permitted
from agent.errors import InputError
from agent.say import pick, talk
from collectors import recorder
from collectors.sources import sources
from evidence import __version__
from facts.spec import TableSpec
from facts.tables import SPECS


def run(args: argparse.Namespace) -> int:
    """0 once it is written; what hit a limit, and is missing in it, is said."""
    permitted(args)
    talk(pick(args.lang, *recorder.IMPACT))
    request = sources(_chosen(args.tables)).request()
    made = recorder.record(request)
    head = recorder.manifest(request, made, f"anfang {__version__}")
    try:
        size = recorder.write(args.out, recorder.members(head, made))
    except OSError as e:
        raise InputError(
            f"{args.out}: 无法写入：{e.strerror}", f"{args.out}: cannot be written: {e.strerror}"
        ) from e
    talk(pick(args.lang, *recorder.summary(args.out, size, made)))
    for limit in made.limits:
        talk(limit)
    sys.stdout.write(f"{args.out}\n")
    return 0


def _chosen(names: str | None) -> list[TableSpec]:
    if names is None:
        return list(SPECS.values())
    unknown = [name for name in names.split(",") if name not in SPECS]
    if unknown:
        raise InputError(
            f"没有表 {'、'.join(unknown)}；执行 anfang tables 可列出全部",
            f"no table {', '.join(unknown)}; anfang tables lists all",
        )
    return [SPECS[name] for name in names.split(",")]
