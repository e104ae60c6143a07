"""Recomputation: an honest report holds; an edited one names the check; nothing missing passes."""

import dataclasses
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from evidence.statement import Condition, Digest, Reason, Report
from facts.functions import ALLOWED
from facts.tables import SPECS
from policies.errors import RecomputeError
from policies.recompute import Recomputed, Recomputer, recompute
from tests.policies import samples
from tests.policies.reports import Made, make

REGISTER: list[dict[str, Any]] = [{"vendor_id": "0781", "model_id": "5581"}]


def failing() -> Made:
    return make([samples.policy()], samples.STICK, {"approved_usb": []})


def checked(
    made: Made, report: Report | None = None, parts: Mapping[str, Mapping[str, bytes]] | None = None
) -> Recomputed:
    """`made` recomputed, with another report or other parts in place of its own."""
    made = dataclasses.replace(made, report=report or made.report, **(parts or {}))
    return recompute(made.report, made.tables, made.policies, made.registers)


def edited(report: Report, changes: Mapping[str, Any], index: int = 0) -> Report:
    """`report` with one verdict changed."""
    verdicts = list(report.verdicts)
    verdicts[index] = msgspec.structs.replace(verdicts[index], **changes)
    return msgspec.structs.replace(report, verdicts=tuple(verdicts))


@contextmanager
def killed() -> Iterator[Recomputer]:
    """A recomputer whose child was killed from outside before its first job."""
    others = set(psutil.Process().children())  # a server that serves other tests, say
    with Recomputer() as recomputer:
        (child,) = set(psutil.Process().children()) - others
        child.kill()
        yield recomputer


@pytest.mark.parametrize(
    ("given", "registers", "verdict"),
    [
        (samples.STICK, {"approved_usb": []}, "fail"),
        (samples.STICK, {"approved_usb": REGISTER}, "pass"),
        (samples.STICK, {}, "unknown"),
        (samples.TESTS[2]["given"], {"approved_usb": []}, "not_applicable"),
        (samples.TESTS[3]["given"], {"approved_usb": []}, "unknown"),
        ({"usb_devices": [samples.device()]}, {"approved_usb": []}, "unknown"),
    ],
    ids=["fail", "pass", "no register", "not applicable", "unreadable", "not recorded"],
)
def test_an_honest_report_holds(
    given: dict[str, Any], registers: dict[str, Any], verdict: str
) -> None:
    """Each kind of verdict, and its score, comes out the same in the child."""
    made = make([samples.policy()], given, registers)

    result = checked(made)

    assert made.report.verdicts[0].verdict == verdict
    assert result.holds
    assert result.verdicts == made.report.verdicts
    assert result.score == made.report.score


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "pass"),
        ("rows", ()),
        ("rows", (("0781", "5581", "2-1"),)),
        ("row_count", 2),
        ("rows_digest", Digest(sha256="0" * 64)),
        ("columns", ("vendor_id", "model_id", "port")),
        ("reasons", (Reason(code="hidepid", args=()),)),
    ],
)
def test_an_edited_verdict_names_its_check(field: str, value: object) -> None:
    """Whatever part of a verdict was changed before signing again is told."""
    made = failing()

    result = checked(made, edited(made.report, {field: value}))

    assert ("CEP-USB-003", field) in {(d.what, d.field) for d in result.differences}
    assert not result.holds


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pass_weight", 10),
        ("applicable_weight", 20),
        ("not_applicable_weight", 1),
        ("evaluated", 0),
        ("expected", 2),
        ("grade", "A"),
        ("oldest_fact", "2026-11-23T07:00:00Z"),
    ],
)
def test_an_edited_score_names_the_field(field: str, value: object) -> None:
    """The score is held against the recomputed one, number by number."""
    made = failing()
    lie = msgspec.structs.replace(made.report.score, **{field: value})

    result = checked(made, msgspec.structs.replace(made.report, score=lie))

    assert [(d.what, d.field) for d in result.differences] == [("score", field)]


def test_a_pattern_is_judged_again_from_what_it_found() -> None:
    """Its rows are those that it found at the scan, and one taken away shows."""
    check = {
        "registers": None,
        "applies": "SELECT 1 FROM file WHERE directory = '/etc/cron.d'",
        "violations": "SELECT f.path FROM file f WHERE f.path LIKE '/etc/cron.%/%'",
        "finding": None,
    }
    files = [
        {"path": f"/etc/cron.{when}/{name}", "directory": f"/etc/cron.{when}"}
        for when in ("d", "daily")
        for name in ("a", "b")
    ]
    honest = make([samples.policy(**check)], {"file": files}, {})
    table = honest.tables["file"].splitlines(keepends=True)
    (entry,) = honest.report.tables
    short = msgspec.structs.replace(entry, row_count=3)

    kept = checked(honest)
    hiding = checked(
        honest,
        msgspec.structs.replace(honest.report, tables=(short,)),
        {"tables": {"file": b"".join(table[1:])}},
    )

    assert kept.holds
    assert honest.report.verdicts[0].row_count == 4
    assert ("CEP-USB-003", "row_count") in {(d.what, d.field) for d in hiding.differences}


def test_an_edited_status_changes_what_is_recomputed() -> None:
    """Calling an unreadable table complete turns the unknown check into another verdict."""
    made = make([samples.policy()], samples.TESTS[3]["given"], {"approved_usb": []})
    complete = Condition(status="complete", reason=None)
    tables = tuple(
        msgspec.structs.replace(entry, condition=complete) for entry in made.report.tables
    )

    result = checked(made, msgspec.structs.replace(made.report, tables=tables))

    assert ("CEP-USB-003", "verdict", "unknown", "pass") in {
        (d.what, d.field, d.said, d.found) for d in result.differences
    }


def test_an_edited_row_of_facts_names_the_check() -> None:
    """A stick made to look like a registered one no longer fails, as the report says it does."""
    made = make(
        [samples.policy()], samples.STICK, {"approved_usb": [REGISTER[0] | {"vendor_id": "0782"}]}
    )
    devices = made.tables["usb_devices"].replace(b"0781", b"0782")

    result = checked(made, parts={"tables": {**made.tables, "usb_devices": devices}})

    assert "CEP-USB-003" in {d.what for d in result.differences}


@pytest.mark.parametrize(
    "change",
    [
        lambda verdicts: (),
        lambda verdicts: verdicts * 2,
        lambda verdicts: (*verdicts, msgspec.structs.replace(verdicts[0], check="CEP-USB-009")),
        lambda verdicts: (*verdicts, msgspec.structs.replace(verdicts[0], policy="other")),
    ],
    ids=["none", "twice", "a check nobody has", "a policy nobody has"],
)
def test_verdicts_too_few_or_too_many_are_told(change: Callable[[Any], Any]) -> None:
    """Every check has one verdict, and every verdict a check."""
    made = failing()

    result = checked(
        made, msgspec.structs.replace(made.report, verdicts=change(made.report.verdicts))
    )

    assert any(d.field == "verdict" for d in result.differences)


def test_a_policy_not_given_is_told() -> None:
    """Its checks and the score are not checked, which is not the same as equal."""
    made = failing()

    result = checked(made, parts={"policies": {}})

    assert result.differences == ()
    assert result.unchecked == ("policies/sample", "CEP-USB-003", "score")
    assert not result.holds


@pytest.mark.parametrize("part", ["tables", "registers"])
def test_what_is_withheld_leaves_its_checks_unchecked(part: str) -> None:
    """A check that reads a withheld table or register is named; nothing is judged without it."""
    made = failing()

    result = checked(made, parts={part: {}})

    assert result.differences == ()
    assert result.unchecked == ("CEP-USB-003",)


def test_checks_that_rest_on_what_is_there_are_still_checked() -> None:
    """Withholding one table does not shield a lie about another."""
    value = samples.policy()
    second = value["checks"][0] | {
        "id": "CEP-USB-004",
        "registers": [],
        "violations": "SELECT vendor_id FROM usb_devices",
        "applies": None,
        "finding": None,
    }
    value["checks"].append({k: v for k, v in second.items() if v is not None})
    made = make([value], samples.STICK, {"approved_usb": []})
    only = {"usb_devices": made.tables["usb_devices"]}

    result = checked(made, edited(made.report, {"verdict": "pass"}, 1), parts={"tables": only})

    assert result.unchecked == ("CEP-USB-003",)
    assert ("CEP-USB-004", "verdict") in {(d.what, d.field) for d in result.differences}


@pytest.mark.parametrize(
    ("part", "name", "data"),
    [
        ("tables", "usb_devices", b"[1]\n"),
        ("tables", "usb_devices", b"\xff\n"),
        ("registers", "approved_usb", b"x\n"),
        ("policies", "sample", b"{}"),
        ("policies", "sample", b'{"policy":"sample"}'),
    ],
)
def test_bytes_that_are_not_what_they_should_be_are_told(part: str, name: str, data: bytes) -> None:
    """A malformed part is a difference, not a crash."""
    made = failing()

    result = checked(made, parts={part: {**getattr(made, part), name: data}})

    assert [d.what.partition("/")[0] for d in result.differences] == [part]
    assert "CEP-USB-003" in result.unchecked


def test_another_version_under_the_same_name_is_told() -> None:
    """The bytes of the policy must be the ones that the report names."""
    made = failing()
    other = make([samples.policy(severity="low")], samples.STICK, {"approved_usb": []})

    result = checked(made, parts={"policies": other.policies})

    assert ("policies/sample", "digest") in {(d.what, d.field) for d in result.differences}


def test_a_host_that_ran_out_of_time_is_no_liar() -> None:
    """An unknown for want of time gains nothing, so a faster judge does not call it false."""
    made = failing()
    nothing = Digest(sha256=hashlib.sha256(b"").hexdigest())
    slow = edited(
        made.report,
        {
            "verdict": "unknown",
            "reasons": (Reason(code="over_time", args=()),),
            "columns": (),
            "rows": (),
            "row_count": 0,
            "rows_digest": nothing,
        },
    )
    score = msgspec.structs.replace(made.report.score, evaluated=0, grade=None)

    result = checked(made, msgspec.structs.replace(slow, score=score))

    assert result.differences == ()
    assert result.unchecked == ("CEP-USB-003",)


@pytest.mark.parametrize("verdict", ["pass", "not_applicable"])
def test_no_budget_excuses_a_verdict_that_helps(verdict: str) -> None:
    """Only an unknown can have run over; anything else that differs is false, score or no score."""
    made = failing()
    excuse = {"verdict": verdict, "reasons": (Reason(code="over_time", args=()),)}

    result = checked(made, edited(made.report, excuse))

    assert ("CEP-USB-003", "verdict") in {(d.what, d.field) for d in result.differences}
    assert result.unchecked == ()


def test_every_function_of_sql_works_in_the_locked_child() -> None:
    """Nothing that judging needs is imported too late."""
    calls = {
        "in_cidr_block": "in_cidr_block('::/0', '::1')",
        "inet_aton": "inet_aton('192.0.2.1')",
        "regex_match": "regex_match('a1', '[0-9]', 0)",
        "version_compare": "version_compare('1.2', '<', '1.10')",
        "split": "split('a b', ' ', 1)",
        "strftime": "strftime('%Y', 'now')",
        "datetime": "datetime('now', '-1 day')",
        "json_extract": "json_extract('[1]', '$[0]')",
        "like": "'a' LIKE 'A'",
        "replace": "replace('a', 'a', 'b')",
    }
    assert calls.keys() <= ALLOWED
    columns = ", ".join(f"{call} AS f_{name}" for name, call in calls.items())
    value = samples.policy(
        violations=f"SELECT {columns} FROM usb_devices",
        applies=None,
        finding=None,
        registers=[],
    )

    made = make([value], {"usb_devices": [samples.device()]}, {})

    assert made.report.verdicts[0].verdict == "fail"
    assert checked(made).holds


def test_one_child_serves_many_reports() -> None:
    """Reports do not touch one another."""
    made, other = failing(), make([samples.policy()], samples.STICK, {"approved_usb": REGISTER})

    with Recomputer() as recomputer:
        results = [
            recomputer.recompute(each.report, each.tables, each.policies, each.registers)
            for each in (made, other, made)
        ]

    assert [result.holds for result in results] == [True] * 3
    assert [result.verdicts[0].verdict for result in results] == ["fail", "pass", "fail"]


def test_a_child_that_breaks_off_is_no_answer() -> None:
    """Killed from outside, it leaves an error that says so, and neither verdict nor difference."""
    made = failing()

    with (
        killed() as recomputer,
        pytest.raises(RecomputeError, match="broke off"),
    ):
        recomputer.recompute(made.report, made.tables, made.policies, made.registers)


def test_what_breaks_a_child_leaves_the_next_report_unharmed() -> None:
    """One report in many that exhausts the child costs its own answer, not everyone's."""
    made = failing()

    with killed() as recomputer:
        with pytest.raises(RecomputeError):
            recomputer.recompute(made.report, made.tables, made.policies, made.registers)
        result = recomputer.recompute(made.report, made.tables, made.policies, made.registers)

    assert result.holds


def test_the_child_runs_without_collectors_environment_or_network() -> None:
    """Seen from inside: the modules, the variables, the descriptors of the real child's program."""
    root = str(Path(__file__).parents[2])
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import os, policies.rejudge\n"
        "print(sorted({'collectors', 'agent', 'server'} & sys.modules.keys()))\n"
        "print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    )

    child = subprocess.run(
        [sys.executable, "-I", "-c", code, root],
        capture_output=True,
        check=True,
        env={},
        text=True,
        timeout=60,
    )

    assert child.stdout == "[]\n[]\n"


@pytest.mark.parametrize("offset", [-1, 1, 97])
def test_a_table_in_a_version_that_is_not_known_is_not_read(offset: int) -> None:
    """Its columns may mean something else there: nothing is said of the checks that read it."""
    made = failing()
    version = SPECS["usb_devices"].version + offset
    tables = tuple(
        msgspec.structs.replace(entry, version=version) if entry.name == "usb_devices" else entry
        for entry in made.report.tables
    )

    result = checked(made, msgspec.structs.replace(made.report, tables=tables))

    assert result.differences == ()
    assert result.unchecked == (f"tables/usb_devices v{version}", "CEP-USB-003")
