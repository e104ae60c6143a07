"""What every table promises, whatever its source looks like: true types, no crash, no silence."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from collectors.errors import condition_of
from collectors.host import Host, LiveHost
from collectors.interface import Observed
from collectors.registry import COLLECTORS, collector
from evidence.canonical import Cell
from facts.reasons import REASONS
from facts.spec import Column, Kind, TableSpec, Type
from facts.status import Condition
from facts.tables import SPECS
from tests.collectors.faulty import REFUSED, SPOILED, Faulty

BUDGET_S = 2.0
"""CPU seconds for one table of this machine: no measurement, only far too much."""
FULL = sorted(name for name in COLLECTORS if SPECS[name].kind is Kind.FULL)


def observed(host: Host, table: str) -> Observed:
    """What the collector makes of all columns; an error of the host is its condition."""
    columns = frozenset(column.name for column in SPECS[table].columns)
    collect: Callable[..., Observed] = collector(table)
    try:
        return collect(host, columns)
    except OSError as e:
        return Observed((), condition_of(e, str(e.filename or table)))


def check(spec: TableSpec, found: Observed) -> None:
    """That rows, cells and conditions are such as the specification says."""
    columns = {column.name: column for column in spec.columns}
    for row in found.rows:
        assert row.keys() <= columns.keys(), spec.name
        for name, cell in row.items():
            check_cell(columns[name], cell)
    assert found.columns.keys() <= columns.keys(), spec.name
    for condition in (found.condition, *found.columns.values()):
        check_condition(condition)


def check_cell(column: Column, cell: Cell) -> None:
    """That a cell is NULL or of its column's type, and fits."""
    kinds: dict[Type, Any] = {Type.TEXT: str, Type.DOUBLE: (float, int)}
    assert cell is None or isinstance(cell, kinds.get(column.type, int)), (column.name, cell)
    assert not isinstance(cell, bool), column.name
    if column.type in (Type.INTEGER, Type.BIGINT) and cell is not None:
        assert -(2**63) <= int(cell) < 2**63, (column.name, cell)


def check_condition(condition: Condition) -> None:
    """That a status other than complete has a reason with words."""
    assert condition.complete is (condition.reason is None)
    if condition.reason is not None:
        assert condition.reason.code in REASONS


def silent(found: Observed) -> bool:
    """Whether nothing says that anything is missing."""
    return found.condition.complete and all(each.complete for each in found.columns.values())


@pytest.mark.parametrize("table", FULL)
def test_a_table_is_what_its_specification_says(table: str) -> None:
    """Columns, types, ranges and reasons hold on this machine, within a budget."""
    began = time.process_time()

    found = observed(LiveHost(), table)

    check(SPECS[table], found)
    assert time.process_time() - began < BUDGET_S


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("table", FULL)
def test_what_cannot_be_read_is_never_complete(table: str, fault: str) -> None:
    """A source that is forbidden, covered, too large or failing shows."""
    host = Faulty(REFUSED[fault])

    found = observed(host, table)

    check(SPECS[table], found)
    assert not (host.touched and silent(found)), host.touched[:3]


@pytest.mark.parametrize("fault", SPOILED)
@pytest.mark.parametrize("table", FULL)
def test_whatever_a_source_holds_a_collector_lives(table: str, fault: str) -> None:
    """Nothing that a file, link or program says ends in a crash or in a cell that is none."""
    began = time.process_time()

    found = observed(Faulty(SPOILED[fault]), table)

    check(SPECS[table], found)
    assert time.process_time() - began < BUDGET_S
