"""Mutants: which mistakes are made, that a weak test is found, and what may be listed."""

from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import MalformedPolicyError, PolicyError
from policies.load import LIBRARY, load
from policies.mutate import equivalents, mutate, problems
from policies.mutate_sql import mutants
from policies.mutate_tokens import tokens, tree
from tests.policies import samples


def made(sql: str) -> set[str]:
    return {mutant.sql for mutant in mutants(sql, ["days"])}


def where(condition: str) -> set[str]:
    """The mutated conditions of one query."""
    front = "SELECT a FROM t WHERE "
    return {sql.removeprefix(front) for sql in made(front + condition)}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 'it''s -- no comment' x", ["SELECT", "'it''s -- no comment'", "X"]),
        ("a -- 'text'\n/* (open */ = b", ["A", "=", "B"]),
        ('"a b".[c d] <> `e`', ['"a b"', ".", "[c d]", "<>", "`e`"]),
        ("x'0f' || :name >= 1.5e3", ["x'0f'", "||", ":name", ">=", "1.5e3"]),
        ("a->>'$.b'", ["A", "->>", "'$.b'"]),
    ],
)
def test_sql_is_read_as_sqlite_reads_it(sql: str, said: list[str]) -> None:
    """Texts, comments and quoted names hide what stands in them."""
    assert [token.said for token in tokens(sql)] == said


@pytest.mark.parametrize("sql", ["SELECT 'open", "SELECT (1", "SELECT 1)", "CASE (1 END)", '"x'])
def test_what_is_not_closed_is_refused(sql: str) -> None:
    """Nothing is made of SQL that is no SQL."""
    with pytest.raises(ValueError, match=r"end|close"):
        tree(sql)


@given(st.text(st.sampled_from("a'\"`()[]- \n*/=<>:1E"), max_size=30))
def test_whatever_is_written_is_read_or_refused(sql: str) -> None:
    """Tokens never overlap, and stand in the order of the text."""
    try:
        found = list(tokens(sql))
    except ValueError:
        return

    ends = [0, *(token.end for token in found)]
    assert all(token.start >= end for token, end in zip(found, ends, strict=False))


@pytest.mark.parametrize(
    ("condition", "mutated"),
    [
        ("a = b", {"a <> b", "1"}),
        ("a < b", {"a <= b", "a >= b", "1"}),
        ("a >= b", {"a > b", "a < b", "1"}),
        ("a AND b", {"1 AND b", "a AND 1", "a OR b"}),
        ("a OR b", {"0 OR b", "a OR 0", "a AND b"}),
        ("a BETWEEN b AND c", {"1"}),
        ("NOT (a)", {" (a)", "1"}),
        ("a IS NULL", {"a IS NOT NULL", "1"}),
        ("a IS NOT NULL", {"a IS  NULL", "1"}),
        ("a LIKE 'b%'", {"a NOT LIKE 'b%'", "a LIKE 'b%~'", "1"}),
        ("a IN ('x', 'y')", {"a NOT IN ('x', 'y')", "a IN ('y')", "a IN ('x')", "1"}),
        ("a IN (SELECT b FROM u)", {"a NOT IN (SELECT b FROM u)", "1"}),
        ("EXISTS (SELECT 1 FROM u)", {"NOT EXISTS (SELECT 1 FROM u)", "1"}),
        ("f(a, 3)", {"f(a, 4)", "f(a, 2)", "1"}),
        ("f(:days, :name)", {"f((:days + 1), :name)", "f((:days - 1), :name)", "1"}),
        ("CASE a WHEN b THEN c END", {"1"}),
        ("CASE WHEN a THEN b END", {"CASE WHEN 1 THEN b END", "1"}),
    ],
)
def test_each_mistake_is_made_alone(condition: str, mutated: set[str]) -> None:
    """Every mutant of a condition, and no other."""
    assert where(condition) == mutated


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'loaded' AS state, a = 1, (SELECT b FROM u WHERE c = 'd') FROM t",
        "WITH x AS (SELECT 1 FROM t) SELECT 2 FROM x UNION SELECT 3 FROM x",
        "SELECT a FROM t CROSS JOIN u",
        "SELECT 'a = 1 AND b' FROM t -- WHERE a = 1",
    ],
)
def test_what_an_evidence_row_shows_is_left_alone(sql: str) -> None:
    """The list of the outermost SELECT does not decide whether there is a row."""
    assert made(sql) == set()


def test_joins_become_the_other_kind_where_that_can_show() -> None:
    """A condition on the joined table refuses what a LEFT JOIN adds."""
    assert "SELECT a FROM t LEFT JOIN u USING (k)" in made("SELECT a FROM t JOIN u USING (k)")
    assert "SELECT a FROM t  JOIN u USING (k)" in made("SELECT a FROM t LEFT JOIN u USING (k)")
    refused = "SELECT a FROM t JOIN u ON u.k = t.k WHERE u.b = 1"
    assert not any("LEFT" in sql for sql in made(refused))


def test_every_mutant_of_a_text_has_a_text_of_its_own() -> None:
    """Mutants are told apart by the line they change, and by their number where it is the same."""
    sql = "SELECT a FROM t\nWHERE a = 1\nUNION\nSELECT b FROM t\nWHERE a = 1"

    texts = [mutant.text for mutant in mutants(sql)]

    assert len(texts) == len(set(texts))
    assert {"WHERE a [= → <>] 1", "WHERE a [= → <>] 1 #2"} <= set(texts)


def test_mutants_are_sql(tmp_path: Path) -> None:
    """SQLite accepts what is made of ordinary conditions."""
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t(a, b)")
    sql = "SELECT a FROM t WHERE (a, b) NOT IN (SELECT b, a FROM t) OR a IN (1, 2) AND b IS NULL"

    for mutated in made(sql):
        connection.execute(mutated).fetchall()


def results(directory: Path, **changes: Any) -> tuple[str, ...]:
    """The survivors of the sample check."""
    (found,) = mutate(samples.loaded(directory, samples.policy(**changes)))
    assert found.count > len(found.survivors)
    return found.survivors


def test_a_missing_test_leaves_a_survivor(tmp_path: Path) -> None:
    """What no test tells apart survives; the test that does kills it."""
    other = samples.TESTS[0] | {
        "name": "another model is registered",
        "registers": {"approved_usb": [{"vendor_id": "0781", "model_id": "0000"}]},
    }

    text = "violations: WHERE a.vendor_id = d.vendor_id AND [a.model_id = d.model_id → 1])"
    assert text in results(tmp_path)
    assert text not in results(tmp_path, tests=[*samples.TESTS, other])


def test_a_test_that_does_not_hold_proves_nothing(tmp_path: Path) -> None:
    """Mutants are only told from a check that its tests confirm."""
    wrong = samples.policy(tests=[samples.TESTS[0] | {"verdict": "pass"}])

    with pytest.raises(PolicyError, match="fail, where pass is said"):
        list(mutate(samples.loaded(tmp_path, wrong)))


def test_the_list_holds_what_survives_and_nothing_else(tmp_path: Path) -> None:
    """An unlisted survivor is a problem, and so is a listed mutant that does not survive."""
    file = samples.loaded(tmp_path, samples.policy())
    found = list(mutate(file))
    texts = found[0].survivors
    (tmp_path / "mutants").mkdir()
    ours, gone = ["CEP-USB-003"], ["violations: gone"]
    listed = [
        {"checks": ours, "mutants": texts[1:], "reason": samples.T},
        {"checks": [*ours, "CEP-USB-999"], "mutants": gone, "reason": samples.T},
    ]
    samples.write(tmp_path / "mutants", {"equivalent": listed})

    said = [str(p) for p in problems(file, found, equivalents(tmp_path / "p.yaml"))]

    assert len(said) == 3
    assert f"survives: {texts[0]}" in said[0]
    assert "mutants/p.yaml" in said[1]
    assert "no survivor: violations: gone" in said[1]
    assert "CEP-USB-999" in said[2]


def test_a_list_of_another_shape_is_refused(tmp_path: Path) -> None:
    """With its file and line."""
    (tmp_path / "mutants").mkdir()
    samples.write(tmp_path / "mutants", {"equivalent": [{"checks": ["CEP-USB-003"]}]})

    with pytest.raises(MalformedPolicyError, match=r"p\.yaml:\d+: `mutants` is missing"):
        equivalents(tmp_path / "p.yaml")


PROVEN = {
    *("CEP-AGT-001", "CEP-USB-001", "CEP-USB-002", "CEP-USB-003", "CEP-USB-004", "CEP-USB-005"),
    *("CEP-USB-006", "CEP-USB-007", "CEP-USB-008", "CEP-RAD-001", "CEP-RAD-003", "CEP-RAD-005"),
    *("CEP-EGR-001", "CEP-EGR-003", "CEP-RMT-001", "CEP-RMT-002", "CEP-TUN-001", "CEP-TUN-005"),
    *("CEP-NET-001", "CEP-NET-002", "CEP-NET-007", "CEP-ACC-001", "CEP-ACC-002", "CEP-SSH-001"),
    *("CEP-AUD-001", "CEP-AUD-004"),
}
"""The shipped checks whose tests notice every mistake that is made here."""


def test_no_mistake_in_these_shipped_checks_goes_unnoticed() -> None:
    """No unlisted survivor, and nothing listed in vain."""
    path = LIBRARY / "cii-host.yaml"
    file = load(path)

    found = list(mutate(file, PROVEN))

    assert {each.check for each in found} == PROVEN
    assert [str(problem) for problem in problems(file, found, equivalents(path))] == []
