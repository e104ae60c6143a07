"""Canonical bytes: one value has one encoding, and anything else is refused.

A value is encoded as RFC 8785 (JCS) says, within the part of JSON that every reader agrees on:
no floats, integers up to 2^53 - 1, strings without lone surrogates. A table is a sequence of
lines, each the JSON array of one row in the recorded column order, sorted by bytes, duplicates
kept, every line ended by a line feed.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from evidence.errors import NotCanonicalError

Cell: TypeAlias = str | int | float | None
"""What a table holds in one field."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps (RFC 8785 §3.2.2.3, RFC 7493 §2.2)."""

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """The canonical bytes of `value`, which is built of dict, list, str, int, bool and None.

    Raises:
        NotCanonicalError: a float, an integer beyond 2^53 - 1, a key that is not a string, or
            a string that is not Unicode.
    """
    try:
        return _encoder.encode(_ordered(value))
    except (UnicodeEncodeError, RecursionError) as e:
        raise NotCanonicalError(f"cannot be written as JSON: {e}") from e


def decode(data: bytes, *, limit: int) -> Any:
    """The value whose canonical bytes are `data`, at most `limit` bytes long.

    Raises:
        NotCanonicalError: too long, not JSON, duplicate keys, or written in any other way than
            `encode` writes it.
    """
    if len(data) > limit:
        raise NotCanonicalError(f"{len(data)} bytes, more than the {limit} allowed here")
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as e:
        raise NotCanonicalError(f"not JSON: {e}") from e
    if encode(value) != data:
        raise NotCanonicalError("not in canonical form (RFC 8785)")
    return value


def text(data: bytes) -> str:
    """`data` as text: UTF-8, with undecodable bytes and NUL written as backslash escapes."""
    return data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def encode_table(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The canonical bytes of a table: sorted lines, one JSON array a row."""
    try:
        lines = sorted(_encoder.encode([_portable(cell) for cell in row]) for row in rows)
    except UnicodeEncodeError as e:
        raise NotCanonicalError(f"a cell that is not Unicode: {e}") from e
    return b"".join(line + b"\n" for line in lines)


def decode_table(data: bytes, *, width: int, limit: int) -> list[tuple[Cell, ...]]:
    """The rows of the canonical table `data`, each `width` cells wide.

    Raises:
        NotCanonicalError: not what `encode_table` writes, or a row of another width.
    """
    if len(data) > limit:
        raise NotCanonicalError(f"{len(data)} bytes, more than the {limit} allowed here")
    if data and not data.endswith(b"\n"):
        raise NotCanonicalError("the last row has no line end")
    rows: list[tuple[Cell, ...]] = []
    previous = b""
    for line in data.split(b"\n")[:-1]:
        if line < previous:
            raise NotCanonicalError("rows are not sorted")
        previous = line
        row = decode(line, limit=limit)
        if not isinstance(row, list) or len(row) != width:
            raise NotCanonicalError(f"a row that is not an array of {width} cells")
        if any(isinstance(cell, bool | list | dict) for cell in row):
            raise NotCanonicalError("a cell that is neither text, integer nor null")
        rows.append(tuple(row))
    return rows


def _portable(cell: Cell) -> str | int | None:
    """Integers beyond 2^53 - 1 and reals travel as decimal strings."""
    if isinstance(cell, float):
        return json.dumps(cell)
    if isinstance(cell, int) and not -MAX_SAFE_INTEGER <= cell <= MAX_SAFE_INTEGER:
        return str(cell)
    return cell


def _ordered(value: Any) -> Any:
    """`value` with every object's keys in UTF-16 order (RFC 8785 §3.2.3)."""
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            raise NotCanonicalError(f"an integer beyond 2^53 - 1: {value}")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonicalError("a key that is not a string")
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    raise NotCanonicalError(f"{type(value).__name__} has no canonical form")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
