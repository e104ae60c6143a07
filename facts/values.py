"""SQL values inside functions: what SQLite hands over, and how it would cast it."""

import re
from typing import TypeAlias

from evidence import canonical

Value: TypeAlias = str | int | float | bytes | None
"""What a function in SQL is given and gives back."""

_NUMBER = re.compile(r"\s*[+-]?[0-9]+")
_DIGITS = 32
_HUGE = 2.0**63


def text(value: Value) -> str:
    """`value` as SQL text; NULL is the caller's to deal with."""
    match value:
        case str():
            return value
        case bytes():
            return canonical.text(value)
        case _:
            return str(value)


def integer(value: Value) -> int:
    """`value` as SQL casts it to an integer: the number a text begins with, otherwise 0."""
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if abs(value) < _HUGE else 0
    number = _NUMBER.match(text(value)[:_DIGITS])
    return int(number[0]) if number else 0
