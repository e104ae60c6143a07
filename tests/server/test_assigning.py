"""Assignments: read from files, checked against the policies, signed and logged."""

import hashlib
from pathlib import Path

import pytest

from evidence import dsse
from evidence.statement import Assignment, decode_statement
from policies.compile import compile_policy, read_compiled
from policies.load import load
from policies.registers import read_register
from server import assigning, units
from server.errors import UsageError
from tests.server.sites import POLICY, UNIT, Site

USB = "vendor_id,model_id,serial,approver,reason,valid_from,valid_until\n0781,5581,S1,李,x,,\n"


def _read(site: Site, digest: str) -> Assignment:
    with site.service.store.read() as connection:
        (envelope,) = units.assignment_parcel(connection, digest).envelopes
    opened = dsse.open_envelope(envelope)
    key = site.service.log.key.public
    dsse.verify(opened, {key.key_id: key})
    return decode_statement(opened.payload, Assignment).predicate


def test_says_what_the_unit_must_run(site: Site) -> None:
    """Policy, register, parameter and interval, signed, with what they name in the store."""
    file = site.directory / "usb.csv"
    file.write_text(USB, encoding="utf-8")

    digest = site.assign(
        registers={"approved_usb": file},
        parameters={"audit_retention_days": "200"},
        interval_s=600,
    )

    said = _read(site, digest)
    assert (said.unit, said.serial, said.interval_s) == (UNIT, 1, 600)
    assert said.parameters == {"audit_retention_days": 200}
    with site.service.store.read() as connection:
        blobs = units.assignment_parcel(connection, digest).blobs
        pseudonym = units.get(connection, UNIT).pseudonym
    policy = read_compiled(blobs[said.policies[0].digest.sha256])
    register = read_register(said.registers[0], blobs[said.registers[0].digest.sha256])
    assert policy.policy == "small"
    assert register.rows[0][:3] == ("0781", "5581", pseudonym("device_serial", "S1"))


def test_serials_go_up(site: Site) -> None:
    """The newest is the one in force, also where it says the same."""
    first, second = site.assign(), site.assign(interval_s=60)

    assert [_read(site, digest).serial for digest in (first, second)] == [1, 2]
    with site.service.store.read() as connection:
        unit = units.get(connection, UNIT)
        assert units.newest_assignments(connection, [unit.id])[unit.id].digest == second


def test_a_compiled_policy_is_taken_as_it_is(tmp_path: Path) -> None:
    """What was compiled elsewhere, and signed off there, keeps its digest."""
    compiled = compile_policy(load(POLICY).policy)
    file = tmp_path / "small.json"
    file.write_bytes(compiled)

    read = assigning.read_policy(str(file))

    assert read.reference.digest.sha256 == hashlib.sha256(compiled).hexdigest()
    assert read == assigning.read_policy(str(POLICY))


def test_a_shipped_policy_goes_by_its_name() -> None:
    """`--policy cii-host` needs no path."""
    assert assigning.read_policy("cii-host").policy.policy == "cii-host"


@pytest.mark.parametrize(
    ("content", "told"), [("policy: [", "not YAML"), ("{}\n", "policy"), (None, "cannot be read")]
)
def test_a_policy_that_cannot_be_used_is_told(
    tmp_path: Path, content: str | None, told: str
) -> None:
    """With its file, and with the line where there is one."""
    file = tmp_path / "bad.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match=told):
        assigning.read_policy(str(file))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"registers": {"aproved_usb": POLICY}}, "did you mean approved_usb"),
        ({"parameters": {"audit_retention_day": "1"}}, "did you mean audit_retention_days"),
        ({"parameters": {"audit_retention_days": "many"}}, "is an integer"),
        ({"parameters": {"audit_retention_days": "0"}}, "between 1 and 3650"),
        ({"interval_s": 5}, "60 to 604800 seconds"),
    ],
)
def test_what_no_policy_declares_is_refused(
    site: Site, values: dict[str, object], told: str
) -> None:
    """A misspelt register or parameter would silently do nothing; nothing is assigned."""
    with pytest.raises(UsageError, match=told):
        site.assign(**values)  # type: ignore[arg-type]  # wrong on purpose, one at a time

    with site.service.store.read() as connection:
        unit = units.get(connection, UNIT)
        assert units.newest_assignments(connection, [unit.id]) == {}
