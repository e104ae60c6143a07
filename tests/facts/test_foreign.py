"""What osquery has and we have not: said by name, hidden columns as well as whole tables."""

import pytest

from facts.catalogue import Catalogue
from facts.denied import DENIED
from facts.errors import QueryError
from facts.foreign import hidden
from facts.plan import Planner
from facts.reasons import REASONS
from facts.tables import SPECS


@pytest.fixture(scope="module", name="keyboard")
def _keyboard() -> Planner:
    return Planner(Catalogue(SPECS, hidden=hidden(SPECS)), policy=False)


def test_every_hidden_column_can_be_asked_for_at_the_keyboard(keyboard: Planner) -> None:
    """And in a policy there is no such column."""
    policies = Planner(Catalogue(SPECS))

    for table, columns in hidden(SPECS).items():
        key = keyboard.catalogue.keys.get(table)
        where = "" if key is None else f" WHERE {key[0]} = '/etc'"
        for column in columns:
            sql = f"SELECT {column} FROM {table}{where}"
            assert column in keyboard.plan(sql).needs[table]
            with pytest.raises(QueryError) as refusal:
                policies.plan(sql)
            assert refusal.value.code == "column_unknown"


def test_no_star_names_a_hidden_column(keyboard: Planner) -> None:
    """What people see of a table is what it has here."""
    starred = keyboard.plan("SELECT * FROM processes")

    assert starred.columns == tuple(column.name for column in SPECS["processes"].columns)


def test_every_table_that_is_not_offered_says_why(keyboard: Planner) -> None:
    """None that is left out by design is offered after all, and each has words."""
    assert set(DENIED.values()) <= REASONS.keys()
    assert {DENIED[table] for table in DENIED.keys() & SPECS.keys()} <= {"table_not_offered"}
    for table, code in DENIED.items() - {(table, DENIED.get(table, "")) for table in SPECS}:
        with pytest.raises(QueryError) as refusal:
            keyboard.plan(f"SELECT * FROM {table}")
        assert refusal.value.code == code
        assert table in str(refusal.value)
