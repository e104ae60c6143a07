"""How the answer to a query is written: for people as a grid, columns or lines, else CSV or JSON.

What a host's data holds can neither steer a terminal nor run off its edge: on one, characters that
would act are escapes, cells are cut to fit, and rows too wide even for that are written line by
line. Programs, behind a pipe, get all of it as it is.
"""

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TextIO

import msgspec

from agent.job import Answered
from agent.say import Lang, clip, pad, pick, width
from evidence.canonical import Cell
from facts.reasons import say
from facts.snapshot import condition_from_wire
from policies.plain import visible
from policies.words import STATUSES

_NARROWEST: Final = 6
"""Terminal cells below which a column says nothing, so that rows are written line by line."""

_Lines = Iterator[str]


def write(answer: Answered, mode: str, stream: TextIO) -> None:
    """`answer` on `stream` in one of `MODES`."""
    room = terminal_width(stream)
    stream.writelines(f"{line}\n" for line in MODES[mode](answer, room))


def gaps(answer: Answered, lang: Lang) -> Iterator[str]:
    """What of `answer` may be missing, in words."""
    for name, said in answer.gaps:
        condition = condition_from_wire(said)
        word = STATUSES[condition.status.value]
        text = f"? {name} {pick(lang, word.zh, word.en)}"
        if condition.reason is not None:
            text += f": {say(condition.reason, lang)}"
        yield visible(text)


def terminal_width(stream: TextIO) -> int | None:
    """How many cells wide `stream` is; None if it is no terminal."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _pretty(answer: Answered, room: int | None) -> _Lines:
    """A grid, as osqueryi draws it."""
    rows, widths = _table(answer, room, around=1, between=3)
    if widths is None:
        yield from _line(answer, room)
        return
    rule = "+" + "+".join("-" * (cells + 2) for cells in widths) + "+"
    yield rule
    yield _joined(answer.columns, widths, "| ", " | ", " |")
    yield rule
    if rows:
        yield from (_joined(row, widths, "| ", " | ", " |") for row in rows)
        yield rule


def _column(answer: Answered, room: int | None) -> _Lines:
    """Columns under their names."""
    rows, widths = _table(answer, room, around=0, between=2)
    if widths is None:
        yield from _line(answer, room)
        return
    rules = ["-" * cells for cells in widths]
    for row in (answer.columns, rules, *rows):
        yield _joined(row, widths, "", "  ", "").rstrip()


def _line(answer: Answered, _room: int | None) -> _Lines:
    """Each cell on a line of its own, whole, an empty line between rows."""
    names = max((width(name) for name in answer.columns), default=0)
    for number, row in enumerate(answer.rows):
        if number:
            yield ""
        for name, cell in zip(answer.columns, row, strict=True):
            yield f"{' ' * (names - width(name))}{name} = {_shown(cell)}".rstrip()


def _csv(answer: Answered, room: int | None) -> _Lines:
    """RFC 4180, with plain line ends; NULL is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    if room is None:
        writer.writerows(answer.rows)
    else:
        writer.writerows([_shown(cell) for cell in row] for row in answer.rows)
    yield text.getvalue().removesuffix("\n")


def _json(answer: Answered, room: int | None) -> _Lines:
    """A list of objects, keys in the order of the columns."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    text = msgspec.json.format(msgspec.json.encode(rows), indent=2).decode("utf-8")
    if room is not None:
        text = "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)
    yield text


MODES: Final[Mapping[str, Callable[[Answered, int | None], _Lines]]] = {
    "pretty": _pretty,
    "column": _column,
    "line": _line,
    "csv": _csv,
    "json": _json,
}
"""How an answer can be written, by name; each takes the width of the terminal, None for none."""


def _table(
    answer: Answered, room: int | None, *, around: int, between: int
) -> tuple[list[tuple[str, ...]], list[int] | None]:
    """The cells as text, and the width of each column; None where they cannot all be shown.

    `around` and `between` are the cells that a row takes beside and between its columns.
    """
    rows = [tuple(map(_shown, row)) for row in answer.rows]
    widths = [
        max([width(name), *(width(row[index]) for row in rows)])
        for index, name in enumerate(answer.columns)
    ]
    if room is None or not widths:
        return rows, widths
    left = room - 2 * around - between * (len(widths) - 1) - (2 if around else 0)
    return rows, _fitted(widths, left)


def _fitted(widths: list[int], room: int) -> list[int] | None:
    """`widths` with the widest cut so that all take `room` together; None if too little is left."""
    left, most = room, 0
    for done, cells in enumerate(sorted(widths)):
        most = left // (len(widths) - done)
        if cells > most:
            break
        left -= cells
    else:
        return widths
    if most < _NARROWEST:
        return None
    return [min(cells, most) for cells in widths]


def _joined(
    cells: Sequence[str], widths: Sequence[int], first: str, between: str, last: str
) -> str:
    padded = (pad(clip(cell, room), room) for cell, room in zip(cells, widths, strict=True))
    return first + between.join(padded) + last


def _shown(cell: Cell) -> str:
    return "" if cell is None else visible(str(cell))


def _escape(char: str) -> str:
    """`char` as JSON escapes it."""
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
