"""JSON that others wrote, as far as it has the wanted fields."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def parsed(data: bytes | str, kind: type[T]) -> T:
    """`data` as `kind`; other fields are passed over.

    Raises:
        ValueError: it is no JSON, of another form, undecodable or nested too deeply.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e
