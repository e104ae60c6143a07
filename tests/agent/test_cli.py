"""The command line: help in both languages, refusals, exit codes."""

import json
from pathlib import Path

import pytest

from agent.cli import main, parser
from facts.tables import SPECS
from policies.schema import schema
from tests.agent.enrolled import POLICY, enrolled
from tests.agent.running import anfang

SCANNING_AND_SENDING = [
    ("scan",),
    ("query", "SELECT 1"),
    ("agent",),
    ("enroll", "https://127.0.0.1:1", "--token", "anf1.x.y"),
    ("send",),
    ("export", "-"),
    ("import", "-"),
]


def test_help_is_bilingual_chinese_first() -> None:
    """Every command is described in both languages."""
    text = parser().format_help()

    for chinese, english in (("扫描本机", "scan this host"), ("离线核验", "verify offline")):
        assert text.index(chinese) < text.index(english)
    assert "涉密" in text


def test_a_defect_is_neither_a_violation_nor_a_forgery(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody foresaw exits 3, with its traceback: 1 would be an answer."""

    def broken(_: object) -> int:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("agent.commands.tables.run", broken)

    code = main(["tables"])

    assert code == 3
    assert "RuntimeError: unforeseen" in capsys.readouterr().err


def test_usage_errors_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that does not exist is a matter of usage."""
    with pytest.raises(SystemExit) as raised:
        main(["frobnicate"])

    assert raised.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize("command", SCANNING_AND_SENDING, ids=lambda command: command[0])
def test_a_classified_system_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Whatever would scan, export or send refuses on a classified system, and says why."""
    state = enrolled(tmp_path).state
    config = tmp_path / "agent.toml"
    config.write_text("classified = true\n")
    before = sorted(path for path in state.root.rglob("*"))

    done = anfang(*command, state=state, config=str(config), lang="zh", stdin="")

    assert done.returncode == 3
    assert "涉密信息系统" in done.stderr
    assert done.stdout == ""
    assert sorted(path for path in state.root.rglob("*")) == before


def test_a_bad_configuration_exits_2(tmp_path: Path) -> None:
    """Nothing runs on a configuration that was misread."""
    config = tmp_path / "agent.toml"
    config.write_text("scan_cpu = 3\n")

    done = anfang("scan", config=str(config))

    assert done.returncode == 2
    assert "did you mean 'scan_cpu_s'?" in done.stderr


def test_tables_is_the_data_dictionary() -> None:
    """One table is told with source, privilege and every column; a misspelt one is helped."""
    done = anfang("tables", "usb_devices")
    misspelt = anfang("tables", "usb_device")

    assert done.returncode == 0
    assert "/sys/bus/usb/devices" in done.stdout
    assert "[de-identified]" in done.stdout
    assert misspelt.returncode == 2
    assert "usb_devices" in misspelt.stderr


@pytest.mark.parametrize("table", ["shadow", "file", "hardware_events"])
def test_the_dictionary_speaks_the_readers_language(table: str) -> None:
    """What a table and its columns are is said in one language, and as JSON in both."""
    spec = SPECS[table]
    zh, en = (anfang("tables", table, lang=lang).stdout for lang in ("zh", "en"))
    both = json.loads(anfang("tables", table, "--json").stdout)[0]

    assert spec.doc.zh in zh
    assert spec.doc.en in en
    assert spec.doc.en not in zh
    assert not any("\u4e00" <= character <= "\u9fff" for character in en)
    assert both["doc"] == {"zh": spec.doc.zh, "en": spec.doc.en}
    assert [(c["zh"], c["en"]) for c in both["columns"]] == [(c.zh, c.en) for c in spec.columns]


def test_explain_names_what_leaves_and_why(tmp_path: Path) -> None:
    """Each table that leaves is named with its columns and the checks that read it."""
    state = enrolled(tmp_path).state

    done = anfang("explain", state=state)

    assert done.returncode == 0
    users = done.stdout.split("\nusers\n")[1]
    assert "Columns   uid, username\n" in users
    assert "For       CEP-AGT-902\n" in users
    assert SPECS["users"].doc.en in users
    assert "Never collected" in done.stdout


def test_status_of_a_host_without_server_exits_3(tmp_path: Path) -> None:
    """Not being enrolled is said with the command that changes it."""
    done = anfang("status", state=tmp_path / "nowhere")

    assert done.returncode == 3
    assert "anfang enroll" in done.stderr


def test_policy_lint_names_line_and_fix(tmp_path: Path) -> None:
    """A misspelt key is found with its line."""
    file = tmp_path / "bad.yaml"
    file.write_text("policy: bad\nversion: 2026.11.0\ntitel: {zh: 坏, en: bad}\nchecks: []\n")

    done = anfang("policy", "lint", str(file))

    assert done.returncode == 2
    assert f"{file}:3:" in done.stdout
    assert "title" in done.stdout


def test_policy_schema_is_the_models() -> None:
    """An editor gets the schema that the model is read by."""
    done = anfang("policy", "schema")

    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(schema()))


def test_policy_test_runs_a_policys_own_tests(tmp_path: Path) -> None:
    """Every test of every check in every variation; a wrong expectation exits 1 with its line."""
    file = tmp_path / "small.yaml"
    tested = POLICY.split("  - id: CEP-AGT-902")[0] + (
        "    tests:\n"
        "      - {name: named, given: {os_version: [{name: Test}]}, verdict: VERDICT}\n"
        "      - {name: nameless, given: {os_version: [{name: ''}]}, verdict: fail}\n"
        "      - name: unreadable\n"
        "        given: {os_version: {status: denied, reason: [permission_denied, /etc]}}\n"
        "        verdict: unknown\n"
    )
    file.write_text(tested.replace("VERDICT", "pass"), "utf-8")
    right = anfang("policy", "test", str(file))
    file.write_text(tested.replace("VERDICT", "fail"), "utf-8")

    wrong = anfang("policy", "test", str(file))

    assert right.returncode == 0, right.stdout
    assert wrong.returncode == 1
    assert f"{file}:" in wrong.stdout
