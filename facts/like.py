"""LIKE and GLOB, as SQLite has them, at a cost that is counted.

SQLite's own compare a long text with a long pattern for milliseconds inside one operation, where
no budget can stop them. Each pattern becomes a regular expression that never goes back: what
follows a wildcard is taken where it is found first, which is always as good as any later place.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from facts.errors import QueryError
from facts.values import Value, text

MAX_PATTERN = 256
"""The longest pattern, in characters."""

_CALL = 40
"""What a call is worth in SQLite's operations, as measured."""

_COMPARISONS = 64
"""How many comparisons of characters a text and a pattern get for one of SQLite's operations."""

_Tokens: TypeAlias = list[str | None]
"""Regular expressions for one character each; None for any number of any characters."""


def matchers(spend: Callable[[int], None]) -> tuple[Callable[..., Value], Callable[..., Value]]:
    """What LIKE and GLOB call; `spend` is told what it costs, in operations, and may raise."""

    def like(pattern: Value, subject: Value, *escape: Value) -> Value:
        if not isinstance(pattern, str) or not isinstance(subject, str) or escape:
            return unusual(like, pattern, subject, *escape)
        return holds(_like(pattern, ""), subject)

    def glob(pattern: Value, subject: Value) -> Value:
        if not isinstance(pattern, str) or not isinstance(subject, str):
            return unusual(glob, pattern, subject)
        return holds(_glob(pattern), subject)

    def unusual(
        matcher: Callable[..., Value], pattern: Value, subject: Value, *escape: Value
    ) -> Value:
        if pattern is None or subject is None or None in escape:
            return None
        if isinstance(pattern, bytes) or isinstance(subject, bytes):
            return 0
        if not escape:
            return matcher(text(pattern), text(subject))
        special = text(escape[0])
        if len(special) != 1:
            raise QueryError("argument_refused", "LIKE", "ESCAPE takes one character")
        return holds(_like(text(pattern), special), text(subject))

    def holds(compiled: re.Pattern[str], subject: str) -> int:
        spend(_CALL + len(compiled.pattern) * len(subject) // _COMPARISONS)
        return compiled.fullmatch(subject) is not None

    return like, glob


def _check(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN:
        raise QueryError("over_length", str(MAX_PATTERN))


@lru_cache(maxsize=512)
def _like(pattern: str, escape: str) -> re.Pattern[str]:
    """`%` stands for any characters, `_` for one; the case of ASCII letters does not matter."""
    _check(pattern)
    tokens: _Tokens = []
    characters = iter(pattern)
    for char in characters:
        if char == escape:
            tokens.append(re.escape(following) if (following := next(characters, "")) else "(?!)")
        elif char == "%":
            tokens.append(None)
        else:
            tokens.append("." if char == "_" else re.escape(char))
    return _joined(tokens, re.IGNORECASE)


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    """`*` stands for any characters, `?` for one, `[…]` and `[^…]` for one of a set."""
    _check(pattern)
    tokens: _Tokens = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            tokens.append(None)
        elif char == "?":
            tokens.append(".")
        elif char == "[":
            members, at = _set(pattern, at)
            tokens.append(members)
        else:
            tokens.append(re.escape(char))
    return _joined(tokens, re.NOFLAG)


def _set(pattern: str, at: int) -> tuple[str, int]:
    """The set that begins at `at`, behind its bracket, and where the pattern goes on."""
    negated = pattern.startswith("^", at)
    start = at + negated
    end = pattern.find("]", start + 1)
    if end < 0:
        return "(?!)", len(pattern)
    listed = ""
    prior = ""
    characters = iter(range(start, end))
    for index in characters:
        char = pattern[index]
        if char == "-" and prior and index + 1 < end:
            last = pattern[next(characters)]
            listed += f"{_point(prior)}-{_point(last)}" if prior <= last else ""
            prior = ""
        else:
            listed += _point(char)
            prior = "" if index == start and char == "]" else char
    return f"[{'^' if negated else ''}{listed}]", end + 1


def _point(char: str) -> str:
    return f"\\U{ord(char):08x}"


def _joined(tokens: _Tokens, case: re.RegexFlag) -> re.Pattern[str]:
    parts: list[str] = [""]
    for token in tokens:
        if token is None:
            parts.append("")
        else:
            parts[-1] += token
    first, *middle = parts
    if middle:
        last = middle.pop()
        first += "".join(f"(?>.*?{part})" for part in middle if part) + f".*{last}"
    return re.compile(first, re.ASCII | re.DOTALL | case)
