"""A table is the same table after it travelled, and a damaged one is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import canonical, statement
from evidence.canonical import Cell
from facts.errors import MalformedTableError
from facts.snapshot import (
    RecordedTable,
    Snapshot,
    from_wire,
    in_canonical_order,
    portable,
    to_wire,
)
from facts.source import Key, Reading
from facts.status import COMPLETE, Status, condition

NOW = "2026-11-23T08:00:00Z"
DENIED = condition(Status.DENIED, "permission_denied", "/etc/shadow")

TABLE = RecordedTable(
    name="file",
    version=3,
    columns=("path", "mode", "size"),
    rows=in_canonical_order([("/a", "0600", 2**60), ("/b", None, 1), ("/b", None, 1)]),
    read_at=NOW,
    column_conditions={"mode": condition(Status.PARTIAL, "malformed_source", "/a", "2")},
    keys={
        Key("path", "/a"): COMPLETE,
        Key("path", "/b"): DENIED,
        Key("path", "/%", like=True): DENIED,
        Key("path", "/c"): COMPLETE,
    },
    answers={Key("path", "/b"): (1,)},
)

CELLS = st.one_of(
    st.none(),
    st.text(),
    st.text(st.characters(codec=None)),
    st.binary(),
    st.integers(),
    st.floats(),
    st.booleans(),
)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8))
def test_any_cells_survive_the_wire(rows: list[tuple[Cell, Cell]]) -> None:
    """Whatever a collector hands over is recorded, and reads back as it was recorded."""
    table = RecordedTable(
        name="x", version=1, columns=("a", "b"), rows=in_canonical_order(rows), read_at=NOW
    )

    entry, data = to_wire(table)

    assert from_wire(entry, data) == table
    assert canonical.encode_table(table.rows) == data


@given(CELLS)
def test_a_recorded_cell_is_as_portable_as_it_gets(cell: Cell | bytes) -> None:
    """Recording what was recorded changes nothing."""
    recorded = portable(cell)

    assert portable(recorded) == recorded
    assert type(recorded) in {str, int, type(None)}


def test_conditions_and_keys_survive_the_wire() -> None:
    """As signed bytes, too: the entry is part of a report."""
    entry, data = to_wire(TABLE)

    signed = canonical.encode(msgspec.to_builtins(entry))
    received = msgspec.convert(canonical.decode(signed, limit=10_000), statement.TableEntry)

    assert from_wire(received, data) == TABLE


def test_the_order_of_asking_does_not_show() -> None:
    """The same keys make the same entry, whichever query came first."""
    reverse = RecordedTable(
        name=TABLE.name,
        version=TABLE.version,
        columns=TABLE.columns,
        rows=TABLE.rows,
        read_at=NOW,
        column_conditions=TABLE.column_conditions,
        keys=dict(reversed(list(TABLE.keys.items()))),
        answers=TABLE.answers,
    )

    assert to_wire(reverse) == to_wire(TABLE)


ENTRY, DATA = to_wire(TABLE)


def changed(**fields: object) -> tuple[statement.KeyEntry, ...]:
    """The keys of `ENTRY`, the second, `/a`, changed."""
    first, second, *rest = ENTRY.keys
    return (first, msgspec.structs.replace(second, **fields), *rest)


@pytest.mark.parametrize(
    ("changes", "data", "said"),
    [
        ({}, DATA[:-1], "no line end"),
        ({}, b"".join(reversed(DATA.splitlines(keepends=True))), "not sorted"),
        ({}, DATA + b'["/c", "", 1]\n', "canonical"),
        ({}, b"", "says 3"),
        ({"row_count": 4}, DATA, "says 4"),
        ({"columns": ("path", "mode")}, DATA, "2 cells"),
        ({"columns": ("path", "mode", "mode")}, DATA, "twice"),
        ({"columns": ("path", "other", "size")}, DATA, "no column mode"),
        ({"column_conditions": {}, "columns": ("x", "mode", "size")}, DATA, "no column path"),
        ({"keys": ENTRY.keys[::-1]}, DATA, "out of order"),
        ({"keys": ENTRY.keys[:1] * 2}, DATA, "out of order"),
        ({"keys": changed(rows=(3,))}, DATA, "no such rows"),
        ({"keys": changed(rows=(-1,))}, DATA, "no such rows"),
        ({"keys": changed(rows=(0, 0))}, DATA, "no such rows"),
        ({"keys": changed(rows=(1,))}, DATA, "does not name"),
        ({"keys": changed(value="/" * 257, operator="LIKE")[1:2]}, DATA, "too long a pattern"),
        ({"condition": statement.Condition("partial", None)}, DATA, "partial"),
        (
            {"condition": statement.Condition("complete", statement.Reason("x", ()))},
            DATA,
            "complete",
        ),
    ],
)
def test_a_table_that_is_not_what_its_entry_says_is_refused(
    changes: dict[str, object], data: bytes, said: str
) -> None:
    """An entry and a table come from somebody else."""
    entry = msgspec.structs.replace(ENTRY, **changes)

    with pytest.raises(MalformedTableError, match=said):
        from_wire(entry, data)


def test_answers_what_was_asked_and_nothing_more() -> None:
    """Found, not found, denied and not asked are four different answers."""
    snapshot = Snapshot([TABLE])

    found = snapshot.read("file", ("size", "path"), Key("path", "/a"))
    by_pattern = snapshot.read("file", ("path",), Key("path", "/%", like=True))
    absent = snapshot.read("file", ("path",), Key("path", "/c"))
    denied = snapshot.read("file", ("path",), Key("path", "/b"))
    unasked = snapshot.read("file", ("path",), Key("path", "/d"))

    assert found == Reading(((str(2**60), "/a"),), NOW, recorded=True)
    assert absent == Reading((), NOW, recorded=True)
    assert (denied.rows, denied.condition) == ((("/b",),), DENIED)
    assert by_pattern.rows == (("/a",), ("/b",), ("/b",))
    assert unasked.condition == condition(Status.UNREADABLE, "key_not_asked", "file path = '/d'")


def test_what_was_not_recorded_says_so() -> None:
    """A missing table has no rows; a missing column has no value, and both have a reason."""
    snapshot = Snapshot([TABLE])

    table = snapshot.read("users", ("uid",))
    column = snapshot.read("file", ("path", "mode", "sha256"))

    assert table.condition == condition(Status.UNREADABLE, "not_recorded", "users")
    assert column.columns == {
        "mode": TABLE.column_conditions["mode"],
        "sha256": condition(Status.UNREADABLE, "not_recorded", "file.sha256"),
    }
    assert {row[2] for row in column.rows} == {None}
