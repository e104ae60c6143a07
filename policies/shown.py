"""How evidence rows are shown to a person: the same sentences in the terminal and on pages."""

import re
from collections.abc import Mapping

from evidence.canonical import Cell
from evidence.statement import Verdict
from policies.model import Check, Text
from policies.plain import excerpt

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def cell(value: Cell) -> str:
    """One cell, safe to show; a very long one is cut."""
    return "NULL" if value is None else excerpt(str(value))


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
