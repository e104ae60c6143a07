"""Writes the data dictionary into docs/tables.md; a test compares the two."""

from pathlib import Path

from facts.dictionary import page
from facts.tables import BASELINE, SPECS

(Path(__file__).parents[1] / "docs/tables.md").write_text(page(SPECS.values(), BASELINE), "utf-8")
