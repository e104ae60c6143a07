"""The interactive shell, as a person at a terminal meets it."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.answers import MODES
from agent.say import width
from tests.agent.running import anfang
from tests.agent.terminal import Terminal, at_terminal, plain

HISTORY = Path(".local/state/anfang/query_history")


@pytest.fixture(scope="module", name="shell")
def _shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """One shell for what leaves no trace in it."""
    home = tmp_path_factory.mktemp("home")
    with at_terminal("query", home=home, width=80) as terminal:
        terminal.wait_for("anfang> ")
        yield terminal
        assert terminal.process.poll() is None


def test_a_statement_may_take_several_lines(shell: Terminal) -> None:
    """It is answered once a semicolon ends it, and one in quotes ends nothing."""
    shell.type("SELECT ';' AS a,\n")
    shell.wait_for("...> ")

    assert "| ; | 7 |" in shell.ask(" 7 AS b;")


def test_what_is_missing_is_said_after_the_answer(shell: Terminal) -> None:
    """A path outside the allow-list gives no row and a line that says why."""
    said = shell.ask("SELECT path FROM file WHERE path = '/root/.bashrc';")

    assert "| path |" in said
    assert "? file path = '/root/.bashrc' denied" in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("SELECT nowhere;", "no column nowhere"),
        ("SELECT * FROM file;", "file needs path"),
        ("DELETE FROM users;", "only a single SELECT"),
        ("SELECT * FROM shell_history;", "not offered by design"),
        ("SELECT '\udcff';", "UTF-8"),
        (";", "empty"),
        (".nothing", "no such command: .nothing"),
        (".mode sideways", "no mode sideways"),
        (".mode csv json", "no such command"),
        (".schema curl", "not offered by design"),
        (".schema proceses", "processes"),
    ],
)
def test_a_mistake_is_said_and_the_shell_goes_on(shell: Terminal, typed: str, said: str) -> None:
    """Whatever is typed, the next prompt comes."""
    assert said in shell.ask(typed)


def test_mistakes_are_said_in_chinese_to_who_reads_chinese(tmp_path: Path) -> None:
    """The same shell in the other language."""
    with at_terminal("query", home=tmp_path, lang="zh") as shell:
        greeting = shell.wait_for("anfang> ")

        assert "语句以分号结束" in greeting
        assert "没有名为 nowhere 的表" in shell.ask("SELECT * FROM nowhere;")
        assert "语句历史保存在" in shell.ask(".help")


def test_each_mode_writes_the_same_answer_its_own_way(shell: Terminal) -> None:
    """One table, five ways to write it; asked without a name, the mode is told."""
    sql = "SELECT 'x' AS a, NULL AS bb, 3 AS c;"
    shown = {}
    for mode in (*MODES, "pretty"):
        shell.ask(f".mode {mode}")
        assert shell.ask(".mode") == f"{mode}\n"
        shown[mode] = shell.ask(sql)

    assert shown["pretty"].splitlines()[1:4:2] == ["| a | bb | c |", "| x |    | 3 |"]
    assert shown["column"].splitlines() == ["a  bb  c", "-  --  -", "x      3"]
    assert shown["line"].splitlines() == [" a = x", "bb =", " c = 3"]
    assert shown["csv"].splitlines() == ["a,bb,c", "x,,3"]
    assert json.loads(shown["json"]) == [{"a": "x", "bb": None, "c": 3}]


def test_tables_and_columns_can_be_looked_up(shell: Terminal) -> None:
    """By part of a name, and one by one, with what each holds."""
    listed, one, every = (
        shell.ask(".tables usb_"),
        shell.ask(".schema groups"),
        shell.ask(".schema"),
    )

    assert [line.split()[0] for line in listed.splitlines()][-2:] == [
        "usb_devices",
        "usb_interfaces",
    ]
    assert one.startswith("CREATE TABLE groups(\n  gid BIGINT,")
    assert "CREATE TABLE hash(path TEXT, directory TEXT, md5 TEXT" in every
    assert max(map(width, (*listed.splitlines(), *one.splitlines()))) <= 80


@pytest.mark.parametrize("mode", ["pretty", "column"])
def test_wide_answers_fit_the_terminal(shell: Terminal, mode: str) -> None:
    """Long cells are cut with a mark, wide characters counted as two, short columns kept whole."""
    shell.ask(f".mode {mode}")

    said = shell.ask(
        f"SELECT 7 AS id, replace('{'x' * 99}', 'x', '中文') AS zh, 'end' AS e, "
        f"replace('{'x' * 50}', 'x', 'yz') AS long;"
    )
    shell.ask(".mode pretty")

    assert 70 < max(map(width, said.splitlines())) <= 80
    assert "7 " in said
    assert "end" in said
    assert "中文…" in said or "中…" in said


def test_an_answer_of_too_many_columns_is_written_line_by_line(shell: Terminal) -> None:
    """A grid with nothing legible in it would be no answer."""
    cells = ", ".join(f"'cell {i}' AS column_{i}" for i in range(20))

    said = shell.ask(f"SELECT {cells};")

    assert " column_0 = cell 0\n" in said
    assert "column_19 = cell 19" in said


@pytest.mark.parametrize("mode", MODES)
def test_no_text_of_the_host_acts_on_the_terminal(shell: Terminal, mode: str) -> None:
    """Neither escapes nor their one-byte forms nor marks that turn the reading direction."""
    shell.ask(f".mode {mode}")
    shell.type("SELECT char(27) || '[2J' || char(155) || '1m' || char(8238) || 'x' AS y;\n")
    shell.wait_for("\n")

    said = shell.wait_for("anfang> ")
    shell.ask(".mode pretty")

    assert not {"\x1b[2J", "\x9b", "\u202e"} & {
        said[i:j] for i in range(len(said)) for j in (i + 1, i + 4)
    }
    assert "202e" in said


def test_control_c_gives_up_the_statement_at_hand(shell: Terminal) -> None:
    """What was typed is forgotten, and so is a query that still runs."""
    shell.type("SELECT 1 AS never\n")
    shell.wait_for("...> ")
    shell.interrupt()
    slow = (
        "SELECT count(*) FROM file a, file b WHERE a.path LIKE '/usr/%%' AND b.path LIKE '/usr/%%';"
    )
    shell.type(f"{slow}\n")
    shell.wait_for("\n")
    time.sleep(0.5)
    shell.interrupt()

    assert shell.ask("SELECT 2 AS after;").count("| 2     |") == 1


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("SELECT count(*) AS n FROM kernel_i\t;", "| n |"),
        ("SELECT 1 AS n FROM users WHERE users.usern\t = 'root';", "| 1 |"),
        ("select cou\t*) as n from groups where 0;", "| 0 |"),
        (".schema user_g\t", "CREATE TABLE user_groups("),
        (".mod\t", "pretty"),
        (".mode pre\t", ""),
    ],
)
def test_names_are_completed(shell: Terminal, typed: str, shown: str) -> None:
    """Tables, their columns, functions, commands and what these take."""
    assert shown in shell.ask(typed)


def test_history_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    """A statement comes back in the next shell, on one line; nobody else may read it."""
    os.umask(os.umask(0o022))
    with at_terminal("query", home=tmp_path) as shell:
        shell.wait_for("anfang> ")
        shell.type("SELECT 'kept'\n")
        shell.wait_for("...> ")
        shell.ask("AS a;")
        assert str(tmp_path / HISTORY) in shell.ask(".help")
        shell.type("\x04")
        assert shell.end() == 0
    with at_terminal("query", home=tmp_path) as shell:
        shell.wait_for("anfang> ")
        shell.type("\x1b[A" * 2)
        shell.wait_for("SELECT 'kept' AS a;")
        shell.type("\n")
        assert "| kept |" in plain(shell.wait_for("anfang> "))

    assert (tmp_path / HISTORY).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / HISTORY).parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("obstacle", ["a link", "somebody else's", "no home"])
def test_history_is_not_kept_where_it_is_not_the_users_own(tmp_path: Path, obstacle: str) -> None:
    """`sudo` leaves another's HOME; what stands there is not touched."""
    file = tmp_path / HISTORY
    file.parent.mkdir(parents=True)
    target = tmp_path / "target"
    target.write_text("untouched")
    if obstacle == "a link":
        file.symlink_to(target)
    elif obstacle == "somebody else's":
        os.chown(file.parent, 65534, 65534)
    env = {"HOME": "/dev/null"} if obstacle == "no home" else {}

    with at_terminal("query", home=tmp_path, env=env) as shell:
        shell.wait_for("anfang> ")
        said = shell.ask(".help")
        shell.type(".exit\n")

        assert shell.end() == 0
    assert "no history is kept" in said
    assert target.read_text() == "untouched"


def test_a_terminal_that_goes_away_ends_the_shell(tmp_path: Path) -> None:
    """Nothing is left running behind it."""
    with at_terminal("query", home=tmp_path) as shell:
        shell.wait_for("anfang> ")
        shell.process.send_signal(signal.SIGHUP)

        assert shell.end() != 1


def test_without_a_terminal_there_is_no_shell() -> None:
    """Statements come from a pipe as before, without prompt or greeting."""
    done = anfang("query", stdin="SELECT 1 AS a;\n")

    assert done.stdout.splitlines()[1] == "| a |"
    assert done.stderr == ""


def test_one_statement_on_a_terminal_fits_it_too(tmp_path: Path) -> None:
    """The same care as in the shell."""
    sql = f"SELECT char(27) || '[31m' AS a, replace('{'x' * 50}', 'x', 'yz') AS b"

    with at_terminal("query", sql, home=tmp_path, width=60) as terminal:
        assert terminal.end() == 0

    assert "\x1b" not in terminal.shown
    assert max(map(width, terminal.shown.splitlines())) == 60
    assert "…" in terminal.shown
