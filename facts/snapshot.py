"""What one scan recorded: tables with their conditions, and the same answers again later.

A recorded cell is what canonical bytes can carry (`portable`), so that a fact is the same fact
before and after it travelled: text without NUL, integers up to 2^53 - 1, null; larger integers
and reals are decimal strings.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeAlias

import msgspec

from evidence import canonical, statement
from evidence.canonical import MAX_SAFE_INTEGER, Cell
from evidence.errors import NotCanonicalError
from facts.errors import MalformedTableError
from facts.globs import MAX_PATTERN
from facts.source import Key, Reading, Row
from facts.status import COMPLETE, Condition, Reason, Status, condition

MAX_TABLE_BYTES = 32 * 1024 * 1024
"""The longest canonical table that is read, in bytes."""

Portable: TypeAlias = str | int | None

_line = msgspec.json.Encoder().encode


def portable(cell: Cell | bytes) -> Portable:
    """`cell` as canonical bytes carry it; what is no Unicode is escaped, never lost."""
    if type(cell) is str:  # quicker than isinstance, and this is asked of every cell there is
        plain = cell.isascii() and "\0" not in cell
        return cell if plain else canonical.text(_bytes(cell))
    if type(cell) is int:
        return cell if -MAX_SAFE_INTEGER <= cell <= MAX_SAFE_INTEGER else str(cell)
    if cell is None:
        return None
    if isinstance(cell, bytes):
        return canonical.text(cell)
    return repr(cell) if isinstance(cell, float) else int(cell)  # True is 1


def _bytes(text: str) -> bytes:
    """The bytes of `text`; those that `os.fsdecode` could not decode are themselves again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def in_canonical_order(rows: Iterable[Iterable[Cell | bytes]]) -> tuple[tuple[Portable, ...], ...]:
    """`rows` made portable, in the order of their canonical bytes, duplicates kept."""
    return tuple(sorted((tuple(map(portable, row)) for row in rows), key=_line))


class RecordedTable(msgspec.Struct, frozen=True):
    """One table of a snapshot."""

    name: str
    version: int
    columns: tuple[str, ...]
    """The recorded columns, in the order of the specification."""
    rows: tuple[Row, ...]
    """As `in_canonical_order` has them; a part of a recorded table keeps the order of the whole."""
    read_at: str
    """RFC 3339, UTC; for a keyed table when its first key was read."""
    condition: Condition = COMPLETE
    column_conditions: Mapping[str, Condition] = {}
    """Only the columns whose condition differs from the table's."""
    keys: Mapping[Key, Condition] = {}
    """For a keyed table: everything it was asked for, also when nothing was found."""
    answers: Mapping[Key, tuple[int, ...]] = {}
    """Places of the rows that answered a key, where these are not all the rows that it names."""


class Snapshot:
    """The recorded tables of one scan; a `Source` that answers as the host did.

    What was not recorded is `not_recorded` and what was not asked is `key_not_asked`: unreadable,
    never absent and never NULL.
    """

    def __init__(self, tables: Iterable[RecordedTable]) -> None:
        self.tables: Mapping[str, RecordedTable] = {table.name: table for table in tables}
        self._indices: dict[tuple[str, int], dict[str, list[Row]]] = {}
        """By table and column, the rows by what is in that column: a join asks for many keys."""

    def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
        """See `Source.read`; a cell of an unrecorded column is None, and its condition says so."""
        recorded = self.tables.get(table)
        if recorded is None:
            return Reading((), "", condition(Status.UNREADABLE, "not_recorded", table))
        conditions = {
            column: recorded.column_conditions[column]
            if column in recorded.columns and column in recorded.column_conditions
            else condition(Status.UNREADABLE, "not_recorded", f"{table}.{column}")
            for column in columns
            if column not in recorded.columns or column in recorded.column_conditions
        }
        rows: Iterable[Row] = recorded.rows
        how_well = recorded.condition
        if key is not None:
            if key not in recorded.keys:
                how_well = condition(Status.UNREADABLE, "key_not_asked", f"{table} {key}")
                return Reading((), recorded.read_at, how_well)
            how_well = recorded.keys[key]
            rows = self._answering(recorded, key)
        indices = [
            recorded.columns.index(column) if column in recorded.columns else None
            for column in columns
        ]
        return Reading(
            tuple(tuple(None if i is None else row[i] for i in indices) for row in rows),
            recorded.read_at,
            how_well,
            conditions,
            recorded=True,
        )

    def _answering(self, table: RecordedTable, key: Key) -> Iterable[Row]:
        """The rows of `table` that answered `key`."""
        if key in table.answers:
            return [table.rows[place] for place in table.answers[key]]
        at = table.columns.index(key.column)
        if key.like:
            return [row for row in table.rows if key.names(row[at])]
        index = self._indices.get((table.name, at))
        if index is None:
            index = self._indices[table.name, at] = defaultdict(list)
            for row in table.rows:
                index[str(row[at])].append(row)
        return [row for row in index.get(key.value, ()) if key.names(row[at])]


def to_wire(table: RecordedTable) -> tuple[statement.TableEntry, bytes]:
    """The entry a report carries for `table`, and the table's canonical bytes."""
    entry = statement.TableEntry(
        name=table.name,
        version=table.version,
        columns=table.columns,
        row_count=len(table.rows),
        condition=condition_to_wire(table.condition),
        column_conditions={
            column: condition_to_wire(how_well)
            for column, how_well in table.column_conditions.items()
        },
        keys=tuple(
            statement.KeyEntry(
                column=key.column,
                value=key.value,
                condition=condition_to_wire(how_well),
                operator="LIKE" if key.like else msgspec.UNSET,
                rows=table.answers.get(key, msgspec.UNSET),
            )
            for key, how_well in sorted(table.keys.items())
        ),
        read_at=table.read_at,
    )
    return entry, canonical.encode_table(table.rows)


def from_wire(entry: statement.TableEntry, data: bytes) -> RecordedTable:
    """The table that `entry` describes and whose canonical bytes are `data`.

    Raises:
        MalformedTableError: the bytes are not canonical, or not the table the entry describes.
    """
    columns = entry.columns
    try:
        rows = canonical.decode_table(data, width=len(columns), limit=MAX_TABLE_BYTES)
    except NotCanonicalError as e:
        raise MalformedTableError(f"table {entry.name}: {e}") from e
    if len(rows) != entry.row_count:
        raise MalformedTableError(
            f"table {entry.name} has {len(rows)} rows, and its entry says {entry.row_count}"
        )
    if len(set(columns)) < len(columns):
        raise MalformedTableError(f"table {entry.name} names a column twice")
    if stray := sorted(entry.column_conditions.keys() - set(columns)):
        raise MalformedTableError(f"table {entry.name} has no column {stray[0]}")
    asked = [(Key(k.column, k.value, k.operator == "LIKE"), k) for k in entry.keys]
    keys = {key: condition_from_wire(said.condition) for key, said in asked}
    if [key for key, _ in asked] != sorted(keys):
        raise MalformedTableError(f"table {entry.name} has keys out of order, or one twice")
    if stray := sorted({key.column for key in keys} - set(columns)):
        raise MalformedTableError(f"table {entry.name} has no column {stray[0]} to be asked by")
    if any(key.like and len(key.value) > MAX_PATTERN for key in keys):
        raise MalformedTableError(f"table {entry.name} was asked by too long a pattern")
    answers = {key: said.rows for key, said in asked if isinstance(said.rows, tuple)}
    for key, places in answers.items():
        at = columns.index(key.column)
        if not all(before < place for before, place in pairwise((-1, *places, len(rows)))):
            raise MalformedTableError(f"table {entry.name} has no such rows for {key}")
        if not all(key.names(rows[place][at]) for place in places):
            raise MalformedTableError(
                f"table {entry.name} has rows for {key} that it does not name"
            )
    return RecordedTable(
        name=entry.name,
        version=entry.version,
        columns=columns,
        rows=tuple(rows),
        read_at=entry.read_at,
        condition=condition_from_wire(entry.condition),
        column_conditions={
            column: condition_from_wire(how_well)
            for column, how_well in entry.column_conditions.items()
        },
        keys=keys,
        answers=answers,
    )


def condition_to_wire(how_well: Condition) -> statement.Condition:
    """`how_well` as it is signed."""
    reason = how_well.reason
    return statement.Condition(
        status=how_well.status.value,
        reason=None if reason is None else statement.Reason(code=reason.code, args=reason.args),
    )


def condition_from_wire(how_well: statement.Condition) -> Condition:
    """The condition that was signed.

    Raises:
        MalformedTableError: incomplete without a reason, or complete with one.
    """
    if (how_well.status == "complete") is not (how_well.reason is None):
        raise MalformedTableError(f"the status {how_well.status} does not go with its reason")
    reason = how_well.reason
    return Condition(
        Status(how_well.status), None if reason is None else Reason(reason.code, reason.args)
    )
