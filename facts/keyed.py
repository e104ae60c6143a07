"""Virtual tables for kinds of fact that answer only for the value of a key column.

SQLite hands down `path = …` (and each value of `path IN (…)`), and of columns that hold paths
`path LIKE …`, as a pattern (`facts.globs`); each distinct key is asked once and kept with its
condition, also when nothing was found. In a join the value comes from another table's row.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import apsw
import msgspec

from evidence.canonical import Cell
from facts.errors import QueryError
from facts.globs import MAX_PATTERN
from facts.snapshot import RecordedTable, in_canonical_order
from facts.source import Key, Reading, Row, Source
from facts.spec import TableSpec
from facts.status import COMPLETE, Condition
from facts.virtual import Cursor, declaration

_COST, _ROWS = 100.0, 10
"""What SQLite's planner is told of one asking: far less than reading a whole table."""

_PATTERN_COST, _PATTERN_ROWS = 10_000.0, 1_000
"""The same of a pattern, so that a value is preferred where there is one."""

_ASKING = 100
"""What asking once is worth in SQLite's operations, so that keys without end come to one."""

_EQUAL, _LIKE = "=", "LIKE"
_OPERATORS = {
    apsw.SQLITE_INDEX_CONSTRAINT_EQ: _EQUAL,
    apsw.SQLITE_INDEX_CONSTRAINT_IS: _EQUAL,
    apsw.SQLITE_INDEX_CONSTRAINT_LIKE: _LIKE,
}


class KeyColumn(NamedTuple):
    """A column that a table can be asked by."""

    place: int
    """Where it stands among the columns that SQLite was told of."""
    pattern: bool
    """Whether a pattern will do."""


def key_columns(spec: TableSpec, columns: Sequence[str]) -> tuple[KeyColumn, ...]:
    """The keys of `spec` among `columns`."""
    keys = {column.name: column.pattern for column in spec.columns if column.key}
    return tuple(KeyColumn(i, keys[name]) for i, name in enumerate(columns) if name in keys)


class _Offer(NamedTuple):
    """One constraint that will do; the greatest is the best."""

    equal: bool
    base: int
    """How long the directory is that a pattern begins with."""
    before: tuple[int, int]
    """The first of the keys comes first, and the first constraint on it: both negative."""
    place: int
    constraint: int


def ask_by(plan: apsw.IndexInfo, keys: Sequence[KeyColumn]) -> bool:
    """Whether `plan` offers a value, or a pattern, for one of `keys`; if so it is made use of.

    A value is preferred to a pattern, and a pattern of a deeper directory to another. SQLite
    checks LIKE and equality once more on each row, so neither rests on what is chosen here.
    """
    best = max(_offers(plan, keys), default=None)
    if best is None:
        return False
    plan.set_aConstraintUsage_argvIndex(best.constraint, 1)
    plan.idxNum = best.place
    plan.idxStr = _EQUAL if best.equal else _LIKE
    plan.estimatedCost = _COST if best.equal else _PATTERN_COST
    plan.estimatedRows = _ROWS if best.equal else _PATTERN_ROWS
    return True


def _offers(plan: apsw.IndexInfo, keys: Sequence[KeyColumn]) -> Iterator[_Offer]:
    places = {key.place: rank for rank, key in enumerate(keys)}
    for index in range(plan.nConstraint):
        rank = places.get(plan.get_aConstraint_iColumn(index))
        operator = _OPERATORS.get(plan.get_aConstraint_op(index))
        if rank is None or operator is None or not plan.get_aConstraint_usable(index):
            continue
        equal, base = operator == _EQUAL, ""
        if equal and plan.get_aConstraint_collation(index) != "BINARY":
            continue
        if not equal:
            known = plan.get_aConstraint_rhs(index)
            if not keys[rank].pattern or (known is not None and not _rooted(known)):
                continue
            base = re.split("[%_]", str(known or ""), maxsplit=1)[0]
        yield _Offer(equal, len(base), (-rank, -index), keys[rank].place, index)


def _rooted(pattern: Cell | bytes) -> bool:
    """Whether `pattern` says where to begin."""
    return isinstance(pattern, str) and pattern.startswith("/")


class KeyedTable(msgspec.Struct):
    """What one keyed table was asked and what came back; see apsw.VTTable for the methods."""

    spec: TableSpec
    columns: tuple[str, ...]
    hidden: tuple[str, ...]
    """Columns behind these that are NULL."""
    source: Source
    asked: list[tuple[str, Key]]
    """Where every asking is noted, (table, key), the first time and again; shared by all tables."""
    aside: Callable[[], AbstractContextManager[None]]
    """What reading the host costs is not the query's own work; see `Sandbox.aside`."""
    spend: Callable[[int], None]
    """What asking costs is; see `Sandbox.spend`."""
    found: dict[Key, tuple[Row, ...]] = {}
    numbers: dict[Key, tuple[int, ...]] = {}
    """For each row found its number, the same wherever the same row is found."""
    conditions: dict[Key, Condition] = {}
    read_at: str = ""
    """When the first key was read."""
    known: dict[tuple[Row, int], int] = {}
    """The number of each row, and of its second and third like."""

    def declaration(self) -> str:
        """See sqlite3_declare_vtab."""
        types = {name: self.spec.column(name).type for name in self.columns}
        return declaration(self.spec.name, types, self.hidden)

    def ask(self, key: Key) -> None:
        """See that the rows for `key` are there, read from the source if this is the first time."""
        self.spend(_ASKING)
        self.asked.append((self.spec.name, key))
        if key not in self.found:
            with self.aside():
                self._read(key)

    def recorded(self, now: str) -> RecordedTable:
        """What was asked so far, as one table of a snapshot; `now` if nothing was asked.

        A row found by two keys is one row, and as many as one key found are as many.
        """
        union: Counter[Row] = Counter()
        for found in self.found.values():
            union |= Counter(found)
        rows = in_canonical_order(union.elements())
        return RecordedTable(
            name=self.spec.name,
            version=self.spec.version,
            columns=self.columns,
            rows=rows,
            read_at=self.read_at or now,
            keys=dict(sorted(self.conditions.items())),
            answers=dict(self._answers(rows)),
        )

    def _read(self, key: Key) -> None:
        reading = self.source.read(self.spec.name, self.columns, key)
        at = self.columns.index(key.column)
        rows = reading.rows if reading.recorded else in_canonical_order(reading.rows)
        how_well = _worst(reading)
        if how_well.reason is not None and how_well.reason.code == "not_recorded":
            rows = ()
        self.found[key] = tuple(row for row in rows if key.names(row[at]))
        self.numbers[key] = tuple(self._numbered(self.found[key]))
        self.conditions[key] = how_well
        if reading.read_at:
            self.read_at = min(self.read_at or reading.read_at, reading.read_at)

    def _numbered(self, rows: Sequence[Row]) -> Iterator[int]:
        seen: Counter[Row] = Counter()
        for row in rows:
            seen[row] += 1
            yield self.known.setdefault((row, seen[row]), len(self.known))

    def _answers(self, rows: Sequence[Row]) -> Iterator[tuple[Key, tuple[int, ...]]]:
        """The places among `rows` of what answered each key that names others, too.

        A file that changed while the host was read has one row for each key that met it.
        """
        places: dict[tuple[int, str], list[int]] = {}
        for at in {self.columns.index(key.column) for key in self.found}:
            for place, row in enumerate(rows):
                if row[at] is not None:
                    places.setdefault((at, str(row[at])), []).append(place)
        for key, found in self.found.items():
            at = self.columns.index(key.column)
            left = Counter(found)
            if key.like:
                named = [i for i, row in enumerate(rows) if row in left or key.names(row[at])]
            else:
                named = places.get((at, key.value), [])
            if len(named) > len(found):
                yield key, tuple(_taken(left, rows, named))

    def BestIndexObject(self, plan: apsw.IndexInfo) -> bool:  # noqa: N802  # apsw's name
        """Take part in a plan only if a key is given."""
        return ask_by(plan, key_columns(self.spec, self.columns))

    def Open(self) -> "_Cursor":  # noqa: N802  # apsw's name
        """Begin to read."""
        return _Cursor(self)

    def Disconnect(self) -> None:  # noqa: N802  # apsw's name
        """Nothing is held that must be given back."""

    Destroy = Disconnect


class _Cursor(Cursor):
    """Walks over the rows of one key."""

    def __init__(self, table: KeyedTable) -> None:
        super().__init__([table.spec.column(name).type for name in table.columns])
        self._table = table

    def Filter(  # noqa: N802  # apsw's name
        self, column: int, operator: str, values: tuple[Cell | bytes]
    ) -> None:
        """See apsw.VTCursor."""
        (value,) = values
        if value is None or isinstance(value, bytes):
            self.take((), ())  # NULL equals nothing, and no blob equals a text
            return
        text, like = str(value), operator == _LIKE
        if like and len(text) > MAX_PATTERN:
            raise QueryError("over_length", str(MAX_PATTERN))
        key = Key(self._table.columns[column], text, like)
        self._table.ask(key)
        self.take(self._table.found[key], self._table.numbers[key])


def _taken(wanted: Counter[Row], rows: Sequence[Row], places: Sequence[int]) -> Iterator[int]:
    """As many of `places` as there are `wanted` rows at them."""
    for place in places:
        if wanted[rows[place]]:
            wanted[rows[place]] -= 1
            yield place


def _worst(reading: Reading) -> Condition:
    """A key has one condition, so a column that is worse than the rest speaks for it."""
    if not reading.condition.complete:
        return reading.condition
    worse = (how_well for how_well in reading.columns.values() if not how_well.complete)
    return next(worse, COMPLETE)
