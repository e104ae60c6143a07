"""Policies of Fleet, osquery and Wazuh as drafts of ours, and what is left out and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.errors import MalformedPolicyError
from policies.imports import Candidate, LeftOut, candidates
from policies.imports_draft import draft, written
from policies.lint import lint
from policies.load import load
from policies.nodes import MAX_BYTES
from tests.agent.running import anfang

FLEET = """\
# a comment first
---
apiVersion: v1
kind: policy
spec:
  name: Root alone has uid 0
  query: SELECT 1 WHERE NOT EXISTS (SELECT * FROM users WHERE uid = 0 AND username <> "root");
  description: Another superuser goes unnoticed.
  resolution: Remove it.
  platform: linux
---
apiVersion: v1
kind: policy
spec:
  name: Gatekeeper
  query: SELECT 1 FROM gatekeeper WHERE assessments_enabled = 1;
  platform: darwin
---
apiVersion: v1
kind: query
spec:
  name: Who is there
  query: SELECT username FROM users
"""
PACK: dict[str, Any] = {
    "platform": "linux",
    "queries": {
        "modules": {"query": "SELECT * FROM kernel_modules;", "description": "What is loaded."},
        "shell": {"query": "SELECT command FROM shell_history;", "interval": "60"},
        "habits": {"query": "SELECT * FROM shell_history"},
        "typo": {"query": "SELECT nam FROM users;"},
        "cmdline": {"query": "SELECT cmdline FROM processes;"},
        "write": {"query": "DELETE FROM users;"},
        "windows": {"query": "SELECT 1 FROM users", "platform": "windows"},
        "nothing": {"description": "no query"},
        "many": {"query": "SELECT * FROM users u JOIN groups g ON g.gid = u.gid"},
        "list": {"query": "SELECT * FROM file WHERE path IN ('/a', '/b')"},
        "double": {"query": 'SELECT name FROM kernel_modules WHERE name = "dccp"'},
    },
}
SCA = """\
policy: {id: x, name: y}
checks:
  - id: 1
    title: Ensure rsh is not there
    rationale: It sends passwords in clear.
    remediation: Remove it.
    condition: none
    rules:
      - 'f:/usr/bin/rsh'
      - 'p:in.rshd'
  - {id: 2, title: a command, condition: all, rules: ['c:sysctl kernel.x -> r:1']}
  - {id: 3, title: contents, condition: all, rules: ['f:/etc/ssh/sshd_config -> r:^x']}
  - {id: 4, title: both, condition: all, rules: ['d:/etc/audit', "not f:/etc/it's"]}
  - {id: 5, title: any of them, condition: any, rules: ['d:/a', '!d:/b']}
  - {id: 6, title: a pattern, condition: all, rules: ['f:/etc/*.conf']}
  - {id: 7, title: no such condition, condition: some, rules: ['f:/a']}
"""


def found(text: str) -> dict[str, Candidate | LeftOut]:
    return {each.name: each for each in candidates(text.encode(), "x")}


def left(text: str) -> dict[str, str]:
    _, out = draft("x", "2026.11.0", candidates(text.encode(), "x"))
    return {each.name: each.reason for each in out}


def taken(text: str) -> dict[str, dict[str, Any]]:
    policy, _ = draft("x", "2026.11.0", candidates(text.encode(), "x"))
    return {check["title"]["en"]: check for check in policy["checks"]}


def test_a_policy_of_fleet_expects_a_row() -> None:
    """Its words are kept, double quotes around a text become single ones."""
    check = taken(FLEET)["Root alone has uid 0"]

    assert check["expects"].rstrip() == (
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM users WHERE uid = 0 AND username <> 'root')"
    )
    assert check["advice"]["do"]["en"] == "Remove it."
    assert check["family"] == "acc"
    assert left(FLEET) == {"Gatekeeper": "platform", "Who is there": "kind"}


def test_a_row_of_a_pack_is_a_violation_and_its_columns_are_named() -> None:
    """`SELECT *` would show other columns with another version of the table."""
    checks = taken(json.dumps(PACK))

    assert checks.keys() == {"modules", "double", "list"}
    assert checks["modules"]["violations"].startswith('SELECT "name", ')
    assert "*" not in checks["modules"]["violations"]
    assert checks["double"]["violations"].rstrip().endswith("WHERE name = 'dccp'")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shell", "shell_history"),
        ("habits", "shell_history"),
        ("typo", "nam"),
        ("cmdline", "processes.cmdline"),
        ("write", "DELETE"),
        ("windows", "platform"),
        ("nothing", "empty"),
        ("many", "more than one table"),
    ],
)
def test_what_a_pack_asks_that_is_not_taken_is_told(name: str, said: str) -> None:
    """Each with its reason: denied by design, misspelt, local, no query, another system."""
    assert said in left(json.dumps(PACK))[name]


def test_packs_as_osquery_reads_them(tmp_path: Path) -> None:
    """Comments, and lines that a backslash continues."""
    text = '{\n// why\n"queries": {"a": {"query": "SELECT name \\\n FROM users"}}}'
    text = text.replace("SELECT name", "SELECT username")

    (check,) = taken(text).values()

    assert " ".join(check["violations"].split()) == "SELECT username FROM users"


def test_rules_of_wazuh_that_ask_what_is_there_are_taken() -> None:
    """Files, directories and processes; all, any or none of them."""
    sql = {name: check["expects"].rstrip() for name, check in taken(SCA).items()}

    a_file = "EXISTS (SELECT 1 FROM file WHERE path = '{}' AND type <> 'directory')"
    a_directory = "EXISTS (SELECT 1 FROM file WHERE path = '{}' AND type = 'directory')"
    rshd = "EXISTS (SELECT 1 FROM processes WHERE name = 'in.rshd')"
    assert sql == {
        "Ensure rsh is not there": (
            f"SELECT 1 WHERE NOT ({a_file.format('/usr/bin/rsh')} OR {rshd})"
        ),
        "both": (
            f"SELECT 1 WHERE {a_directory.format('/etc/audit')} AND "
            f"NOT {a_file.format(chr(39).join(['/etc/it', '', 's']))}"
        ),
        "any of them": (
            f"SELECT 1 WHERE {a_directory.format('/a')} OR NOT {a_directory.format('/b')}"
        ),
    }
    assert left(SCA) == {
        "a command": "command",
        "contents": "content",
        "a pattern": "rule",
        "no such condition": "rule",
    }


@pytest.mark.parametrize("text", [FLEET, json.dumps(PACK), SCA])
def test_a_draft_is_a_policy_that_wants_tests(tmp_path: Path, text: str) -> None:
    """It loads as it was written, and lint has nothing else to say."""
    path = tmp_path / "draft.yaml"
    policy, _ = draft("draft", "2026.11.0", candidates(text.encode(), "x"))
    path.write_text(written(policy), encoding="utf-8")

    messages = [problem.message for problem in lint(load(path))]

    assert messages
    assert all("no tests" in said for said in messages)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a: &x 1\nb: *x\n", "an anchor or alias"),
        (b"[" * 100, "nested more than"),
        (b'{"queries": ' + b"[" * 100, "nested more than"),
        (b" " * (MAX_BYTES + 1), "more than"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{", "not JSON"),
        (b"just text", "neither Fleet"),
        (b"a: 1\n", "neither Fleet"),
        (b"a: 1\na: 2\n", "again"),
    ],
)
def test_hostile_files_are_refused(data: bytes, said: str) -> None:
    """As policies are."""
    with pytest.raises(MalformedPolicyError, match=said):
        list(candidates(data, "x"))


@pytest.mark.parametrize(
    "text",
    [
        '{"queries": {"a": 1, "b": {"query": 2}, "c": {"query": ["x"]}}}',
        '{"queries": {"a": {"query": "SELECT \'"}, "b": {"query": "\\u0000"}}}',
        "checks: [1, {rules: x}, {rules: [1]}, {title: [x], rules: [{a: b}], condition: all}]",
        "- 1\n- {name: 1, query: [x]}\n- []\n",
    ],
)
def test_values_of_another_kind_are_left_out(text: str) -> None:
    """Nothing is taken, nothing breaks."""
    policy, out = draft("x", "2026.11.0", candidates(text.encode(), "x"))

    assert policy["checks"] == []
    assert out


def test_the_command_writes_a_draft_and_tells_the_rest(tmp_path: Path) -> None:
    """The draft on stdout, the report on stderr, exit 3 where something was left out."""
    path = tmp_path / "My Pack 1.yml"
    path.write_text(FLEET, encoding="utf-8")

    done = anfang("policy", "import", str(path))

    assert done.returncode == 3
    assert done.stdout.startswith("policy: my-pack\n")
    assert "Gatekeeper: for another system" in done.stderr
    assert "1 taken, 2 left out" in done.stderr
