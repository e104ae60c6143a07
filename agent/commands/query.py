"""`anfang query`: SQL over this host's facts, at the keyboard."""

import argparse
import csv
import sys
from collections.abc import Iterator

from agent.commands.common import permitted, print_json, state_of
from agent.errors import StateError
from agent.job import Answered, OwnState
from agent.own import own_tables
from agent.querying import ask
from agent.roots import root_of
from agent.say import Lang, pad, pick, talk, width
from agent.standing import standing
from evidence.canonical import Cell
from facts.reasons import say
from facts.snapshot import condition_from_wire
from facts.status import Condition
from policies.plain import visible
from policies.words import STATUSES


def run(args: argparse.Namespace) -> int:
    """0 if answered from complete facts, 3 if something was missing, 2 if the SQL was refused."""
    config = permitted(args)
    try:
        own = OwnState(config.state, own_tables(standing(state_of(config)), config))
    except StateError:  # a plain user may ask about the host
        own = OwnState(config.state, None)
    root, code = root_of(args.root), 0
    for sql in [args.sql] if args.sql is not None else _statements():
        answer = ask(sql, config, root=root, own=own)
        _print(answer, args)
        for name, condition in answer.gaps:
            talk(_gap(name, condition_from_wire(condition), args.lang))
            code = 3
    return code


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


def _print(answer: Answered, args: argparse.Namespace) -> None:
    if args.json:
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif args.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    else:
        sys.stdout.writelines(line + "\n" for line in _grid(answer))


def _grid(answer: Answered) -> Iterator[str]:
    """The answer as a table of lines, as osqueryi draws it."""
    rows = [tuple(map(_shown, row)) for row in answer.rows]
    widths = [
        max([width(name), *(width(row[index]) for row in rows)])
        for index, name in enumerate(answer.columns)
    ]
    rule = "+" + "+".join("-" * (cells + 2) for cells in widths) + "+"
    yield rule
    yield _line(answer.columns, widths)
    yield rule
    if rows:
        yield from (_line(row, widths) for row in rows)
        yield rule


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (pad(cell, room) for cell, room in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _shown(cell: Cell) -> str:
    return "" if cell is None else visible(str(cell))


def _gap(name: str, condition: Condition, lang: Lang) -> str:
    word = STATUSES[condition.status.value]
    text = f"? {name} {pick(lang, word.zh, word.en)}"
    if condition.reason is not None:
        text += f": {say(condition.reason, lang)}"
    return visible(text)
