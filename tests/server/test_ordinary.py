"""The ordinary server of the made-up unit holds all that the shipped policy reads, and passes."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from evidence.statement import Verdict
from facts.engine import Engine
from facts.plan import Planner
from policies.given import GivenFacts, omissions
from policies.judge import catalogue, judge, needs
from policies.model import CheckTest
from policies.nodes import Node
from policies.registers import read_register, write_register
from server import assigning, clock
from tests.server.ordinary import FLAWS, Facts, ordinary, with_flaws
from tests.server.wellkept import register

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PLACE = Node("tests/server/wellkept.py", 0, None)
HARMLESS = {"approved stick", "no usb", "stick at night"}
"""The last has its time, and with it its meaning, from the report that it is in."""
POLICY = assigning.read_policy("cii-host").policy


def _given(flaws: Iterable[str] = ()) -> CheckTest:
    """A server with these flaws, as a test of a check would state it."""
    facts: Facts = with_flaws(ordinary("10.1.1.10", NOW), flaws)
    told: Mapping[str, Any] = {
        "name": "-",
        "given": facts,
        "registers": {name: _approved(name) for name in POLICY.registers},
        "verdict": "pass",
        "now": clock.stamp(NOW),
    }
    return msgspec.convert(told, CheckTest)


def _approved(name: str) -> list[dict[str, str]]:
    columns = POLICY.registers[name].columns
    rows = csv.DictReader(register(name, columns).splitlines())
    return [{column: row[column] for column in columns} for row in rows]


def _judged(given: CheckTest) -> tuple[Verdict, ...]:
    tables = catalogue([POLICY])
    engine = Engine(GivenFacts.of(given), catalogue=tables, now=given.now)
    for _ in engine.load(needs([POLICY], engine)):
        pass
    registers = {
        name: read_register(*write_register(name, POLICY.registers[name].columns, rows or ()))
        for name, rows in given.registers.items()
    }
    return tuple(judge([POLICY], engine, registers, {}))


def test_every_table_and_column_that_is_read_is_given() -> None:
    """A check that reads another has it added to tests/server/wellkept.py."""
    read = needs([POLICY], Planner(catalogue([POLICY])))
    hosts = [_given(), *(_given([flaw]) for flaw in FLAWS)]

    lacking = {str(found) for host in hosts for found in omissions(POLICY, host, read, PLACE)}

    assert lacking == set()


def test_all_is_well_with_it() -> None:
    """What it does not have is not applicable, and the unit approved the rest."""
    verdicts = _judged(_given())

    wrong = [v for v in verdicts if v.verdict not in ("pass", "not_applicable")]
    assert [(v.check, v.verdict, v.rows, v.reasons) for v in wrong] == []


@pytest.mark.parametrize("flaw", sorted(FLAWS.keys() - HARMLESS))
def test_a_flaw_is_noticed(flaw: str) -> None:
    """A check that passes without it fails, or cannot tell."""
    before = {v.check: v.verdict for v in _judged(_given())}

    after = {v.check: v.verdict for v in _judged(_given([flaw]))}

    passing = {check for check, outcome in before.items() if outcome == "pass"}
    assert {after[check] for check in passing} & {"fail", "unknown"}
