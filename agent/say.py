"""How the terminal is spoken to: language, width, colour.

Chinese unless the locale or `--lang` says otherwise. Talk goes to stderr; stdout is for answers.
"""

import os
import sys
import unicodedata
from typing import Literal, TextIO, TypeAlias

Lang: TypeAlias = Literal["zh", "en"]


def language(asked: str | None = None) -> Lang:
    """The language `asked` for, else the locale's; Chinese where neither says English."""
    if asked in ("zh", "en"):
        return "zh" if asked == "zh" else "en"
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "en" if value.startswith("en") else "zh"
    return "zh"


def pick(lang: Lang, zh: str, en: str) -> str:
    """The one of two wordings that `lang` names."""
    return zh if lang == "zh" else en


def talk(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


def log_to_stderr(level: str) -> None:
    """Logs from `level` up, one line each, to stderr, where journald keeps them."""
    import logging  # noqa: PLC0415  # a tenth of what a command costs to start, and seldom needed

    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def progress(text: str) -> None:
    """One line on stderr, only where a person watches."""
    if sys.stderr.isatty():
        talk(text)


def width(text: str) -> int:
    """How many terminal cells `text` takes; East Asian wide and full-width characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def pad(text: str, cells: int) -> str:
    """`text` filled with blanks to `cells` terminal cells."""
    return text + " " * max(0, cells - width(text))


def clip(text: str, cells: int) -> str:
    """`text` cut to at most `cells` terminal cells, an ellipsis marking the cut."""
    if width(text) <= cells:
        return text
    kept, used = [], 0
    for c in text:
        used += width(c)
        if used > cells - 1:
            break
        kept.append(c)
    return "".join(kept) + "…"


def wrap(text: str, cells: int) -> list[str]:
    """`text` in lines of at most `cells` cells.

    Lines break at blanks and between wide characters, never before closing punctuation.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip()) > cells and piece[0] not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    if line.strip():
        lines.append(line.rstrip())
    return lines


_NEVER_FIRST = "，。、；：！？）》」』”’,.;:!?)]}"


def _pieces(text: str) -> list[str]:
    """Where a line may break: after each wide character, and after each blank."""
    pieces: list[str] = []
    current = ""
    for c in text:
        if unicodedata.east_asian_width(c) in "WF":
            if current:
                pieces.append(current)
            pieces.append(c)
            current = ""
        elif c == " ":
            pieces.append(current + c)
            current = ""
        else:
            current += c
    if current:
        pieces.append(current)
    return pieces


class Paint:
    """Colours for `stream`, or none: not a terminal, NO_COLOR is set, or TERM is dumb."""

    def __init__(self, stream: TextIO) -> None:
        self.on = (
            stream.isatty()
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM", "dumb") != "dumb"
        )

    def __call__(self, text: str, *codes: str) -> str:
        """`text` in the SGR `codes`; a mark or a word always says the same thing beside it."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.on and codes else text


BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


def columns(stream: TextIO) -> int:
    """How wide `stream` is, in cells, between 60 and 120; 100 where it is no terminal."""
    if not stream.isatty():
        return 100
    try:
        return min(120, max(60, os.get_terminal_size(stream.fileno()).columns))
    except OSError:
        return 100
