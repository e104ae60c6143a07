"""Every kind of fact is specified so that planners, collectors and auditors can rely on it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from facts import tables
from facts.catalogue import Catalogue
from facts.denied import DENIED
from facts.plan import Planner, whole
from facts.spec import Kind, Privacy, TableSpec
from facts.tables import BASELINE, SPECS
from facts.words import Words

PRIVILEGE = re.compile(r"root|CAP_[A-Z_]+(, CAP_[A-Z_]+)*")
ROOT_ONLY = re.compile(r"/etc/shadow|/proc/<pid>/(fd|exe|io)|.*/sshd -T|/sys/class/dmi/id")
"""Sources that a plain user cannot read, or cannot read whole."""
HAN = r"[\u4e00-\u9fff]"
FULL_WIDTH = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
HALF_WIDTH = re.compile(rf"{HAN} ?[,.;:!?()]|[,.;:!?()] ?{HAN}")
CODE = re.compile(r"`[^`]*`|\b[a-z0-9]+\([1-9]\)|::[a-f0-9.:]*")
"""What is ASCII in either language: quoted values, pages of the manual, IPv6 addresses."""


@pytest.fixture(params=sorted(SPECS), name="spec")
def _spec(request: pytest.FixtureRequest) -> TableSpec:
    return SPECS[request.param]


def said(spec: TableSpec) -> Iterator[tuple[str, Words]]:
    """Everything that a person reads about `spec`, and where it stands."""
    yield spec.name, spec.doc
    if spec.notes is not None:
        yield f"{spec.name} (notes)", spec.notes
    for column in spec.columns:
        yield f"{spec.name}.{column.name}", column.doc


def test_no_family_hides_another_ones_table() -> None:
    """One name is one kind of fact, and each module's tables are there."""
    modules = sorted(path.stem for path in Path(tables.__path__[0]).glob("[a-z]*.py"))
    families = [getattr(tables, module) for module in modules]

    assert sum(len(family.TABLES) for family in families) == len(SPECS)


def test_both_languages_say_it(spec: TableSpec) -> None:
    """Chinese and English are whole sentences, each in its own writing and punctuation."""
    for where, words in said(spec):
        running = CODE.sub("", words.zh)

        assert re.search(HAN, running), where
        assert running.endswith("。"), where
        assert not HALF_WIDTH.search(running), where
        assert not re.search(FULL_WIDTH, words.en), where
        assert words.en.endswith("."), where


def test_both_languages_quote_the_same_values(spec: TableSpec) -> None:
    """A value that one of them names is named in the other."""
    for where, words in said(spec):
        zh, en = (sorted(set(re.findall(r"`[^`]*`", text))) for text in (words.zh, words.en))

        assert zh == en, where


def test_a_specification_says_what_an_auditor_needs(spec: TableSpec) -> None:
    """Where it is read, with which privilege, and what a digest stands for."""
    names = [column.name for column in spec.columns]

    assert spec.version >= 1
    assert len(set(names)) == len(names)
    assert spec.source
    assert all(source.isascii() for source in spec.source)
    assert not spec.privilege or PRIVILEGE.fullmatch(spec.privilege)
    assert spec.privilege or not any(map(ROOT_ONLY.fullmatch, spec.source))
    for column in spec.columns:
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
