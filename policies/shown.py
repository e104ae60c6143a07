"""How evidence is shown to a person, the same in the terminal and on pages.

Nothing that a host's data holds can steer what shows it, and times are Beijing time with their
offset, whatever the machine's own zone is.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from evidence.canonical import Cell
from evidence.statement import Verdict
from policies.model import Check, Text

BEIJING = timezone(timedelta(hours=8))
"""A fixed offset: China has had no summer time since 1991."""

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def visible(text: str) -> str:
    """`text` with escapes for what could move a cursor, colour, or turn the reading direction."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def cell(value: Cell) -> str:
    """One cell, safe to show."""
    return "NULL" if value is None else visible(str(value))


def beijing(stamp: str) -> str:
    """A time as people here read it: `2026-11-23 16:00:00 +08:00`.

    Raises:
        ValueError: `stamp` is not RFC 3339 in UTC with whole seconds.
    """
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")


def sentence(template: Text | None, row: Mapping[str, Cell]) -> Text:
    """One evidence row as a sentence; without a template, its cells by name."""
    if template is None:
        plain = " · ".join(f"{name}={cell(value)}" for name, value in row.items()) or "–"
        return Text(plain, plain)

    def filled(words: str) -> str:
        return _PLACEHOLDER.sub(lambda match: cell(row.get(match[1])), words)

    return Text(filled(template.zh), filled(template.en))


def sentences(check: Check, verdict: Verdict) -> tuple[Text, ...]:
    """The evidence rows that `verdict` carries, as sentences."""
    return tuple(
        sentence(check.finding, dict(zip(verdict.columns, row, strict=False)))
        for row in verdict.rows
    )
