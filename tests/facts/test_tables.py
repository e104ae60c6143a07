"""Every kind of fact is specified so that planners, collectors and auditors can rely on it."""

from pathlib import Path

import pytest

from facts import tables
from facts.catalogue import Catalogue
from facts.denied import DENIED
from facts.plan import Planner, whole
from facts.spec import Kind, Privacy, TableSpec
from facts.tables import BASELINE, SPECS


@pytest.fixture(params=sorted(SPECS), name="spec")
def _spec(request: pytest.FixtureRequest) -> TableSpec:
    return SPECS[request.param]


def test_no_family_hides_another_ones_table() -> None:
    """One name is one kind of fact, and each module's tables are there."""
    modules = sorted(path.stem for path in Path(tables.__path__[0]).glob("[a-z]*.py"))
    families = [getattr(tables, module) for module in modules]

    assert sum(len(family.TABLES) for family in families) == len(SPECS)


def test_a_specification_says_what_an_auditor_needs(spec: TableSpec) -> None:
    """What it is, where it is read, and what each column means."""
    assert spec.doc.endswith(".")
    assert spec.source
    assert spec.version >= 1
    for column in spec.columns:
        assert column.doc.endswith((".", "…")), column.name
        assert (column.privacy is Privacy.DEIDENTIFIED) is bool(column.identifier), column.name


def test_only_keyed_tables_have_keys(spec: TableSpec) -> None:
    """A keyed table can be asked, and by something that is recorded as it is."""
    keys = [column for column in spec.columns if column.key]

    assert bool(keys) is (spec.kind is Kind.KEYED)
    assert all(key.privacy is Privacy.PUBLIC for key in keys)


def test_every_table_can_be_planned(spec: TableSpec) -> None:
    """Names and numbers of columns are such as SQL can carry."""
    planner = Planner(Catalogue(SPECS))
    where = next((f" WHERE {c.name} = ''" for c in spec.columns if c.key), "")
    columns = sorted(whole(spec.name, planner.catalogue)[spec.name])

    needs = planner.plan(f"SELECT {', '.join(columns)} FROM {spec.name}{where}").needs

    assert needs == whole(spec.name, planner.catalogue)


def test_the_baseline_is_recorded_whole() -> None:
    """Tables that every snapshot has are full ones, and there."""
    assert all(SPECS[name].kind is Kind.FULL for name in BASELINE)


def test_nothing_denied_is_offered() -> None:
    """What is denied by design has no specification."""
    assert not SPECS.keys() & DENIED.keys()
