"""A register of USB storage as rules for USBGuard, which enforces them.

Registered devices are allowed, all other storage is blocked, and everything else is left to the
rules around these and to USBGuard's own target for what no rule names. USBGuard compares serial
numbers as the device states them: a row that has a pseudonym instead cannot become a rule.
"""

import re
from collections.abc import Iterable, Iterator

from facts.pseudonym import PSEUDONYM
from policies.simulate import Row

_AS_IT_IS = {byte: chr(byte) for byte in range(ord(" "), ord("~") + 1)}
_IN_TEXT = _AS_IT_IS | {ord('"'): '\\"', ord("\\"): "\\\\"}
"""How a byte stands between double quotes, where that is not by its number."""

_NUMBER = re.compile(r"[0-9a-f]{4}\Z")


def unfit(row: Row) -> str | None:
    """Why `row` cannot become a rule, as a code: `number` or `pseudonym`; None if it can."""
    if not (_NUMBER.match(row.vendor_id.lower()) and _NUMBER.match(row.model_id.lower())):
        return "number"
    return "pseudonym" if PSEUDONYM.fullmatch(row.serial) else None


def rules(rows: Iterable[Row]) -> Iterator[str]:
    """The rules for those of `rows` that can become one, a line each, and the one that blocks."""
    kept = {
        (f"{row.vendor_id}:{row.model_id}".lower(), row.serial)
        for row in rows
        if unfit(row) is None
    }
    for number, serial in sorted(kept):
        yield f'allow id {number} serial "{_quoted(serial)}"'
    yield "block with-interface one-of { 08:*:* }"


def _quoted(text: str) -> str:
    """`text` as it stands between double quotes in a rule: what is no plain ASCII as bytes."""
    data = text.encode("utf-8", "surrogateescape")
    return "".join(_IN_TEXT.get(byte, f"\\x{byte:02x}") for byte in data)
