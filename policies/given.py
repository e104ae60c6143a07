"""The facts that a test of a policy gives, as a source, and what it forgot to give."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from facts.plan import Needs
from facts.reasons import REASONS
from facts.source import Key, Reading
from facts.spec import Type
from facts.status import COMPLETE, Condition, Reason, Status, condition
from facts.tables import SPECS
from policies.errors import Problem
from policies.model import Cell, CheckTest, GivenColumn, GivenTable, Policy
from policies.nodes import Node

Rows: TypeAlias = tuple[Mapping[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class GivenFacts:
    """A `Source` of what a test gives; what it does not give was not recorded."""

    tables: Mapping[str, GivenTable]
    now: str
    asked: set[str] = field(default_factory=set)
    """The keyed tables that were asked for a key."""

    @classmethod
    def of(cls, test: CheckTest) -> "GivenFacts":
        """The facts as `test` states them."""
        tables = {
            name: given if isinstance(given, GivenTable) else GivenTable("complete", rows=given)
            for name, given in test.given.items()
        }
        return cls(tables, test.now)

    def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
        """See `Source.read`."""
        given = self.tables.get(table)
        if given is None:
            missing = condition(Status.UNREADABLE, "not_recorded", table)
            return Reading((), self.now, missing)
        if key is not None:
            self.asked.add(table)
        rows = (row for row in given.rows if key is None or key.names(row.get(key.column)))
        return Reading(
            tuple(tuple(row.get(column) for column in columns) for row in rows),
            self.now,
            _condition(given),
            {name: _condition(how) for name, how in given.columns.items() if name in columns},
        )

    def vary(self, change: Callable[[Rows], Rows]) -> "GivenFacts":
        """The same facts with the rows of every table changed."""
        tables = {
            name: GivenTable(
                given.status, given.reason, tuple(map(dict, change(given.rows))), given.columns
            )
            for name, given in self.tables.items()
        }
        return replace(self, tables=tables, asked=set())

    def without(self, table: str, column: str | None) -> "GivenFacts":
        """The same facts with a column, or a whole table, not recorded."""
        tables = dict(self.tables)
        given = tables.pop(table)
        if column is not None:
            gone = GivenColumn("unreadable", ("not_recorded", f"{table}.{column}"))
            columns = {**given.columns, column: gone}
            tables[table] = GivenTable(given.status, given.reason, given.rows, columns)
        return replace(self, tables=tables, asked=set())


def omissions(policy: Policy, test: CheckTest, read: Needs, node: Node) -> Iterator[Problem]:
    """What `test`, at `node`, has to say and does not, for a check that reads `read`."""
    for name in sorted(read):
        if name in policy.registers and name not in test.registers:
            place = node.at("registers")
            yield place.problem(f"the register {name} is read but not given", f"write `{name}: []`")
        elif name in SPECS and name not in test.given:
            place = node.at("given")
            yield place.problem(f"table {name} is read but not given", f"write `{name}: []`")
    for name in sorted(test.registers.keys() - policy.registers.keys()):
        yield node.at("registers", name).problem(f"no register {name}", "declare or remove it")
    for name in sorted(test.parameters.keys() - policy.parameters.keys()):
        yield node.at("parameters", name).problem(f"no parameter {name}", "declare or remove it")
    for name, given in test.given.items():
        place = node.at("given", name)
        if name not in SPECS:
            yield place.problem(f"no table {name}", "see `anfang tables`; registers stand apart")
        elif isinstance(given, GivenTable):
            yield from _of_reason(place, given.reason)
            for column, how_well in given.columns.items():
                yield from _of_reason(place.at("columns", column), how_well.reason)
            yield from _of_rows(name, given.rows, read, place.at("rows"))
        else:
            yield from _of_rows(name, given, read, place)
    yield from _of_reason(node.at("reason"), (test.reason,) if test.reason else ())


def _of_rows(table: str, rows: Rows, read: Needs, place: Node) -> Iterator[Problem]:
    types = {column.name: column.type for column in SPECS[table].columns}
    for index, row in enumerate(rows):
        node = place.at(index)
        for column in sorted(read.get(table, frozenset()) - row.keys()):
            yield node.problem(f"{table}.{column} is read but not given", "give it, or null")
        for column, cell in row.items():
            if column not in types:
                yield node.at(column).problem(f"no column {table}.{column}", "correct the name")
            elif types[column] is Type.TEXT and isinstance(cell, int):
                yield node.at(column).problem(f"{table}.{column} is text", f"write '{cell}'")
            elif types[column] is Type.INTEGER and isinstance(cell, str):
                yield node.at(column).problem(f"{table}.{column} is an integer", "remove quotes")


def _of_reason(node: Node, reason: tuple[str, ...]) -> Iterator[Problem]:
    if reason and reason[0] not in REASONS:
        yield node.problem(f"no reason code {reason[0]}", f"use one of {', '.join(REASONS)}")


def _condition(given: GivenTable | GivenColumn) -> Condition:
    if given.status == "complete":
        return COMPLETE
    return Condition(Status(given.status), Reason(given.reason[0], given.reason[1:]))
