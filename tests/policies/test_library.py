"""The shipped policy: it is lint-clean, its own tests hold, and its words and data are in order."""

import re
from functools import cache
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from facts.engine import Engine
from facts.plan import Planner
from policies.given import GivenFacts
from policies.judge import catalogue, judge, needs
from policies.lint import lint
from policies.load import LIBRARY, PolicyFile, load
from policies.model import Check, CheckTest
from policies.registers import read_register, write_register
from policies.testing import run_check

CHECKS = [
    "CEP-AGT-001",
    "CEP-USB-001",
    "CEP-USB-002",
    "CEP-USB-003",
    "CEP-USB-004",
    "CEP-USB-005",
    "CEP-USB-006",
    "CEP-USB-007",
    "CEP-USB-008",
    "CEP-RAD-001",
    "CEP-RAD-002",
    "CEP-RAD-003",
    "CEP-RAD-004",
    "CEP-RAD-005",
    "CEP-RAD-006",
    "CEP-AVC-001",
    "CEP-AVC-002",
    "CEP-AVC-003",
    "CEP-AVC-004",
    "CEP-PER-001",
    "CEP-PER-002",
    "CEP-EGR-001",
    "CEP-EGR-003",
    "CEP-EGR-002",
    "CEP-EGR-004",
    "CEP-EGR-005",
    "CEP-RMT-001",
    "CEP-RMT-002",
    "CEP-RMT-003",
    "CEP-RMT-006",
    "CEP-RMT-004",
    "CEP-TUN-001",
    "CEP-TUN-005",
    "CEP-TUN-002",
    "CEP-TUN-006",
    "CEP-TUN-003",
    "CEP-TUN-004",
    "CEP-NET-001",
    "CEP-NET-002",
    "CEP-NET-007",
    "CEP-NET-003",
    "CEP-NET-004",
    "CEP-NET-005",
    "CEP-NET-006",
    "CEP-DNS-001",
    "CEP-DNS-002",
    "CEP-FW-001",
    "CEP-FW-002",
    "CEP-FW-003",
    "CEP-ACC-001",
    "CEP-ACC-002",
    "CEP-ACC-003",
    "CEP-ACC-004",
    "CEP-ACC-005",
    "CEP-ACC-006",
    "CEP-ACC-007",
    "CEP-SSH-001",
    "CEP-SSH-002",
    "CEP-SSH-003",
    "CEP-SSH-004",
    "CEP-SSH-005",
    "CEP-SSH-006",
    "CEP-SSH-007",
    "CEP-AUD-001",
    "CEP-AUD-004",
    "CEP-AUD-005",
    "CEP-AUD-006",
    "CEP-TIM-001",
    "CEP-CTR-001",
    "CEP-KRN-001",
    "CEP-KRN-002",
    "CEP-KRN-003",
    "CEP-KRN-004",
    "CEP-KRN-005",
    "CEP-KRN-006",
    "CEP-KRN-007",
    "CEP-SWI-001",
    "CEP-SWI-002",
    "CEP-SWI-003",
    "CEP-SWI-004",
    "CEP-SWI-006",
    "CEP-SWI-007",
    "CEP-SWI-005",
    "CEP-ENC-001",
    "CEP-ENC-002",
]

COMM_BYTES = 15
"""How much of a program's name the kernel keeps."""


@cache
def library() -> PolicyFile:
    """The policy `cii-host` as it ships."""
    return load(LIBRARY / "cii-host.yaml")


@cache
def planner() -> Planner:
    """Plans for the tables of that policy."""
    return Planner(catalogue([library().policy]))


def data(name: str) -> list[dict[str, Any]]:
    """The rows of a data table of the policy."""
    table = library().policy.data[name]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def evidence(check_id: str, test_name: str) -> list[dict[str, Any]]:
    """The evidence rows of one of the policy's own tests."""
    policy = library().policy
    check = policy.check(check_id)
    test = next(test for test in check.tests if test.name == test_name)
    registers = {
        name: read_register(*write_register(name, policy.registers[name].columns, rows))
        for name, rows in test.registers.items()
        if rows is not None
    }
    alone = msgspec.structs.replace(policy, checks=(check,))
    engine = Engine(GivenFacts.of(test), catalogue=catalogue([alone]), now=test.now)
    for _ in engine.load(needs([alone], engine)):
        pass
    (verdict,) = judge([alone], engine, registers, test.parameters)
    return [dict(zip(verdict.columns, row, strict=True)) for row in verdict.rows]


def test_it_has_the_checks_of_the_first_release() -> None:
    """Nothing is lost or added unnoticed."""
    assert [check.id for check in library().policy.checks] == CHECKS


def test_it_is_lint_clean() -> None:
    """Every rule plans, reads no local column, and says everything in both languages."""
    assert [str(problem) for problem in lint(library())] == []


@pytest.mark.parametrize("check_id", CHECKS)
def test_its_own_tests_hold_in_every_variation(check_id: str) -> None:
    """As given, doubled, shuffled, reversed, and with each column and table taken away."""
    file = library()

    outcomes = list(run_check(file, CHECKS.index(check_id), planner()))

    assert {outcome.check for outcome in outcomes} == {check_id}
    assert [str(outcome.problem) for outcome in outcomes if outcome.problem] == []


@pytest.mark.parametrize("check_id", CHECKS)
def test_each_check_says_all_a_person_needs(check_id: str) -> None:
    """Families agree with ids, findings are sentences, prose ends in a full stop."""
    check = library().policy.check(check_id)
    prose = (check.why, check.false_positives, check.advice.do, check.advice.impact)

    assert check.family == check_id.split("-")[1].lower()
    assert check.finding is not None
    assert not check.finding.zh.endswith("。")
    for text in prose:
        assert text.zh.endswith("。")
        assert text.en.endswith(".")


@pytest.mark.parametrize("check_id", CHECKS)
def test_each_check_names_its_clauses_with_their_certainty(check_id: str) -> None:
    """A verified statute stands behind each; article 9 binds key units only and is never cited."""
    clauses = library().policy.check(check_id).clauses

    assert any(clause.certainty == "verified" for clause in clauses)
    assert any(clause.ref.startswith("GB/T 22239-2019:") for clause in clauses)
    assert not any(clause.ref.startswith("MSS-2021-1:9") for clause in clauses)
    for clause in clauses:
        if clause.ref == "GB/T 39204-2022:7.9":
            assert clause.certainty == "supported"
        elif clause.ref.startswith("GB/T 39204-2022:") or clause.ref == "MSS-2021-1:10.3":
            assert clause.certainty == "memory"
        if clause.ref.startswith("GB/T 22239-2019:"):
            assert clause.certainty == "supported"


@pytest.mark.parametrize("check_id", CHECKS)
def test_chinese_reads_as_chinese(check_id: str) -> None:
    """No half-width comma or full stop between Chinese characters, none of the words to avoid."""
    check = library().policy.check(check_id)
    assert check.finding is not None
    texts = (check.title, check.why, check.false_positives, check.finding)
    advice = (check.advice.do, check.advice.impact, check.advice.rollback)

    for text in (*texts, *advice):
        assert not re.search(r"[\u4e00-\u9fff][,;:]", text.zh)
        assert not re.search(r"翻墙|裁决|未知|加白|豁免|杀毒|密码", text.zh)


def test_article_26_measures_stand_only_where_they_fit() -> None:
    """Settings and accounts are corrected, not shielded, isolated, removed or put out of use."""
    without = {check.id for check in library().policy.checks if check.measure is None}

    assert without == {
        *("CEP-NET-004", "CEP-NET-006", "CEP-DNS-001", "CEP-FW-001", "CEP-FW-002", "CEP-FW-003"),
        *("CEP-AGT-001", "CEP-USB-004", "CEP-USB-005", "CEP-ACC-001", "CEP-ACC-002"),
        *("CEP-ACC-005", "CEP-ACC-006", "CEP-ACC-007", "CEP-AUD-006", "CEP-TIM-001"),
        "CEP-AUD-005",
        *("CEP-ACC-003", "CEP-ACC-004", "CEP-SSH-002", "CEP-SSH-003", "CEP-SSH-007"),
        *("CEP-SSH-001", "CEP-SSH-004", "CEP-SSH-005", "CEP-SSH-006", "CEP-AUD-001", "CEP-AUD-004"),
        "CEP-KRN-001",
        "CEP-KRN-002",
        "CEP-KRN-004",
        "CEP-KRN-005",
        "CEP-KRN-007",
        "CEP-SWI-002",
        "CEP-SWI-003",
        "CEP-SWI-006",
        "CEP-ENC-001",
        "CEP-ENC-002",
        "CEP-SWI-005",
    }


@pytest.mark.parametrize("name", ["remote_control_tools", "remote_access_services", "tunnel_tools"])
def test_no_fingerprint_is_enough_alone(name: str) -> None:
    """Weights stay below the threshold of 3, so that it takes two kinds of evidence."""
    rows = data(name)

    assert {row["weight"] for row in rows} == {1, 2}
    assert {row["kind"] for row in rows} == {"process", "executable", "file"}
    assert all(row["weight"] == 1 for row in rows if row["kind"] == "file")


@pytest.mark.parametrize("name", ["remote_control_tools", "remote_access_services", "tunnel_tools"])
def test_each_tool_can_be_found_running(name: str) -> None:
    """For each tool some process, executable and file together reach the threshold."""
    heaviest: dict[str, dict[str, int]] = {}
    for row in data(name):
        kinds = heaviest.setdefault(row["tool"], {})
        kinds[row["kind"]] = max(kinds.get(row["kind"], 0), row["weight"])

    for tool, kinds in heaviest.items():
        assert sum(kinds.values()) >= 3, tool


def test_process_names_fit_what_the_kernel_keeps() -> None:
    """A longer name would never match."""
    names = [
        *(
            row["pattern"]
            for name in ("remote_control_tools", "remote_access_services", "tunnel_tools")
            for row in data(name)
            if row["kind"] == "process"
        ),
        *(row["pattern"] for row in data("recording_tools") if row["kind"] == "process"),
        *(row["name"] for row in data("risky_services") if row["kind"] == "process"),
        *(row["program"] for row in data("control_apis")),
    ]

    assert [name for name in names if len(name.encode()) > COMM_BYTES] == []


def test_files_asked_for_lie_in_system_trees() -> None:
    """Anything else would be refused by the host's own allow-list."""
    paths = [
        row["pattern"]
        for name in ("remote_control_tools", "remote_access_services", "tunnel_tools")
        for row in data(name)
        if row["kind"] == "file"
    ]

    assert [path for path in paths if not path.startswith(("/etc/", "/usr/", "/opt/"))] == []


def test_networks_and_identifiers_are_well_formed() -> None:
    """A block with host bits, or an identifier in capitals, would never match."""
    blocks = [row["cidr"] for row in data("special_networks")]

    assert [str(ip_network(block)) for block in blocks] == blocks
    for name in ("platform_usb", "usb_tokens", "usb_injectors", "radio_usb"):
        devices = [(row["vendor_id"], row["model_id"], row.get("function")) for row in data(name)]
        assert len(set(devices)) == len(devices)
        assert all(re.fullmatch("[0-9a-f]{4}", part) for row in devices for part in row[:2])
    assert {row["types"] for row in data("usb_tokens")} == {"yes", "no"}


@pytest.mark.parametrize(
    ("check_id", "test_name", "expected"),
    [
        (
            "CEP-AGT-001",
            "a broken chain and policies nobody signed",
            [{"item": "chain", "state": "broken"}, {"item": "policy", "state": "unsigned"}],
        ),
        (
            "CEP-AGT-001",
            "no receipt for more than three intervals",
            [{"item": "receipt", "state": "2026-11-23T03:59:59Z"}],
        ),
        (
            "CEP-USB-001",
            "built into the kernel, so that no install line helps",
            [{"module": "usb_storage", "state": "built in"}],
        ),
        (
            "CEP-USB-001",
            "a distribution's default, loadable",
            [{"module": "usb_storage", "state": "loadable"}],
        ),
        (
            "CEP-RMT-001",
            "向日葵 and its daemon are one row, ToDesk another",
            [
                {
                    "tool": "ToDesk",
                    "evidence": "executable+process",
                    "paths": "/opt/todesk/bin/ToDesk",
                },
                {
                    "tool": "向日葵 (Sunlogin/AweSun)",
                    "evidence": "executable+process",
                    "paths": (
                        "/usr/local/sunlogin/bin/oray_rundaemon,"
                        "/usr/local/sunlogin/bin/sunloginclient"
                    ),
                },
            ],
        ),
        (
            "CEP-EGR-001",
            "a telephone's network that nobody declared",
            [{"interface": "usb0", "address": "192.168.42.7", "zone": "-"}],
        ),
        (
            "CEP-NET-002",
            "rpcbind and systemd's socket for it are one row",
            [
                {
                    "service": "rpcbind",
                    "protocol": 6,
                    "port": 111,
                    "address": "0.0.0.0",
                    "evidence": "rpcbind,rpcbind.socket",
                }
            ],
        ),
        (
            "CEP-ACC-001",
            "one name for two numbers, one of them the superuser's",
            [
                {"username": "ops", "uid": 0, "problem": "duplicate name"},
                {"username": "ops", "uid": 0, "problem": "uid 0"},
                {"username": "ops", "uid": 1000, "problem": "duplicate name"},
            ],
        ),
        (
            "CEP-AUD-001",
            "nothing in place",
            [
                {"item": "auditd", "state": "not running"},
                {"item": "auditd.service", "state": "masked"},
                {"item": "kernel", "state": "audit=0"},
            ],
        ),
        (
            "CEP-AUD-004",
            "nothing is kept anywhere",
            [{"name": "*", "kind": "*", "path": "*", "days": 0}],
        ),
    ],
)
def test_evidence_says_what_was_found(
    check_id: str, test_name: str, expected: list[dict[str, Any]]
) -> None:
    """Rows carry what the sentence about them needs."""
    assert evidence(check_id, test_name) == expected


def test_a_visit_is_one_row_with_its_first_and_last_moment() -> None:
    """A stick that came twice in one night is one violation with both times."""
    (row,) = evidence(
        "CEP-USB-004", "an unregistered stick for forty seconds at night, twice, is one row"
    )

    assert (row["first_seen"], row["last_seen"]) == ("2026-11-22T18:10:01Z", "2026-11-22T18:26:40Z")


def test_a_token_shows_its_interfaces() -> None:
    """Input and storage in one device tell the reader that it may be a UKey."""
    (row,) = evidence(
        "CEP-USB-003", "a UKey with an input and an optical interface has to be registered, one row"
    )

    assert row["interface_classes"] == "03,08"


def test_outgoing_connections_name_their_program() -> None:
    """A connection whose process is gone has no program, the others have theirs."""
    rows = evidence(
        "CEP-EGR-003",
        "a connection to the Internet, another half open, a third already closing",
    )

    assert {(row["remote_address"], row["program"]) for row in rows} == {
        ("114.114.114.114", "/tmp/x"),
        ("8.8.8.8", "/tmp/x"),
        ("2400:3200::1", "-"),
    }


def test_telephones_are_told_by_what_they_offer() -> None:
    """The evidence names the functions of a device."""
    rows = [
        *evidence("CEP-USB-007", "an iPhone by its driver, and by its picture interface alone"),
        *evidence("CEP-USB-007", "network functions by NCM, ECM and EEM"),
        *evidence(
            "CEP-USB-007",
            "an Android telephone sharing its network by RNDIS, one row for two interfaces",
        ),
    ]

    assert sorted(row["functions"] for row in rows) == [
        "ecm",
        "ecm",
        "iphone",
        "ncm",
        "ptp",
        "rndis",
    ]


def scaled(check_id: str, given: dict[str, list[dict[str, Any]]]) -> str:
    """The verdict of a check on many rows, registers adopted and empty; or why it is unknown."""
    policy = library().policy
    alone = msgspec.structs.replace(policy, checks=(policy.check(check_id),))
    test = msgspec.convert(
        {"name": "scaled", "given": {"file": [], **given}, "verdict": "pass"}, type=CheckTest
    )
    registers = {
        name: read_register(*write_register(name, policy.registers[name].columns, []))
        for name in alone.checks[0].registers
    }
    engine = Engine(GivenFacts.of(test), catalogue=catalogue([alone]), now=test.now)
    for _ in engine.load(needs([alone], engine)):
        pass
    (verdict,) = judge([alone], engine, registers, {})
    return verdict.reasons[0].code if verdict.reasons else verdict.verdict


PROCESSES = [
    {"pid": pid, "name": f"worker{pid}", "path": f"/opt/app/bin/worker{pid}"}
    for pid in range(5_000)
]


RUNNING_TOOLS = [
    *("CEP-RMT-001", "CEP-RMT-002", "CEP-RMT-003", "CEP-RMT-006"),
    *("CEP-TUN-001", "CEP-TUN-002", "CEP-TUN-005", "CEP-TUN-006"),
]


@pytest.mark.parametrize(
    ("check_id", "given"),
    [
        *((check_id, {"processes": PROCESSES}) for check_id in RUNNING_TOOLS),
        (
            "CEP-EGR-003",
            {
                "process_open_sockets": [
                    {
                        "pid": number % 5_000,
                        "protocol": 6,
                        "local_port": 443,
                        "remote_port": 1_024 + number,
                        "remote_address": f"110.{number % 250}.{number // 250}.7",
                        "net_namespace": "1",
                    }
                    for number in range(20_000)
                ],
                "listening_ports": [
                    {"protocol": 6, "port": port, "net_namespace": "1"} for port in range(400, 900)
                ],
                "processes": PROCESSES,
            },
        ),
        (
            "CEP-ACC-001",
            {"users": [{"username": f"u{uid}", "uid": uid} for uid in range(1, 5_000)]},
        ),
        (
            "CEP-EGR-001",
            {
                "interface_addresses": [
                    {"interface": "kube-ipvs0", "address": f"10.96.{number // 250}.{number % 250}"}
                    for number in range(5_000)
                ],
                "interface_details": [{"interface": f"veth{n}", "flags": 4163} for n in range(500)],
                "routes": [],
            },
        ),
    ],
)
def test_a_busy_host_stays_within_the_budget(
    check_id: str, given: dict[str, list[dict[str, Any]]]
) -> None:
    """Thousands of processes, connections, accounts and addresses still get their verdict."""
    assert scaled(check_id, given) == "pass"


def every_finding() -> list[tuple[Check, str]]:
    """Each check with the name of its first failing test."""
    return [
        (check, next(test.name for test in check.tests if test.verdict == "fail"))
        for check in library().policy.checks
    ]


@pytest.mark.parametrize(("check", "test_name"), every_finding(), ids=CHECKS)
def test_every_finding_can_be_said(check: Check, test_name: str) -> None:
    """No place of the sentence stays empty on a real violation."""
    assert check.finding is not None

    for row in evidence(check.id, test_name):
        for name in re.findall(r"\{([a-z_]+)\}", check.finding.zh + check.finding.en):
            assert row[name] is not None
