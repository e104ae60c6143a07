"""The USB checks on devices that real libudev and sysfs show: who is told from whom."""

from functools import cache
from typing import Any

import msgspec
import pytest

from facts.engine import Engine
from policies.given import GivenFacts
from policies.judge import catalogue, judge, needs
from policies.load import LIBRARY, load
from policies.model import CheckTest
from policies.registers import read_register, write_register
from tests.collectors import umockdev
from tests.collectors.observe import observe

EVERY = (
    *("stick", "hubs", "keystroke", "phone", "modem", "ukey", "bmc", "radio", "held-back"),
    *("camera", "headset", "phone-files", "serial-ports", "printer"),
)


@cache
def seen() -> dict[str, list[dict[str, Any]]]:
    """What the collectors see with all these devices attached."""
    prefix = umockdev.devices(*EVERY)
    given = {name: observe(name, prefix=prefix).rows for name in ("usb_devices", "usb_interfaces")}
    return given | {"kernel_modules": [], "interface_addresses": []}


def found(check_id: str) -> dict[str, dict[str, Any]]:
    """The violations of a check by the port they are on, no device being registered."""
    policy = load(LIBRARY / "cii-host.yaml").policy
    alone = msgspec.structs.replace(policy, checks=(policy.check(check_id),))
    said = {"name": "emulated", "given": seen(), "verdict": "fail"}
    test = msgspec.convert(said, type=CheckTest)
    registers = {
        name: read_register(*write_register(name, policy.registers[name].columns, []))
        for name in alone.checks[0].registers
    }
    engine = Engine(GivenFacts.of(test), catalogue=catalogue([alone]), now=test.now)
    for _ in engine.load(needs([alone], engine)):
        pass
    (verdict,) = judge([alone], engine, registers, {})
    assert verdict.reasons == ()
    rows = [dict(zip(verdict.columns, row, strict=True)) for row in verdict.rows]
    return {str(row["port_path"]): row for row in rows}


def test_what_types_is_told_from_tokens_boards_and_a_bmc() -> None:
    """Of a UKey, a BMC's keyboard, a headset's keys and a stick that types, the last is found."""
    assert {port: row["kind"] for port, row in found("CEP-USB-006").items()} == {
        "3-2": "keyboard with storage"
    }


def test_storage_is_found_wherever_it_is() -> None:
    """Sticks, also two with one serial number and one with none, a token, and what types."""
    assert found("CEP-USB-003").keys() == {"1-1", "2-1.4.1", "2-1.4.2", "2-1.4.3", "3-2", "6-3"}


@pytest.mark.parametrize(
    ("port", "functions"), [("4-1", "rndis"), ("14-1", "ptp"), ("14-2", "ptp")]
)
def test_telephones_are_found_by_what_they_do(port: str, functions: str) -> None:
    """One that shares its network, and two that hand out files in either way."""
    telephones = found("CEP-USB-007")

    assert telephones[port]["functions"] == functions
    assert telephones.keys() == {"4-1", "14-1", "14-2"}
