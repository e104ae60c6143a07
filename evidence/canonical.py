"""Canonical bytes: one value has one encoding, and anything else is refused.

A value is encoded as RFC 8785 (JCS) says, within the part of JSON that every reader agrees on:
no floats, integers up to 2^53 - 1, strings without lone surrogates. A table is a sequence of
lines, each the JSON array of one row in the recorded column order, sorted by bytes, duplicates
kept, every line ended by a line feed.
"""

import operator
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec

from evidence.errors import MalformedError, NotCanonicalError

Cell: TypeAlias = str | int | float | None
"""What a table holds in one field."""

S = TypeVar("S", bound=msgspec.Struct)

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps (RFC 8785 §3.2.2.3, RFC 7493 §2.2)."""

MAX_DEPTH = 64
"""How deep arrays and objects may nest, so that what is accepted does not hang on the stack."""

_encoder = msgspec.json.Encoder()
_sorting_encoder = msgspec.json.Encoder(order="sorted")
_row_decoder = msgspec.json.Decoder(tuple[str | int | None, ...])

_SHAPE = bytes.maketrans(
    b"123456789,[-" + bytes(range(0xEF, 0x100)), b"000000000:::" + b"\xee" * 17
)
"""Turns every digit to 0, whatever may precede a number to a colon, and see `_plain`."""


def encode(value: Any) -> bytes:
    """The canonical bytes of `value`, which is built of dict, list, str, int, bool and None.

    Raises:
        NotCanonicalError: a float, an integer beyond 2^53 - 1, a key that is not a string, a
            string that is not Unicode, or nesting beyond `MAX_DEPTH`.
    """
    try:
        return _encoder.encode(_ordered(value, MAX_DEPTH))
    except UnicodeEncodeError as e:
        raise NotCanonicalError(f"cannot be written as JSON: {e}") from e


def decode(data: bytes, *, limit: int) -> Any:
    """The value whose canonical bytes are `data`, at most `limit` bytes long.

    Raises:
        NotCanonicalError: too long, not JSON, duplicate keys, or written in any other way than
            `encode` writes it.
    """
    _check_length(data, limit)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise NotCanonicalError(f"not JSON: {e}") from e
    if encode(value) != data:
        raise NotCanonicalError("not in canonical form (RFC 8785)")
    return value


def decode_as(data: bytes, decoder: msgspec.json.Decoder[S], *, limit: int) -> S:
    """The struct whose canonical bytes are `data`, as `decode` but without the detour by dicts.

    The struct must forbid unknown fields and have neither defaults nor floats.

    Raises:
        NotCanonicalError: as for `decode`.
        MalformedError: JSON, but not such a struct.
    """
    _check_length(data, limit)
    try:
        value = decoder.decode(data)
    except msgspec.ValidationError as e:
        raise MalformedError(str(e)) from e
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise NotCanonicalError(f"not JSON: {e}") from e
    again = _sorting_encoder.encode(value) if _plain(data) else encode(msgspec.to_builtins(value))
    if again != data:
        raise NotCanonicalError("not in canonical form (RFC 8785)")
    return value


def text(data: bytes) -> str:
    """`data` as text: UTF-8, with undecodable bytes and NUL written as backslash escapes."""
    return data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def encode_table(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The canonical bytes of a table: sorted lines, one JSON array a row.

    Raises:
        NotCanonicalError: a cell that is not Unicode, or neither text, number nor null.
    """
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
    _check_length(data, limit)
    if data and not data.endswith(b"\n"):
        raise NotCanonicalError("the last row has no line end")
    lines = data.split(b"\n")[:-1]
    if not all(map(operator.le, lines, lines[1:])):
        raise NotCanonicalError("rows are not sorted")
    try:
        rows: list[tuple[Cell, ...]] = [*_row_decoder.decode_lines(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise NotCanonicalError(f"not rows of text, integers and nulls: {e}") from e
    if _encoder.encode_lines(rows) != data:
        raise NotCanonicalError("rows are not in canonical form (RFC 8785)")
    if any(len(row) != width for row in rows):
        raise NotCanonicalError(f"a row that is not an array of {width} cells")
    if not _plain(data):
        encode(rows)
    return rows


def _check_length(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise NotCanonicalError(f"{len(data)} bytes, more than the {limit} allowed here")


def _plain(data: bytes) -> bool:
    """Whether the JSON text `data` surely has no two keys whose order is in doubt, and no integer
    beyond 2^53 - 1: no character from U+E000 on, where UTF-16 and UTF-8 part, and no 16 digits
    where a number can stand. One that only looks so costs the slower check, nothing else.
    """
    shape = data.translate(_SHAPE)
    return b"\xee" not in shape and b":0000000000000000" not in shape


def _portable(cell: Cell) -> str | int | None:
    """Integers beyond 2^53 - 1 and reals travel as decimal strings, and truth is 1 or 0 (SQL)."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return repr(cell)
    if not isinstance(cell, int):
        raise NotCanonicalError(f"a cell that is a {type(cell).__name__}")
    return int(cell) if -MAX_SAFE_INTEGER <= cell <= MAX_SAFE_INTEGER else str(cell)


def _ordered(value: Any, depth: int) -> Any:
    """`value` with every object's keys in UTF-16 order (RFC 8785 §3.2.3)."""
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            raise NotCanonicalError("an integer beyond 2^53 - 1")
        return value
    if depth == 0:
        raise NotCanonicalError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list | tuple):
        return [_ordered(item, depth - 1) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonicalError("a key that is not a string")
        try:
            return {key: _ordered(value[key], depth - 1) for key in sorted(value, key=_utf16)}
        except UnicodeEncodeError as e:
            raise NotCanonicalError(f"a key that is not Unicode: {e}") from e
    raise NotCanonicalError(f"{type(value).__name__} has no canonical form")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
