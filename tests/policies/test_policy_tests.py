"""A policy's own tests: what they must give, and the variations that find weak SQL."""

from pathlib import Path
from typing import Any

import pytest

from facts.engine import Engine
from policies.testing import Outcome, run_tests
from tests.policies import samples


def outcomes(directory: Path, **changes: Any) -> list[Outcome]:
    return run_tests(samples.loaded(directory, samples.policy(**changes)))


def messages(directory: Path, **changes: Any) -> list[str]:
    return [str(o.problem) for o in outcomes(directory, **changes) if o.problem is not None]


def stick(**changes: Any) -> dict[str, Any]:
    return samples.TESTS[0] | changes


def test_right_tests_pass_in_every_variation(tmp_path: Path) -> None:
    """As given, doubled, shuffled, reversed, and without each table and column read."""
    found = outcomes(tmp_path)

    assert [outcome for outcome in found if outcome.problem] == []
    variations = {outcome.variation for outcome in found if outcome.test == "a registered stick"}
    assert variations == {
        *("as given", "doubled", "shuffled", "reversed"),
        *("without usb_devices", "without usb_interfaces"),
        *("without usb_interfaces.class", "without usb_interfaces.sysfs_path"),
        *(
            f"without usb_devices.{column}"
            for column in ("class", "model_id", "port_path", "sysfs_path", "vendor_id")
        ),
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "pass"}, "fail, where pass is said"),
        ({"rows": 2}, "1 distinct rows, where 2 are said"),
        ({"reason": "hidepid"}, "reasons none, where hidepid is said"),
        ({"registers": {"approved_usb": None}}, "unknown, the register approved_usb"),
    ],
)
def test_a_test_that_says_something_else_fails(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """The message says what came out, and at which line the test stands."""
    (message, *_) = messages(tmp_path, tests=[stick(**changes)])

    assert said in message
    line = int(message.removeprefix(f"{tmp_path / 'p.yaml'}:").split(":")[0])
    text = (tmp_path / "p.yaml").read_text(encoding="utf-8").splitlines()
    assert '"name": "an unregistered stick"' in "".join(text[line - 1 : line + 1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"given": {"usb_devices": [samples.device()]}}, "usb_interfaces is read but not given"),
        (
            {"given": samples.STICK | {"usb_interfaces": [{"sysfs_path": "/sys/d/1-1"}]}},
            "usb_interfaces.class is read but not given",
        ),
        ({"registers": {}}, "the register approved_usb is read but not given"),
        ({"registers": {"approved_usb": [], "spare": []}}, "no register spare"),
        ({"registers": {"approved_usb": [{"vendor": "x"}]}}, "no column vendor"),
        ({"parameters": {"weeks": 1}}, "no parameter weeks"),
        ({"given": samples.STICK | {"usb": []}}, "no table usb"),
        (
            {"given": samples.STICK | {"usb_devices": [samples.device(port=1)]}},
            "no column usb_devices.port",
        ),
        (
            {"given": samples.STICK | {"usb_devices": [samples.device(vendor_id=781)]}},
            "usb_devices.vendor_id is text",
        ),
        (
            {"given": samples.STICK | {"usb_devices": [samples.device(removable="1")]}},
            "usb_devices.removable is an integer",
        ),
        (
            {"given": samples.STICK | {"usb_devices": {"status": "denied", "reason": ["nope"]}}},
            "no reason code nope",
        ),
        ({"verdict": "unknown", "reason": "nope"}, "no reason code nope"),
    ],
)
def test_what_a_test_omits_or_misnames_is_an_error(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """Nothing passes by omission."""
    found = messages(tmp_path, tests=[stick(**changes)])

    assert len(found) == 1
    assert said in found[0]


def test_an_explicit_null_is_given(tmp_path: Path) -> None:
    """A cell that the host has no value for can be said."""
    devices = {"usb_devices": [samples.device(port_path=None)]}

    assert messages(tmp_path, tests=[stick(given=samples.STICK | devices)]) == []


def test_counting_rows_instead_of_things_is_found(tmp_path: Path) -> None:
    """A check that changes its mind when a row stands there twice is wrong."""
    sql = (
        "SELECT vendor_id, model_id, port_path FROM usb_devices d WHERE NOT EXISTS"
        " (SELECT 1 FROM approved_usb) AND (SELECT count(*) FROM usb_interfaces) = 1"
    )

    found = messages(tmp_path, violations=sql, tests=samples.TESTS[:1])

    assert any("pass with rows doubled, else fail" in message for message in found)


def test_the_order_of_given_rows_cannot_be_seen(tmp_path: Path) -> None:
    """SQL that takes what stands first takes the same row in every variation."""
    sql = (
        "SELECT vendor_id, model_id, port_path FROM (SELECT vendor_id, model_id, port_path,"
        " lag(vendor_id) OVER () AS before FROM usb_devices) WHERE before IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM approved_usb) AND EXISTS (SELECT 1 FROM usb_interfaces)"
    )
    two = [samples.device(), samples.device("/sys/d/1-2", vendor_id="0930")]

    found = messages(
        tmp_path,
        violations=sql,
        tests=[stick(given=samples.STICK | {"usb_devices": two}, rows=1)],
    )

    assert found == []


def test_a_pass_without_what_was_read_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If judging took missing facts for complete ones, each policy's tests would say so."""
    monkeypatch.setattr(Engine, "conditions", lambda *_: [])

    found = messages(tmp_path, tests=samples.TESTS[:2])

    assert any(
        "without usb_interfaces.class it is pass, not unknown" in message for message in found
    )


def test_a_parameter_counts_in_a_test(tmp_path: Path) -> None:
    """The unit's value, where it differs from the default."""
    sql = samples.CHECK["violations"] + " AND :days > 180"

    found = messages(
        tmp_path,
        violations=sql,
        parameters=["days"],
        tests=[stick(verdict="pass", rows=0), stick(name="longer", parameters={"days": 365})],
    )

    assert found == []


def test_a_keyed_table_answers_by_its_key(tmp_path: Path) -> None:
    """Given rows are found by the key that the SQL asks; taking the table away is unknown."""
    sql = "SELECT path, mode FROM file WHERE path = '/etc/passwd' AND mode <> '0644'"

    found = outcomes(
        tmp_path,
        violations=sql,
        applies=None,
        finding=None,
        registers=[],
        tests=[
            {"name": "open", "given": {"file": [{"path": "/etc/passwd", "mode": "0666"}]}}
            | {"verdict": "fail", "rows": 1},
            {"name": "none", "given": {"file": []}, "verdict": "pass"},
        ],
    )

    assert [outcome.problem for outcome in found if outcome.problem] == []
    assert {o.variation for o in found} >= {"without file", "without file.mode"}


def test_a_keyed_table_nobody_asked_is_not_missed(tmp_path: Path) -> None:
    """Without an outer row there is no key, so nothing rests on the table."""
    sql = "SELECT f.path FROM usb_devices d JOIN file f ON f.path = d.sysfs_path"

    found = messages(
        tmp_path,
        violations=sql,
        applies=None,
        finding=None,
        registers=[],
        tests=[{"name": "none", "given": {"usb_devices": [], "file": []}, "verdict": "pass"}],
    )

    assert found == []
