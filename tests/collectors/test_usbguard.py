import subprocess
from pathlib import Path

import pytest

from collectors.usbguard_rules import RuleError, parsed
from facts.pseudonym import Pseudonym
from facts.status import COMPLETE, Status, condition
from tests.collectors.observe import observe
from tests.collectors.roots import by, cells, read, root
from tests.collectors.silence import as_plain_user, covered

CONFIG = "/etc/usbguard/usbguard-daemon.conf"
RULES = "/etc/usbguard/rules.conf"
BOTH = f"RuleFile={RULES}\nRuleFolder=/etc/usbguard/rules.d/\n"

GOOD = [
    "allow",
    "block  # nothing else",
    'allow 1d6b:0002 serial "0000:00:14.0" name "xHCI Host Controller" hash "jEP/6WzviqdJ5VSeTU="',
    'allow parent-hash "G1ehGQdrl3dJ9HvW9w2HdC//pk87pKzFE1WY25bq8k4=" with-interface 09:00:00',
    "reject with-interface all-of { 08:*:* 03:00:* }",
    'allow 0781:* serial one-of { "A" "B" } via-port { "1-1" "1-2" }',
    'allow *:* name "a \\"b\\" \\\\ \\xe7\\x9b\\x98" with-connect-type "hotplug" if !rule-applied',
    "allow id 0781:5567 if one-of { true random(0.5) }",
    'match serial "x"',
    'device 1d6b:0002 label "key # 1"',
    "block with-interface equals-ordered {08:06:50   03:01:01}#close",
    "  # a comment",
]
BAD = [
    "permit 0781:5567",
    "allow 781:5567",
    'allow serial "open',
    "allow serial word",
    'allow serial "a" serial "b"',
    "allow with-interface 08:06",
    "allow with-interface { }",
    "allow with-interface { 08:06:50",
    "allow with-interface one-of 08:06:50",
    'allow name"x"',
    'allow name "\\n"',
    "allow unknown-attribute",
    "allow serial",
    "allow \x00",
]


@pytest.mark.parametrize("line", [*GOOD, *BAD])
def test_the_language_is_that_of_usbguard(line: str) -> None:
    """A line is a rule exactly if USBGuard's own parser takes it."""
    program = ["usbguard-rule-parser", line.replace("\x00", "\x01")]
    answer = subprocess.run(program, capture_output=True, check=False, timeout=10)

    taken = answer.returncode == 0
    assert taken is (line in GOOD), answer.stderr
    try:
        parsed(line)
    except RuleError:
        assert not taken
    else:
        assert taken


def test_a_rule_has_its_parts() -> None:
    """Target, numbers, sets with their operators, escapes and conditions."""
    rule = parsed(GOOD[6])
    pair = parsed(GOOD[5])

    assert rule is not None
    assert pair is not None
    assert (rule.target, rule.text("id")) == ("allow", "*:*")
    assert rule.text("name") == 'a "b" \\ 盘'
    assert (rule.text("with-connect-type"), rule.text("if")) == ("hotplug", "!rule-applied")
    assert pair.text("serial") == "one-of { A B }"
    assert pair.text("via-port") == "{ 1-1 1-2 }"


def test_rules_in_the_order_the_daemon_tries_them(tmp_path: Path) -> None:
    """The file first, then the directory by name, whatever a file is called."""
    host = root(
        tmp_path,
        {
            CONFIG: BOTH,
            RULES: "# ours\nallow 1d6b:0002\n\nallow 046b:ff10\n",
            "/etc/usbguard/rules.d/20-sticks": "block with-interface 08:*:*\n",
            "/etc/usbguard/rules.d/10-keys.conf": "allow 096e:0309\n",
        },
    )

    observed = read(host, "usbguard_rules")

    assert observed.condition == COMPLETE
    assert cells(observed, "position", "target", "device_id", "path", "line") == [
        (1, "allow", "1d6b:0002", RULES, 2),
        (2, "allow", "046b:ff10", RULES, 4),
        (3, "allow", "096e:0309", "/etc/usbguard/rules.d/10-keys.conf", 1),
        (4, "block", "", "/etc/usbguard/rules.d/20-sticks", 1),
    ]


def test_each_serial_number_is_a_row_that_joins_the_device(tmp_path: Path) -> None:
    """A serial number in a rule is the same text, and so the same digest, as the stick's own."""
    rules = 'allow serial one-of { "4C530001230823112233" "other" }\n'
    host = root(tmp_path, {CONFIG: f"RuleFile={RULES}\n", RULES: rules})

    observed = read(host, "usbguard_rules")

    assert cells(observed, "position", "serial", "serial_operator") == [
        (1, "4C530001230823112233", "one-of"),
        (1, "other", "one-of"),
    ]
    hide = Pseudonym(b"k" * 32)
    digests = {hide("device_serial", str(row["serial"])) for row in observed.rows}
    assert hide("device_serial", "4C530001230823112233") in digests


def test_a_line_that_is_no_rule_makes_the_table_partial(tmp_path: Path) -> None:
    """The daemon would take none of the rules, so none of them can be relied on."""
    files = {CONFIG: f"RuleFile={RULES}\n", RULES: "allow 1d6b:0002\npermit all\nblock\n"}

    observed = read(root(tmp_path, files), "usbguard_rules")

    assert observed.condition == condition(Status.PARTIAL, "malformed_source", RULES)
    assert cells(observed, "position", "target") == [(1, "allow"), (2, "block")]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (f"RuleFile={RULES}\n", condition(Status.PARTIAL, "source_missing", RULES)),
        ("RuleFile=/srv/rules\n", condition(Status.PARTIAL, "not_observed", "/srv/rules")),
        ("RuleFolder=/etc/usbguard/rules.d\n",
         condition(Status.UNREADABLE, "source_missing", "/etc/usbguard/rules.d")),
        ("what is this\n", condition(Status.PARTIAL, "malformed_source", CONFIG)),
        ("ImplicitPolicyTarget=block\n", COMPLETE),
    ],
)  # fmt: skip
def test_rules_that_are_not_where_they_should_be(
    tmp_path: Path, config: str, expected: object
) -> None:
    """A file that is named and missing, or named elsewhere, is never an empty set of rules."""
    observed = read(root(tmp_path, {CONFIG: config}), "usbguard_rules")

    assert (observed.condition, list(observed.rows)) == (expected, [])


def test_settings_and_defaults(tmp_path: Path) -> None:
    """What the file says counts, the last line of a name; what it does not say is the default."""
    text = "# comment\nImplicitPolicyTarget=block\nImplicitPolicyTarget = allow \n"

    observed = read(root(tmp_path, {CONFIG: text}), "usbguard_config")

    values = by(observed, "name", "value")
    assert values["ImplicitPolicyTarget"] == "allow"
    assert values["PresentDevicePolicy"] == "apply-policy"
    assert by(observed, "name", "is_default")["PresentDevicePolicy"] == 1
    assert by(observed, "name", "is_default")["ImplicitPolicyTarget"] == 0


def test_the_packages_own_configuration_is_read() -> None:
    """What the distribution installs is complete, and says what it would do."""
    seen = observe("usbguard_config")

    assert seen.status == "complete"
    assert seen.one(name="ImplicitPolicyTarget")["value"] == "block"
    assert observe("usbguard_rules").status == "complete"


def test_a_host_without_usbguard_has_neither(tmp_path: Path) -> None:
    """No configuration, no daemon: complete, without rows."""
    host = root(tmp_path, {"/etc/hostname": "host\n"})

    for table in ("usbguard_config", "usbguard_rules"):
        observed = read(host, table)
        assert (observed.condition, list(observed.rows)) == (COMPLETE, [])


def test_what_is_hidden_or_forbidden_is_not_absent() -> None:
    """An empty tmpfs over the directory, and a plain user, see no rules and say so."""
    tables = ["usbguard_config", "usbguard_rules"]

    hidden = covered(["/etc/usbguard"], tables)
    forbidden = as_plain_user(tables)

    assert {said.status for said in hidden.values()} == {"unreadable"}
    assert {said.status for said in forbidden.values()} == {"denied"}
