"""Rules for USBGuard, held against USBGuard's own parser."""

import subprocess
from pathlib import Path

import pytest

from policies.simulate import Row
from policies.usbguard import rules, unfit
from tests.agent.running import anfang

PARSER = "/usr/bin/usbguard-rule-parser"
HEADER = "vendor_id,model_id,serial,approver\n"


def parsed(rule: str) -> str:
    """`rule` as USBGuard understands it."""
    done = subprocess.run([PARSER, rule], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("OUTPUT: ")[1].strip()


@pytest.mark.parametrize(
    "serial",
    [
        "",
        "4C530001230823112233",
        'a"b',
        "a\\b",
        '\\" allow',
        "编号",
        "tab\tbell\x07",
        "}{ #",
        '" id *:*\nallow id *:*',
    ],
)
def test_every_serial_number_stays_one_text_of_one_rule(serial: str) -> None:
    """USBGuard reads back what was written; nothing in a serial number ends its text."""
    first, last = rules([Row(2, "0781", "AB81", serial)])

    assert parsed(first) == first
    assert first.startswith('allow id 0781:ab81 serial "')
    assert parsed(last) == last == "block with-interface one-of { 08:*:* }"


def test_storage_that_no_row_names_is_blocked_last() -> None:
    """The first rule that fits counts, so those that allow stand before it, each once."""
    rows = [Row(3, "1058", "25a2", "x"), Row(2, "0781", "5581", "y"), Row(2, "0781", "5581", "y")]

    assert [rule.split(" serial")[0] for rule in rules(rows)] == [
        "allow id 0781:5581",
        "allow id 1058:25a2",
        "block with-interface one-of { 08:*:* }",
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (Row(2, "0781", "5581", "h:" + "0" * 32), "pseudonym"),
        (Row(2, "*", "*", ""), "number"),
        (Row(2, "0781", "558", ""), "number"),
        (Row(2, "0781\n", "5581", ""), "number"),
        (Row(2, "0781", "5581", "h:0"), None),
    ],
)
def test_what_cannot_be_a_rule_is_left_out(row: Row, why: str | None) -> None:
    """A pseudonym would never match, and `*` would match everything."""
    assert unfit(row) == why
    assert len(list(rules([row]))) == (2 if why is None else 1)


def test_the_command_writes_a_file_that_usbguard_takes(tmp_path: Path) -> None:
    """Exit 3 where a row could not become a rule, and which."""
    register, out = tmp_path / "usb.csv", tmp_path / "rules.conf"
    lines = ["0781,5581,AA,张三", f"0781,5582,h:{'a' * 32},张三", "096e,0309,,李四"]
    register.write_text("\ufeff" + HEADER + "\n".join(lines) + "\n", encoding="utf-8")

    done = anfang("policy", "usbguard", str(register))
    out.write_text(done.stdout)

    assert done.returncode == 3
    assert "usb.csv:3: the serial number is de-identified" in done.stderr
    assert done.stdout.splitlines() == [
        'allow id 0781:5581 serial "AA"',
        'allow id 096e:0309 serial ""',
        "block with-interface one-of { 08:*:* }",
    ]
    subprocess.run([PARSER, "-f", str(out)], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vendor_id,model_id\n", "no column serial"),
        (HEADER + "0781,5581\n", "usb.csv:2: not as many fields"),
        (HEADER + '0781,"5581', "not valid CSV"),
        ("", "no column vendor_id, model_id, serial"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Exit 2, with the place."""
    register = tmp_path / "usb.csv"
    register.write_text(text, encoding="utf-8")

    done = anfang("policy", "usbguard", str(register))

    assert done.returncode == 2
    assert said in done.stderr
