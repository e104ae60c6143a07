"""Virtual tables for kinds of fact that answer only for the value of a key column.

SQLite hands down `path = …` (and each value of `path IN (…)`); each distinct key is asked once
and kept with its condition, also when nothing was found.
"""

from collections import Counter
from collections.abc import Mapping

import apsw
import msgspec

from evidence.canonical import Cell
from facts.snapshot import RecordedTable, in_canonical_order
from facts.source import Key, Reading, Row, Source
from facts.spec import TableSpec, Type
from facts.status import COMPLETE, Condition

_COST = 100.0
_ROWS = 10
"""What SQLite's planner is told of one asking: far less than reading a whole table."""


def ask_by(plan: apsw.IndexInfo, keys: tuple[int, ...]) -> bool:
    """Whether `plan` offers a value for one of the columns `keys`; if so it is made use of.

    SQLite checks the rows it gets once more, so nothing rests on what is returned here.
    """
    for wanted in keys:
        for index in range(plan.nConstraint):
            if (
                plan.get_aConstraint_iColumn(index) == wanted
                and plan.get_aConstraint_op(index) == apsw.SQLITE_INDEX_CONSTRAINT_EQ
                and plan.get_aConstraint_usable(index)
                and plan.get_aConstraint_collation(index) == "BINARY"
            ):
                plan.set_aConstraintUsage_argvIndex(index, 1)
                plan.idxNum = wanted
                plan.estimatedCost = _COST
                plan.estimatedRows = _ROWS
                return True
    return False


class KeyedTable(msgspec.Struct):
    """What one keyed table was asked and what came back; see apsw.VTTable for the methods."""

    spec: TableSpec
    columns: tuple[str, ...]
    source: Source
    asked: list[tuple[str, Key]]
    """Where every asking is noted, (table, key), the first time and again; shared by all tables."""
    rows: dict[Key, tuple[Row, ...]] = {}
    conditions: dict[Key, Condition] = {}
    read_at: str = ""
    """When the first key was read."""

    def declaration(self) -> str:
        """See sqlite3_declare_vtab."""
        return declaration(
            self.spec.name, {name: self.spec.column(name).type for name in self.columns}
        )

    def ask(self, key: Key) -> tuple[Row, ...]:
        """The rows for `key`, read from the source if this is the first time."""
        self.asked.append((self.spec.name, key))
        if key not in self.rows:
            reading = self.source.read(self.spec.name, self.columns, key)
            at = self.columns.index(key.column)
            rows = reading.rows if reading.recorded else in_canonical_order(reading.rows)
            how_well = _worst(reading)
            if how_well.reason is not None and how_well.reason.code == "not_recorded":
                rows = ()
            self.rows[key] = tuple(row for row in rows if key.names(row[at]))
            self.conditions[key] = how_well
            if reading.read_at:
                self.read_at = min(self.read_at or reading.read_at, reading.read_at)
        return self.rows[key]

    def recorded(self, now: str) -> RecordedTable:
        """What was asked so far, as one table of a snapshot; `now` if nothing was asked.

        A row found by two keys is one row, and as many as one key found are as many.
        """
        rows: Counter[Row] = Counter()
        for found in self.rows.values():
            rows |= Counter(found)
        return RecordedTable(
            name=self.spec.name,
            version=self.spec.version,
            columns=self.columns,
            rows=in_canonical_order(rows.elements()),
            read_at=self.read_at or now,
            keys=dict(sorted(self.conditions.items())),
        )

    def BestIndexObject(self, plan: apsw.IndexInfo) -> bool:  # noqa: N802  # apsw's name
        """Take part in a plan only if a key is given."""
        keys = (i for i, name in enumerate(self.columns) if self.spec.column(name).key)
        return ask_by(plan, tuple(keys))

    def Open(self) -> "_Cursor":  # noqa: N802  # apsw's name
        """Begin to read."""
        return _Cursor(self)

    def Disconnect(self) -> None:  # noqa: N802  # apsw's name
        """Nothing is held that must be given back."""

    Destroy = Disconnect


class KeyedModule:
    """Makes the virtual tables out of `tables`; see apsw.VTModule."""

    def __init__(self, tables: Mapping[str, KeyedTable]) -> None:
        self._tables = tables

    def Create(  # noqa: N802  # apsw's name
        self, _connection: apsw.Connection, _module: str, _database: str, table: str, *_: object
    ) -> tuple[str, KeyedTable]:
        """What SQLite is told of `table`, and who answers for it."""
        return self._tables[table].declaration(), self._tables[table]

    Connect = Create


class _Cursor:
    """Walks over the rows of one key; see apsw.VTCursor."""

    def __init__(self, table: KeyedTable) -> None:
        self._table = table
        self._types = [table.spec.column(name).type for name in table.columns]
        self._rows: tuple[Row, ...] = ()
        self._at = 0

    def Filter(self, column: int, _name: str, values: tuple[Cell | bytes]) -> None:  # noqa: N802
        (value,) = values
        if value is None or isinstance(value, bytes):
            self._rows = ()  # NULL equals nothing, and no blob equals a text
        else:
            self._rows = self._table.ask(Key(self._table.columns[column], str(value)))
        self._at = 0

    def Eof(self) -> bool:  # noqa: N802  # apsw's name
        return self._at >= len(self._rows)

    def Next(self) -> None:  # noqa: N802  # apsw's name
        self._at += 1

    def Column(self, number: int) -> Cell:  # noqa: N802  # apsw's name
        if number < 0:
            return self._at
        return _typed(self._rows[self._at][number], self._types[number])

    def Rowid(self) -> int:  # noqa: N802  # apsw's name
        return self._at

    def Close(self) -> None:  # noqa: N802  # apsw's name
        pass


def declaration(table: str, columns: Mapping[str, Type | None]) -> str:
    """The statement that creates `table`; a column without a type leaves values as they are."""
    listed = ", ".join(f'"{name}" {type_ or ""}'.rstrip() for name, type_ in columns.items())
    return f'CREATE TABLE "{table}"({listed})'


def _typed(cell: Cell, type_: Type) -> Cell:
    """`cell` as an ordinary table's column of that type would hold it (column affinity)."""
    if not isinstance(cell, str) or type_ is Type.TEXT:
        return str(cell) if cell is not None and type_ is Type.TEXT else cell
    try:
        return float(cell) if type_ is Type.DOUBLE else int(cell)
    except ValueError:
        return cell


def _worst(reading: Reading) -> Condition:
    """A key has one condition, so a column that is worse than the rest speaks for it."""
    if not reading.condition.complete:
        return reading.condition
    worse = (how_well for how_well in reading.columns.values() if not how_well.complete)
    return next(worse, COMPLETE)
