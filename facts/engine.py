"""SQL over facts: load what the queries need, answer them, hand over what was read.

An `Engine` serves one scan, or one recorded snapshot:

    needs = union of engine.plan(sql).needs over all queries
    for table in engine.load(needs): ...             # every full table is read once
    answer = engine.run(sql)                         # keyed tables are asked while queries run
    engine.conditions(answer.needs, answer.keys)     # what keeps it from being certain
    engine.recorded()                                # the snapshot

Full tables become ordinary tables with only the needed columns, so a column that was not read
does not exist and cannot pass as NULL. Answers are a function of facts, parameters and `now`.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import apsw
import msgspec

from evidence.canonical import Cell
from facts.catalogue import Catalogue
from facts.errors import QueryError
from facts.keyed import KeyedTable
from facts.plan import Needs, Plan, Planner, refuse_local
from facts.sandbox import Sandbox
from facts.snapshot import Portable, RecordedTable, Snapshot, in_canonical_order, portable
from facts.source import Key, Row, Source
from facts.spec import Type
from facts.status import Condition, Status, condition
from facts.virtual import FullTable, Module, VirtualTable, declaration

MAX_ROWS = 100_000
"""The most rows one answer may have."""

MAX_CHARACTERS = 16 * 1024 * 1024
"""The most characters all the cells of one answer may have together."""

_NONE: Mapping[str, Cell] = MappingProxyType({})
_PLACEHOLDER = "-"
"""The column of a table whose rows are only counted; no query can name it."""


class Asked(NamedTuple):
    """One key a keyed table was asked for, and how well it was observed."""

    table: str
    key: Key
    condition: Condition


class Incomplete(NamedTuple):
    """Something an answer rests on that was not observed completely."""

    table: str
    what: str | Key | None
    """A column, a key, or None for the whole table."""
    condition: Condition


class Answer(msgspec.Struct, frozen=True):
    """The answer to one query."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Portable, ...], ...]
    """In canonical order, duplicates kept; at the keyboard in the query's own order. Cells as
    canonical bytes carry them."""
    needs: Needs
    """The tables and columns it rests on."""
    keys: tuple[Asked, ...]
    """The keys it rests on, sorted."""


class Engine:
    """Answers SQL from one source; it reads each full table and each key once.

    With `policy` the rules for policies hold (no local columns, double quotes only around names);
    without, it serves somebody at the keyboard. `now` is the scan's time, RFC 3339 in UTC, and
    what SQL takes for the present.
    """

    def __init__(
        self,
        source: Source,
        *,
        catalogue: Catalogue,
        now: str,
        policy: bool = True,
    ) -> None:
        self.catalogue = catalogue
        self.now = now
        self._source = source
        self._policy = policy
        self._planner = Planner(catalogue, policy=policy)
        self._sandbox = Sandbox(now=now, strict=policy)
        self._full: dict[str, RecordedTable] = {}
        self._keyed: dict[str, KeyedTable] = {}
        self._plain: set[str] = set()
        self._missing: dict[tuple[str, str], Condition] = {}
        self._asked: list[tuple[str, Key]] = []
        self._virtual: dict[str, VirtualTable] = {}
        module: Any = Module(self._virtual)
        with self._sandbox.setup() as connection:
            connection.create_module("facts", module, use_bestindex_object=True, read_only=True)

    def plan(self, sql: str, parameters: Iterable[str] = ()) -> Plan:
        """What `sql` needs; see `Planner.plan`."""
        return self._planner.plan(sql, parameters)

    def add_table(self, name: str, columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
        """Add the plain table `name` of the catalogue: a register, or a policy's own data."""
        listed = tuple(columns)
        if self.catalogue.plain.get(name) != listed:
            raise ValueError(f"the catalogue has no plain table {name} with columns {listed}")
        self._create(name, dict.fromkeys(listed), in_canonical_order(rows))
        self._plain.add(name)

    def load(self, needs: Needs) -> Iterator[RecordedTable]:
        """Read the full tables in `needs`, one at each step, and make the keyed ones ready.

        Plan every query first: what is loaded once is not read again.

        Raises:
            QueryError: a policy needs a local column.
            RuntimeError: a table was loaded before with fewer columns.
        """
        if self._policy:
            refuse_local(needs, self.catalogue)
        for table in sorted(needs.keys() & self.catalogue.specs.keys()):
            hidden = self._hidden(table, needs[table])
            columns = self.catalogue.in_order(table, needs[table].difference(hidden))
            if table in self._full or table in self._keyed:
                if not needs[table] <= self._columns(table):
                    raise RuntimeError(f"{table} is loaded already, with fewer columns")
            elif table in self.catalogue.keys:
                self._keyed[table] = KeyedTable(
                    self.catalogue.specs[table],
                    columns,
                    hidden,
                    self._source,
                    self._asked,
                    self._sandbox.aside,
                    self._sandbox.spend,
                )
                self._create_virtual(table, self._keyed[table])
            else:
                yield self._read(table, columns, hidden)

    def run(self, sql: str, parameters: Mapping[str, Cell] = _NONE) -> Answer:
        """The answer to `sql`, whose needs were loaded.

        A query that reads a table or column that is not there at all (not recorded, a register
        not adopted) is not run and has no rows; `conditions` says what is missing.

        Raises:
            QueryError: it does not plan, or ran over its budget.
            RuntimeError: its needs were not loaded.
        """
        plan = self.plan(sql, parameters)
        if any(self._lacks(table, columns) for table, columns in plan.needs.items()):
            return Answer(plan.columns, (), plan.needs, ())
        self._asked.clear()
        rows: list[tuple[Portable, ...]] = []
        size = 0
        bound = {name: portable(value) for name, value in parameters.items()}
        for row in self._sandbox.rows(sql, bound):
            rows.append(row)
            for cell in row:
                if isinstance(cell, str | bytes):
                    size += len(cell)
            if len(rows) > MAX_ROWS:
                raise QueryError("over_rows", str(MAX_ROWS))
            if size > MAX_CHARACTERS:
                raise QueryError("over_length", str(MAX_CHARACTERS))
        keys = sorted(set(self._asked))
        return Answer(
            plan.columns,
            in_canonical_order(rows)
            if self._policy
            else tuple(tuple(map(portable, r)) for r in rows),
            plan.needs,
            tuple(Asked(table, key, self._keyed[table].conditions[key]) for table, key in keys),
        )

    def conditions(self, needs: Needs, keys: Iterable[Asked] = ()) -> list[Incomplete]:
        """Everything among `needs` and `keys` that was not observed completely."""
        found: list[Incomplete] = []
        for table, columns in sorted(needs.items()):
            if table in self.catalogue.plain:
                if table not in self._plain:
                    missing = condition(Status.UNREADABLE, "register_missing", table)
                    found.append(Incomplete(table, None, missing))
                continue
            if table in self.catalogue.keys:
                continue
            recorded = self._full.get(table)
            if recorded is None:
                missing = condition(Status.UNREADABLE, "not_recorded", table)
                found.append(Incomplete(table, None, missing))
                continue
            if not recorded.condition.complete:
                found.append(Incomplete(table, None, recorded.condition))
            for column in self.catalogue.in_order(table, columns):
                how_well = self._missing.get((table, column)) or recorded.column_conditions.get(
                    column, recorded.condition
                )
                if not how_well.complete and how_well != recorded.condition:
                    found.append(Incomplete(table, column, how_well))
        found += [Incomplete(*asked) for asked in keys if not asked.condition.complete]
        return found

    def recorded(self) -> Snapshot:
        """Everything that was read so far, keyed tables with every key they were asked.

        A query at the keyboard may show local columns, so nothing is recorded from one.
        """
        if not self._policy:
            raise RuntimeError("what is read at the keyboard is not recorded")
        keyed = (table.recorded(self.now) for _, table in sorted(self._keyed.items()))
        return Snapshot((*self._full.values(), *keyed))

    def _columns(self, table: str) -> frozenset[str]:
        if table in self._keyed:
            keyed = self._keyed[table]
            return frozenset((*keyed.columns, *keyed.hidden))
        hidden = self.catalogue.hidden.get(table, ()) if table in self._virtual else ()
        missing = {column for lacking, column in self._missing if lacking == table}
        return frozenset((*self._full[table].columns, *hidden)) | missing

    def _hidden(self, table: str, needed: frozenset[str]) -> tuple[str, ...]:
        """All hidden columns of `table` if one of them is `needed`."""
        hidden = self.catalogue.hidden.get(table, ())
        return () if needed.isdisjoint(hidden) else hidden

    def _lacks(self, table: str, columns: frozenset[str]) -> bool:
        """Whether `table`, or one of the `columns`, is not there to be read."""
        if table in self.catalogue.plain:
            return table not in self._plain
        loaded = table in self._full or table in self._keyed
        if not loaded or not columns <= self._columns(table):
            raise RuntimeError(f"{table} is not loaded with the columns {sorted(columns)}")
        if table in self._keyed:
            return False
        reason = self._full[table].condition.reason
        return (reason is not None and reason.code == "not_recorded") or any(
            (table, column) in self._missing for column in columns
        )

    def _read(self, table: str, columns: tuple[str, ...], hidden: tuple[str, ...]) -> RecordedTable:
        """Read a full table and make an ordinary table of it; a virtual one if it has hidden
        columns.
        """
        spec = self.catalogue.specs[table]
        reading = self._source.read(table, columns)
        self._missing.update(
            ((table, column), how_well)
            for column, how_well in reading.columns.items()
            if how_well.reason is not None and how_well.reason.code == "not_recorded"
        )
        kept = [i for i, column in enumerate(columns) if (table, column) not in self._missing]
        there = tuple(columns[i] for i in kept)
        rows = reading.rows
        if there != columns:
            rows = tuple(tuple(row[i] for i in kept) for row in rows)
        if not reading.recorded:
            rows = in_canonical_order(rows)
        how_well = reading.condition
        types = {name: spec.column(name).type for name in there}
        try:
            if hidden:
                self._create_virtual(table, FullTable(table, types, hidden, rows))
            else:
                self._create(table, types, rows)
        except apsw.TooBigError:
            rows, how_well = (), condition(Status.OVER_BUDGET, "too_large", table)
            self._create(table, types, rows)
        self._full[table] = RecordedTable(
            name=table,
            version=spec.version,
            columns=there,
            rows=rows,
            read_at=reading.read_at or self.now,
            condition=how_well,
            column_conditions={
                column: reading.columns[column] for column in there if column in reading.columns
            },
        )
        return self._full[table]

    def _create_virtual(self, table: str, virtual: VirtualTable) -> None:
        """A table whose rows come from `virtual`."""
        self._virtual[table] = virtual
        with self._sandbox.setup(table) as connection:
            connection.execute(f'CREATE VIRTUAL TABLE "{table}" USING facts')

    def _create(self, table: str, columns: Mapping[str, Type | None], rows: Iterable[Row]) -> None:
        """An ordinary table of `rows`, in their order."""
        marks = ", ".join("?" * len(columns)) or "NULL"
        with self._sandbox.setup(table) as connection, connection:
            connection.execute(declaration(table, columns or {_PLACEHOLDER: None}))
            connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)  # noqa: S608  # a catalogue's name
