"""SQL values inside functions: what SQLite hands over, and how it would cast it."""

from typing import TypeAlias

from evidence import canonical

Value: TypeAlias = str | int | float | bytes | None
"""What a function in SQL is given and gives back."""


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
    """`value` as SQL casts it to an integer; what is no number is 0."""
    match value:
        case int():
            return value
        case float():
            return int(value) if abs(value) < 2**63 else 0
        case str() if value.isascii() and value.lstrip("+-").isdecimal():
            return int(value) if len(value.lstrip("+-")) == len(value.strip("+-")) else 0
        case _:
            return 0
