"""The data dictionary that people read is the one that programs obey."""

from pathlib import Path

from facts.dictionary import page
from facts.spec import Column, Kind, Privacy, TableSpec, Type
from facts.tables import BASELINE, SPECS
from facts.words import Words

ROOT = Path(__file__).parents[2]


def test_the_committed_page_is_what_the_specifications_say() -> None:
    """Whoever changes a table writes the page again: python scripts/tables.py."""
    committed = (ROOT / "docs/tables.md").read_text("utf-8")

    assert committed == page(SPECS.values(), BASELINE)


def test_every_table_is_on_the_page_with_each_column_on_a_row_of_its_own() -> None:
    """Nothing that can be recorded is left out."""
    sections = dict(
        section.split("\n", 1)
        for section in page(SPECS.values(), BASELINE).removeprefix("# ").split("\n## ")[1:]
    )

    assert sections.keys() == SPECS.keys()
    for name, section in sections.items():
        rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == [c.name for c in SPECS[name].columns]


def test_what_markdown_would_take_for_itself_is_escaped() -> None:
    """A bar does not end a cell, a star does not begin emphasis; quoted values stay as they are."""
    column = Column("path", Type.TEXT, "甲|乙 或 `a*`。", "A|B, x_* or `a*`.", key=True)
    spec = TableSpec("t", 1, Words("表。", "Table."), (column,), ("stat(2)",), kind=Kind.KEYED)

    shown = page([spec], ())

    assert "甲\\|乙 或 `a*`。" in shown
    assert "A\\|B, x_\\* or `a*`." in shown
    assert "`path`（查询键 / key）" in shown


def test_privacy_privilege_and_the_baseline_are_said() -> None:
    """What is not for everybody, and what is in every snapshot."""
    column = Column("s", Type.TEXT, "号。", "Number.", Privacy.DEIDENTIFIED, "device_serial")
    spec = TableSpec(
        "t", 1, Words("表。", "Table."), (column,), ("/x",), privilege="CAP_SYS_PTRACE"
    )

    shown = page([spec], ["t"])

    assert "去标识化 / de-identified" in shown
    assert "所需权限 / Privilege: CAP_SYS_PTRACE" in shown
    assert "每次扫描都记录 / recorded in every scan" in shown
