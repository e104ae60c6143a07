"""Verdicts: what fails, what passes, and everything that is unknown instead."""

import random
from typing import Any

import msgspec
import pytest

from evidence.statement import MAX_EVIDENCE_ROWS, Verdict
from facts.engine import Engine
from policies.errors import ConflictError
from policies.given import GivenFacts
from policies.judge import catalogue, judge, needs, oldest_fact
from policies.model import CheckTest, Policy
from policies.registers import read_register, write_register
from tests.policies import samples

NOW = "2026-11-23T08:00:00Z"
UNREADABLE = {"status": "unreadable", "reason": ["foreign_mount", "/sys", "tmpfs"]}


def typed(*values: dict[str, Any]) -> list[Policy]:
    return [msgspec.convert(value, Policy) for value in values]


def loaded(policies: list[Policy], given: dict[str, Any]) -> Engine:
    test = msgspec.convert({"name": "-", "given": given, "verdict": "pass", "now": NOW}, CheckTest)
    engine = Engine(GivenFacts.of(test), catalogue=catalogue(policies), now=NOW)
    for _ in engine.load(needs(policies, engine)):
        pass
    return engine


def verdicts(
    policies: list[Policy],
    given: dict[str, Any],
    registers: dict[str, list[dict[str, Any]]] | None = None,
    parameters: dict[str, int | str] | None = None,
    columns: tuple[str, ...] = ("vendor_id", "model_id"),
) -> list[Verdict]:
    adopted = {
        name: read_register(*write_register(name, columns, rows))
        for name, rows in (registers or {}).items()
    }
    return list(judge(policies, loaded(policies, given), adopted, parameters or {}))


def only(sql: str, **changes: Any) -> list[Policy]:
    """A policy of one check that reads no register, with `sql` as its violations."""
    plain: dict[str, Any] = {
        "registers": [],
        "applies": None,
        "finding": None,
        "tests": [],
        "violations": sql,
    }
    return typed(samples.policy(**(plain | changes)))


def test_rows_over_complete_facts_fail() -> None:
    """The rows are kept with their columns, count and digest."""
    (verdict,) = verdicts(typed(samples.policy()), samples.STICK, {"approved_usb": []})

    assert (verdict.verdict, verdict.reasons) == ("fail", ())
    assert verdict.columns == ("vendor_id", "model_id", "port_path")
    assert (verdict.rows, verdict.row_count) == ((("0781", "5581", "1-1"),), 1)


def test_no_rows_over_complete_facts_pass() -> None:
    """Nothing violates, and nothing is missing."""
    (verdict,) = verdicts(only("SELECT vendor_id FROM usb_devices"), {"usb_devices": []})

    assert (verdict.verdict, verdict.row_count) == ("pass", 0)


@pytest.mark.parametrize("status", ["partial", "unreadable", "unsupported", "denied"])
def test_an_incomplete_table_is_unknown_and_its_rows_are_suspected(status: str) -> None:
    """What was seen stays on the verdict; it is neither a failure nor a pass."""
    table = {"status": status, "reason": ["hidepid"], "rows": [samples.device()]}

    (verdict,) = verdicts(only("SELECT vendor_id FROM usb_devices"), {"usb_devices": table})

    assert (verdict.verdict, verdict.rows) == ("unknown", (("0781",),))
    assert [reason.code for reason in verdict.reasons] == ["hidepid"]


def test_an_incomplete_column_matters_only_to_whom_reads_it() -> None:
    """A denied serial makes the check that reads it unknown, and no other."""
    table = {
        "status": "complete",
        "rows": [samples.device(serial=None)],
        "columns": {"serial": {"status": "denied", "reason": ["permission_denied", "/sys/x"]}},
    }

    (without,) = verdicts(only("SELECT vendor_id FROM usb_devices"), {"usb_devices": table})
    (with_it,) = verdicts(only("SELECT serial FROM usb_devices"), {"usb_devices": table})

    assert (without.verdict, with_it.verdict) == ("fail", "unknown")
    assert with_it.reasons[0].args == ("/sys/x",)


def test_a_column_that_was_not_recorded_never_passes_as_null() -> None:
    """`IS NOT NULL` over a column nobody recorded is unknown, not empty."""
    gone = {
        "status": "complete",
        "rows": [samples.device()],
        "columns": {"serial": {"status": "unreadable", "reason": ["not_recorded", "x"]}},
    }

    (verdict,) = verdicts(
        only("SELECT vendor_id FROM usb_devices WHERE serial IS NOT NULL"), {"usb_devices": gone}
    )

    assert verdict.verdict == "unknown"


def test_what_does_not_apply_is_not_applicable_only_over_complete_facts() -> None:
    """An unreadable source is never a reason not to apply."""
    policies = typed(samples.policy())
    hub = samples.device(**{"class": "09"})

    (none,) = verdicts(policies, {"usb_devices": [hub], "usb_interfaces": []}, {"approved_usb": []})
    (unreadable,) = verdicts(
        policies, {"usb_devices": UNREADABLE, "usb_interfaces": []}, {"approved_usb": []}
    )

    assert (none.verdict, unreadable.verdict) == ("not_applicable", "unknown")


def test_what_applies_counts_among_what_was_read() -> None:
    """A pass rests on the tables of `applies` too."""
    policies = only("SELECT interface FROM usb_interfaces", applies="SELECT 1 FROM usb_devices")
    partial = {"status": "partial", "reason": ["hidepid"], "rows": [samples.device()]}

    (verdict,) = verdicts(policies, {"usb_devices": partial, "usb_interfaces": []})

    assert verdict.verdict == "unknown"


def test_a_rule_that_does_not_plan_is_unknown_even_where_it_does_not_apply() -> None:
    """What nobody could have judged is not said to be no matter here."""
    policies = only("SELECT colour FROM usb_devices", applies="SELECT 1 FROM usb_interfaces")

    (verdict,) = verdicts(policies, {"usb_devices": [], "usb_interfaces": []})

    assert verdict.verdict == "unknown"


@pytest.mark.parametrize(
    ("table", "verdict"),
    [([samples.device()], "pass"), ([], "fail"), (UNREADABLE, "unknown")],
)
def test_expects_passes_when_a_row_comes_back(table: Any, verdict: str) -> None:
    """And fails only if the tables were complete without one."""
    policies = only("", violations=None, expects="SELECT vendor_id FROM usb_devices")

    (judged,) = verdicts(policies, {"usb_devices": table})

    assert judged.verdict == verdict


def test_a_register_not_adopted_is_unknown() -> None:
    """It is never a failure, and the reason names it."""
    (verdict,) = verdicts(typed(samples.policy()), samples.STICK)

    assert verdict.verdict == "unknown"
    assert [(r.code, r.args) for r in verdict.reasons] == [("register_missing", ("approved_usb",))]


def test_what_does_not_apply_needs_no_register() -> None:
    """A host without such devices is judged before the unit has adopted anything."""
    hub = {"usb_devices": [samples.device(**{"class": "09"})], "usb_interfaces": []}

    (verdict,) = verdicts(typed(samples.policy()), hub)

    assert verdict.verdict == "not_applicable"


def test_a_register_that_lacks_a_column_is_unknown() -> None:
    """Null cells in its place would approve or refuse at random."""
    (verdict,) = verdicts(
        typed(samples.policy()), samples.STICK, {"approved_usb": []}, columns=("vendor_id",)
    )

    assert [(r.code, r.args) for r in verdict.reasons] == [
        ("column_missing", ("approved_usb", "model_id"))
    ]


def test_an_expired_approval_does_not_count() -> None:
    """Validity is judged at the time of the scan."""
    row = {"vendor_id": "0781", "model_id": "5581", "valid_until": "2026-11-22T00:00:00Z"}

    (verdict,) = verdicts(typed(samples.policy()), samples.STICK, {"approved_usb": [row]})

    assert verdict.verdict == "fail"


def test_parameters_are_bound_and_have_defaults() -> None:
    """What the unit set counts, within its bounds."""
    policies = only("SELECT vendor_id FROM usb_devices WHERE :days > 180", parameters=["days"])
    given = {"usb_devices": [samples.device()]}

    parameters: list[dict[str, int | str]] = [{}, {"days": 181}, {"days": 0}, {"days": "181"}]

    outcomes = [verdicts(policies, given, parameters=set_)[0].verdict for set_ in parameters]

    assert outcomes == ["pass", "fail", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nonsense FROM usb_devices", "column_unknown"),
        ("SELECT 1 AS x FROM no_such_table", "table_unknown"),
        ("SELECT cmdline FROM processes", "local_column"),
        ("SELECT :other AS x", "parameter_missing"),
        ("ATTACH 'x' AS y", "write_refused"),
        ("SELECT random() AS x", "function_refused"),
        (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
            "over_time",
        ),
    ],
)
def test_sql_that_does_not_run_is_unknown(sql: str, code: str) -> None:
    """An older agent, a write, an endless query: unknown with the reason, and the rest goes on."""
    value = samples.policy(registers=[], applies=None, finding=None, tests=[], violations=sql)
    good = value["checks"][0] | {"id": "CEP-USB-009", "violations": "SELECT 1 AS x WHERE 0"}
    value["checks"].append(good)

    bad, after = verdicts(typed(value), {"usb_devices": []})

    assert (bad.verdict, bad.reasons[0].code) == ("unknown", code)
    assert after.verdict == "pass"


def test_only_the_first_rows_travel_but_all_are_counted() -> None:
    """Fifty in canonical order; the digest is over all."""
    devices = [samples.device(vendor_id=f"{n:04x}") for n in range(60)]
    shuffled = random.Random(1).sample(devices, len(devices))
    policies = only("SELECT vendor_id FROM usb_devices")

    (verdict,) = verdicts(policies, {"usb_devices": devices})
    (again,) = verdicts(policies, {"usb_devices": shuffled})

    assert (len(verdict.rows), verdict.row_count) == (MAX_EVIDENCE_ROWS, 60)
    assert verdict.rows[0] == ("0000",)
    assert verdict == again


def test_data_is_a_table() -> None:
    """What ships with the policy is read like any other table, and is always complete."""
    value = samples.policy(
        registers=[],
        applies=None,
        finding=None,
        tests=[],
        violations="SELECT port FROM ports WHERE port = 23",
    )
    value["data"] = {
        "ports": {"columns": ["port"], "rows": [[21], [23]], "source": "x", "doc": samples.T}
    }

    (verdict,) = verdicts(typed(value), {})

    assert (verdict.verdict, verdict.rows) == ("fail", ((23,),))


def test_the_order_of_evaluation_does_not_matter() -> None:
    """Each check alone gives what it gives among the others."""
    value = samples.policy(tests=[])
    check = value["checks"][0]
    value["checks"] += [
        check | {"id": "CEP-USB-004", "violations": "SELECT vendor_id FROM usb_devices WHERE 0"},
        check | {"id": "CEP-USB-005", "violations": "SELECT nonsense FROM usb_devices"},
    ]
    given, registers = samples.STICK, {"approved_usb": [{"vendor_id": "0781"}]}

    together = verdicts(typed(value), given, registers)
    alone = [
        verdicts(typed(value | {"checks": [check]}), given, registers)[0]
        for check in value["checks"]
    ]

    assert together == alone
    assert [v.check for v in together] == ["CEP-USB-003", "CEP-USB-004", "CEP-USB-005"]


def test_two_policies_share_a_register() -> None:
    """Each sees the columns it declares, of the one register the unit keeps."""
    other = samples.policy() | {"policy": "other"}
    other["registers"] = {"approved_usb": {"columns": ["serial"], "doc": samples.T}}
    other["checks"][0] |= {
        "violations": "SELECT serial FROM approved_usb",
        "finding": None,
        "applies": None,
        "tests": [],
    }
    policies = typed(samples.policy(), other)

    first, second = verdicts(
        policies, samples.STICK, {"approved_usb": [{"vendor_id": "0781", "model_id": "5581"}]}
    )

    assert first.verdict == "pass"
    assert [(r.code, r.args) for r in second.reasons] == [
        ("column_missing", ("approved_usb", "serial"))
    ]


def test_a_policy_reads_its_own_registers_only() -> None:
    """What another policy declares does not exist for it, so no verdict depends on company."""
    stranger = samples.policy() | {"policy": "stranger"}
    stranger["registers"] = {}
    stranger["checks"][0] |= {"registers": [], "tests": []}

    _, verdict = verdicts(typed(samples.policy(), stranger), samples.STICK, {"approved_usb": []})

    assert [(r.code, r.args[0]) for r in verdict.reasons] == [("table_unknown", "approved_usb")]


def test_policies_that_mean_different_things_are_refused() -> None:
    """One name is one thing, and one policy is one version."""
    data = {"columns": ["port"], "rows": [[21]], "source": "x", "doc": samples.T}
    one = samples.policy() | {"data": {"ports": data}}
    two = samples.policy() | {"data": {"ports": data | {"rows": [[23]]}}, "policy": "two"}
    taken = samples.policy()
    taken["registers"]["processes"] = {"columns": ["name"], "doc": samples.T}

    for values, said in (([one, two], "ports"), ([one, one], "twice"), ([taken], "processes")):
        with pytest.raises(ConflictError, match=said):
            catalogue(typed(*values))


def test_freshness_is_the_oldest_table_that_was_read() -> None:
    """A table that no check reads does not count."""
    policies = typed(samples.policy())
    engine = loaded(policies, samples.STICK)
    read = needs(policies, engine)
    times = {"usb_devices": "2026-11-23T07:59:00Z", "usb_interfaces": NOW}
    tables = [
        type(table)(table.name, table.version, table.columns, table.rows, times[table.name])
        for table in engine.recorded().tables.values()
    ]

    assert oldest_fact(read, tables) == "2026-11-23T07:59:00Z"
    assert oldest_fact(type(read)({"mounts": []}), tables) is None
