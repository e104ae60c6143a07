"""What a new policy changes, in words and on hosts that were recorded under the old one."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from policies.diff import Effect, changes, effects
from policies.model import Policy
from policies.recompute import Recomputer
from policies.rejudge import GivenRegister, GivenTable, Job
from tests.agent.enrolled import POLICY, enrolled
from tests.agent.running import anfang
from tests.policies import reports, samples


@pytest.fixture(scope="module")
def child() -> Iterator[Recomputer]:
    with Recomputer() as started:
        yield started


def typed(value: dict[str, Any]) -> Policy:
    return msgspec.convert(value, Policy)


def fields(**changed: Any) -> dict[str, tuple[str | None, str | None]]:
    """What is told of the sample check with `changed` laid over it."""
    found = list(changes(typed(samples.policy()), typed(samples.policy(**changed))))
    return {field.name: (field.old, field.new) for change in found for field in change.fields}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, {}),
        ({"tests": samples.TESTS[:1]}, {}),
        ({"severity": "high"}, {"severity": ("critical", "high")}),
        ({"measure": None}, {"measure": ("remove", None)}),
        ({"violations": "SELECT 1 AS a FROM usb_devices"}, {"violations": (None, None)}),
        ({"applies": None}, {"applies": (None, None)}),
        ({"why": samples.T}, {"wording": (None, None)}),
        (
            {"clauses": [{"ref": "MSS-2021-1:10.3", "certainty": "verified"}]},
            {"clause MSS-2021-1:10.3": ("supported", "verified")},
        ),
        (
            {"clauses": [{"ref": "CEL-2023:20", "certainty": "memory"}]},
            {
                "clause MSS-2021-1:10.3": ("supported", None),
                "clause CEL-2023:20": (None, "memory"),
            },
        ),
    ],
)
def test_each_difference_of_a_check_is_told(
    changed: dict[str, Any], told: dict[str, tuple[str | None, str | None]]
) -> None:
    """What decides is told apart from what only words it; tests are no part of a policy."""
    if told.keys() & {"violations", "applies"}:
        assert told.items() <= fields(**changed).items()
    else:
        assert fields(**changed) == told


def test_checks_come_and_go() -> None:
    """Added, and removed."""
    old, new = samples.policy(), samples.policy(id="CEP-USB-004")

    found = [(c.check, c.kind) for c in changes(typed(old), typed(new))]

    assert found == [("CEP-USB-004", "added"), ("CEP-USB-003", "removed")]


def test_what_a_check_reads_of_its_policy_counts() -> None:
    """A parameter's default and a register's columns, though the check says the same."""
    old = samples.policy(parameters=["days"])
    new = copy.deepcopy(old)
    new["parameters"]["days"]["default"] = 365
    new["registers"]["approved_usb"]["columns"].append("serial")

    (change,) = changes(typed(old), typed(new))

    assert [(f.name, f.old, f.new) for f in change.fields] == [
        ("parameter days", "180 (1 … 3650)", "365 (1 … 3650)"),
        ("register approved_usb", "vendor_id, model_id", "vendor_id, model_id, serial"),
    ]


def judged(child: Recomputer, new: dict[str, Any]) -> list[Effect]:
    """What `new` changes on a host with an unregistered stick, recorded under the sample policy."""
    old = samples.policy()
    made = reports.make([old], samples.STICK, {"approved_usb": []})
    snapshot = Job(
        now=made.report.scan.started,
        tables=tuple(GivenTable(e, made.tables[e.name]) for e in made.report.tables),
        policies=(),
        registers=tuple(GivenRegister(r, made.registers[r.name]) for r in made.report.registers),
        parameters={},
    )
    return effects(typed(old), typed(new), snapshot, child)


def test_a_policy_that_means_the_same_has_no_effect(child: Recomputer) -> None:
    """Other words, or the same SQL written otherwise."""
    sql = samples.CHECK["violations"].replace("= '08'", "IN ('08')")

    assert judged(child, samples.policy(why=samples.T, violations=sql)) == []


def test_a_verdict_that_turns_is_told_with_its_rows(child: Recomputer) -> None:
    """Old verdict, new verdict, and the row that goes."""
    sql = samples.CHECK["violations"] + " AND d.vendor_id <> '0781'"

    (effect,) = judged(child, samples.policy(violations=sql))

    assert effect.old is not None
    assert effect.new is not None
    assert (effect.old.verdict, effect.new.verdict) == ("fail", "pass")
    assert effect.gone == (("0781", "5581", "1-1"),)
    assert effect.come == ()


def test_what_was_not_recorded_is_unknown_and_never_passes(child: Recomputer) -> None:
    """The old policy did not ask for the serial number, nor for that table."""
    column = samples.CHECK["violations"] + " AND d.serial = 'x'"
    table = samples.CHECK["violations"] + " AND EXISTS (SELECT 1 FROM kernel_modules)"

    for sql in (column, table):
        (effect,) = judged(child, samples.policy(violations=sql))

        assert effect.new is not None
        assert effect.new.verdict == "unknown"
        assert "not_recorded" in [reason.code for reason in effect.new.reasons]


def test_a_check_that_is_new_has_no_old_verdict(child: Recomputer) -> None:
    """All its rows come; those of the removed one go."""
    by_id = {effect.check: effect for effect in judged(child, samples.policy(id="CEP-USB-004"))}

    assert by_id["CEP-USB-004"].old is None
    assert len(by_id["CEP-USB-004"].come) == 1
    assert by_id["CEP-USB-003"].new is None
    assert len(by_id["CEP-USB-003"].gone) == 1


def test_the_command_tells_it_of_real_reports(tmp_path: Path) -> None:
    """A scanned host's parcel: what would fail no longer, and what cannot be told."""
    old, new, out = (tmp_path / name for name in ("old.yaml", "new.yaml", "out.parcel"))
    old.write_text(POLICY, encoding="utf-8")
    changed = POLICY.replace("WHERE uid = 0", "WHERE uid = 0 AND username <> 'root'")
    changed = changed.replace("name = ''", "name = '' OR pretty_name_x = ''")
    changed = changed.replace("pretty_name_x", "codename").replace("2026.11.0", "2026.12.0")
    new.write_text(changed, encoding="utf-8")
    state = enrolled(tmp_path).state
    anfang("scan", "--out", str(out), state=state)

    said = anfang("policy", "diff", str(old), str(new), "--report", str(out))
    told = anfang("policy", "diff", str(old), str(new), "--report", str(out), "--json")

    assert said.returncode == 0, said.stderr
    assert "small 2026.11.0 → small 2026.12.0" in said.stdout
    assert "CEP-AGT-902  fail 1 row → pass" in said.stdout
    assert "- Account root has id 0" in said.stdout
    assert "not verified here" in said.stderr
    (host,) = json.loads(told.stdout)["hosts"]
    assert "CEP-AGT-902" in {effect["check"] for effect in host["effects"]}


@pytest.mark.parametrize("what", ["no parcel", ""])
def test_what_is_no_parcel_is_refused(tmp_path: Path, what: str) -> None:
    """Exit 2, naming the trouble."""
    path = tmp_path / "x"
    path.write_text(what)

    done = anfang("policy", "diff", "cii-host", "cii-host", "--report", str(path))

    assert done.returncode == 2
    assert "not an intact parcel" in done.stderr
