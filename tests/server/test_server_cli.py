"""The command line, from a new directory to a token, and what it says when something is wrong."""

from pathlib import Path

import pytest

from server.cli import main
from tests.server.sites import POLICY, UNIT


def _run(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> tuple[int, str, str]:
    code = main([str(arg) for arg in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_from_a_new_directory_to_a_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The road of a first day; the token is alone on its line, so that a script can take it."""
    data = tmp_path / "data"
    code, out, _ = _run(capsys, "init", data, "--host-name", "collector.example")
    assert code == 0
    assert "admin" in out
    assert _run(capsys, "unit", "add", UNIT, "--data", data)[0] == 0
    assert _run(capsys, "unit", "list", "--data", data)[1] == f"{UNIT}\n"
    code, out, _ = _run(capsys, "unit", "assign", UNIT, "--policy", POLICY, "--data", data)
    assert (code, "small 2026.11.0" in out) == (0, True)

    code, token, _ = _run(capsys, "token", "create", UNIT, "--uses", "3", "--data", data)

    assert code == 0
    assert token.startswith("anf1.")
    assert token.count("\n") == 1
    listed = _run(capsys, "token", "list", "--data", data)[1]
    assert "0/3" in listed
    assert token.strip() not in listed
    assert _run(capsys, "token", "revoke", "1", "--data", data)[0] == 0
    assert "revoked" in _run(capsys, "token", "list", "--data", data)[1]
    assert _run(capsys, "trust", tmp_path / "trust", "--data", data)[0] == 0
    assert "Origin: collector.example/anfang/" in (
        tmp_path / "trust" / "server.server.pem"
    ).read_text(encoding="utf-8")
    assert _run(capsys, "password", "admin", "--data", data)[0] == 0


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["unit", "add", UNIT], 2, "already"),
        (["unit", "assign", "nobody", "--policy", str(POLICY)], 2, "there is no unit"),
        (["unit", "assign", UNIT, "--policy", "no-such"], 2, "cannot be read"),
        (["unit", "assign", UNIT, "--policy", str(POLICY), "--parameter", "x"], 2, "NAME=VALUE"),
        (
            ["unit", "assign", UNIT, "--policy", "x", "--parameter", "a=1", "--parameter", "a=2"],
            2,
            "given twice",
        ),
        (["unit", "assign", UNIT, "--policy", str(POLICY), "--policy", str(POLICY)], 2, "twice"),
        (["token", "create", UNIT, "--uses", "0"], 2, "1 at least"),
        (["token", "revoke", "9"], 2, "no token 9"),
        (["export", "nobody", "file"], 2, "no host"),
    ],
)
def test_a_mistake_is_told_in_both_languages(
    data: Path, capsys: pytest.CaptureFixture[str], argv: list[str], code: int, told: str
) -> None:
    """On standard error, with the exit code of a usage error and never a traceback."""
    ended, out, err = _run(capsys, *argv, "--data", data)

    assert (ended, out) == (code, "")
    assert told in err
    assert err.startswith("错误：")


def test_without_a_data_directory_the_first_command_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newcomer who begins in the middle is told where to begin."""
    code, _, err = _run(capsys, "unit", "list", "--data", tmp_path / "none")

    assert code == 2
    assert "anfang-server init" in err
