"""The agent's own tables say what it is told, what it saw last, and what that cost."""

import json
from pathlib import Path
from typing import Any

from agent.spool import Spool
from agent.state import State
from evidence.statement import Report
from facts.tables import SPECS
from tests.agent.enrolled import enrolled, library
from tests.agent.running import anfang


def asked(sql: str, state: State | Path) -> list[dict[str, Any]]:
    """The rows of the answer."""
    answer = anfang("query", sql, "--json", state=state)
    rows: list[dict[str, Any]] = json.loads(answer.stdout)
    return rows


def reported(state: State) -> Report:
    """The newest report in the spool."""
    spool = Spool(state)
    return spool.entry(spool.sequences()[-1]).statement.predicate


def test_policies_and_registers_are_those_of_the_assignment(tmp_path: Path) -> None:
    """Names, versions and digests are the ones that the server signed."""
    played = enrolled(tmp_path)
    library(played)
    assigned = played.state.assigned

    policies = asked("SELECT * FROM anfang_policies", played.state)
    registers = asked("SELECT * FROM anfang_registers", played.state)

    assert assigned is not None
    assert [(row["name"], row["version"], row["sha256"]) for row in policies] == [
        (ref.policy, ref.version, ref.digest.sha256) for ref in assigned.assignment.policies
    ]
    assert {row["assignment"] for row in policies} == {assigned.digest}
    assert [row["name"] for row in registers] == [ref.name for ref in assigned.assignment.registers]


def test_tables_have_the_status_of_the_last_report(tmp_path: Path) -> None:
    """Every kind of fact is listed; what the report holds has its status there."""
    state = enrolled(tmp_path).state
    anfang("scan", state=state)

    rows = {row["name"]: row for row in asked("SELECT * FROM anfang_tables", state)}

    assert rows.keys() == SPECS.keys()
    entries = {entry.name: entry for entry in reported(state).tables}
    for name, row in rows.items():
        entry = entries.get(name)
        found = None if entry is None else (entry.condition.status, entry.row_count, entry.read_at)
        assert found == (None if entry is None else (row["status"], row["rows"], row["read_at"]))
        assert entry is not None or row["status"] is None
    assert rows["users"]["status"] == "complete"


def test_the_budget_stands_beside_what_was_used(tmp_path: Path) -> None:
    """Limits are the configuration's, figures the last report's; before one there are none."""
    state = enrolled(tmp_path).state
    (before,) = asked("SELECT * FROM anfang_budget", state)
    anfang("scan", state=state)

    (after,) = asked("SELECT * FROM anfang_budget", state)

    assert (before["cpu_limit_s"], before["cpu_ms"]) == (10, None)
    cost = reported(state).cost
    assert (after["cpu_ms"], after["wall_ms"], after["peak_kib"]) == (
        cost.cpu_ms,
        cost.wall_ms,
        cost.peak_kib,
    )


def test_a_state_that_may_not_be_read_is_denied(tmp_path: Path) -> None:
    """A damaged or forbidden state directory reads as no table that is empty."""
    state = enrolled(tmp_path).state
    (state.root / "host.json").write_text("{")

    answer = anfang("query", "SELECT * FROM anfang_policies", state=state)

    assert answer.returncode == 3
    assert "anfang_policies" in answer.stderr
