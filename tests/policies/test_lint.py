"""Lint: each thing that is wrong with a policy of the right shape is found at its line."""

from pathlib import Path
from typing import Any

import pytest

from policies.errors import Problem
from policies.lint import lint
from tests.policies import samples


def problems(directory: Path, value: dict[str, Any]) -> list[Problem]:
    return lint(samples.loaded(directory, value))


def right(**changes: Any) -> dict[str, Any]:
    """A policy without a problem, with `changes` laid over its check."""
    value = samples.policy(**changes)
    del value["parameters"]
    return value


def test_a_right_policy_has_no_problems(tmp_path: Path) -> None:
    """Nothing is said where nothing is wrong."""
    assert problems(tmp_path, right()) == []


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"violations": "SELEC 1"}, "violations", "syntax error"),
        ({"violations": "SELECT x FROM usb_devices"}, "violations", "no column x"),
        ({"violations": "SELECT x FROM usb_device"}, "violations", "no table usb_device"),
        ({"violations": "SELECT cmdline FROM processes"}, "violations", "processes.cmdline"),
        ({"violations": "SELECT path FROM file"}, "violations", "path = "),
        (
            {"violations": 'SELECT vendor_id FROM usb_devices WHERE class = "08"'},
            "violations",
            "08",
        ),
        ({"applies": "SELECT 1; SELECT 2"}, "applies", "one statement"),
        ({"applies": "SELECT random()"}, "applies", "random"),
        ({"applies": "SELECT * FROM usb_devices"}, "applies", "`SELECT *`"),
        ({"violations": "SELECT d.* FROM usb_devices d"}, "violations", "`SELECT *`"),
        ({"violations": "SELECT lower(class) FROM usb_devices"}, "violations", "without a name"),
        ({"violations": "SELECT class, class FROM usb_devices"}, "violations", "two evidence"),
        ({"registers": []}, None, "the SQL reads `approved_usb`"),
        ({"violations": "SELECT vendor_id FROM usb_devices"}, "registers", "does not read"),
        (
            {"finding": {"zh": "介质 {serial}", "en": "medium {vendor_id}"}},
            "zh",
            "`{serial}` is no evidence column",
        ),
        ({"title": {"zh": "应如此。", "en": "So"}}, "zh", "full stop"),
        ({"title": {"zh": "应如此", "en": "So."}}, "en", "full stop"),
        ({"title": {"zh": "如此", "en": "So"}}, "zh", "requires nothing"),
        ({"why": {"zh": "because", "en": "because"}}, "zh", "`zh` without Chinese"),
        ({"why": {"zh": "因为", "en": "因为"}}, "en", "`en` with Chinese"),
        ({"tests": []}, "tests", "no tests"),
        ({"tests": samples.TESTS[:1]}, "tests", "no test with verdict pass, unknown"),
        ({"tests": samples.TESTS[:2] + samples.TESTS[3:]}, "tests", "not_applicable"),
        ({"tests": [*samples.TESTS, samples.TESTS[0]]}, "name", "`an unregistered stick` again"),
        ({"applies": None}, "tests", "not_applicable without `applies`"),
    ],
)
def test_what_is_wrong_is_found_at_its_line(
    tmp_path: Path, changes: dict[str, Any], key: str | None, said: str
) -> None:
    """The problem stands at the key that has to change, and says how."""
    found = problems(tmp_path, right(**changes))

    text = (tmp_path / "p.yaml").read_text(encoding="utf-8").splitlines()
    matching = [problem for problem in found if said in problem.message]
    assert matching, found
    assert all(problem.fix for problem in found)
    if key is not None:
        assert f'"{key}":' in text[matching[0].line - 1]


def test_expects_needs_no_finding(tmp_path: Path) -> None:
    """A sentence about a violation has no place where none is a row."""
    value = right(violations=None, expects=samples.CHECK["violations"])

    (problem,) = problems(tmp_path, value)

    assert problem.message == "`finding` without `violations`"


def test_parameters_are_declared_where_they_are_read(tmp_path: Path) -> None:
    """Read and not declared, declared and not read, listed and not read: each is told."""
    sql = samples.CHECK["violations"] + " AND :days > 0"
    both = samples.policy(violations=sql, parameters=["days"])
    unlisted = samples.policy(violations=sql)
    unread = samples.policy(parameters=["days"])
    undeclared = right(violations=sql)

    assert problems(tmp_path, both) == []
    assert [p.message for p in problems(tmp_path, unlisted)] == ["the SQL reads `days`"]
    assert {p.message for p in problems(tmp_path, unread)} == {
        "the SQL does not read `days`",
        "no check reads `days`",
    }
    assert any("days" in p.message for p in problems(tmp_path, undeclared))


def test_registers_and_data_nobody_reads_are_told(tmp_path: Path) -> None:
    """What is declared for nothing misleads the unit that adopts it."""
    value = right()
    value["registers"]["spare"] = {"columns": ["name"], "doc": samples.T}
    value["data"] = {"ports": {"columns": ["p"], "rows": [], "source": "x", "doc": samples.T}}

    messages = [problem.message for problem in problems(tmp_path, value)]

    assert messages == ["no check reads `spare`", "no check reads `ports`"]


def test_a_register_named_like_a_table_is_told(tmp_path: Path) -> None:
    """It would hide the facts."""
    value = right()
    value["registers"]["processes"] = {"columns": ["name"], "doc": samples.T}

    (problem,) = problems(tmp_path, value)

    assert "processes is a table of facts" in problem.message


def test_stars_that_are_no_columns_are_let_be(tmp_path: Path) -> None:
    """Products, counts, strings and comments hold stars too."""
    sql = (
        "SELECT count(*) AS n, max(2 * 3) AS m, 'SELECT *' AS s, '' AS vendor_id,"
        " '' AS model_id, '' AS port_path FROM approved_usb -- SELECT *"
    )

    assert problems(tmp_path, right(violations=sql)) == []
