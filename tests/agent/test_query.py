"""`anfang query`: joins as in osquery, and refusals within a second that say why."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.agent.running import anfang


def test_joins_using_and_ctes_answer() -> None:
    """A query that osquery's users know runs unchanged."""
    done = anfang(
        "query",
        "WITH own AS (SELECT pid FROM processes WHERE pid = 2 OR pid = 1) "
        "SELECT name, uid FROM own JOIN processes USING (pid) WHERE pid = 1",
        "--json",
    )

    (row,) = json.loads(done.stdout)
    assert row["name"] == Path("/proc/1/comm").read_text("utf-8").strip()
    assert done.returncode in (0, 3)


def test_file_answers_by_path() -> None:
    """A keyed table answers for the paths it is asked."""
    done = anfang(
        "query", "SELECT path, size FROM file WHERE path IN ('/etc/passwd', '/etc/none')", "--json"
    )

    assert json.loads(done.stdout) == [
        {"path": "/etc/passwd", "size": Path("/etc/passwd").stat().st_size}
    ]


def test_homes_are_outside_the_allow_list() -> None:
    """A path that this host does not allow gives no row, and says so."""
    done = anfang("query", "SELECT path FROM file WHERE path = '/root/.bashrc'")

    assert done.returncode == 3
    assert "/root/.bashrc" in done.stderr
    assert "outside what this host allows" in done.stderr


def test_local_columns_serve_the_keyboard() -> None:
    """A column that is never recorded can be looked at here."""
    done = anfang("query", f"SELECT cmdline FROM processes WHERE pid = {os.getpid()}", "--json")

    (row,) = json.loads(done.stdout)
    own = Path("/proc/self/cmdline").read_text("utf-8").removesuffix("\0")
    assert row["cmdline"] == own.replace("\0", " ")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM file", "needs path"),
        ("DELETE FROM users", "only a single SELECT"),
        ("ATTACH '/tmp/x' AS y", "only a single SELECT"),
        ("PRAGMA table_info(users)", "only a single SELECT"),
        ("SELECT 1; SELECT 2", "only one statement"),
        ("SELECT printf('%.*c', 1000000000, 'x')", "printf"),
        ("SELECT * FROM shell_history", "not offered by design"),
        ("SELECT * FROM proceses", "processes"),
        (
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c",
            "budget",
        ),
        (
            "SELECT count(*) FROM processes a, processes b, processes c, processes d, processes e",
            "budget",
        ),
    ],
)
def test_what_is_refused_says_why_at_once(sql: str, said: str) -> None:
    """Each is refused or stopped within the budget of one second of processor time."""
    began = os.times().children_user

    done = anfang("query", sql)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert os.times().children_user - began < 4  # two interpreters, and a machine that is busy


def test_a_table_is_drawn_and_csv_is_written() -> None:
    """People get a grid, programs get CSV; text from the host cannot steer the terminal."""
    sql = "SELECT 'a' || char(27) || '[2J' AS x, NULL AS y"

    grid, csv = anfang("query", sql), anfang("query", sql, "--csv")

    assert "| a\\x1b[2J | " in grid.stdout
    assert csv.stdout == "x,y\na\x1b[2J,\n"


def test_a_process_named_with_undecodable_bytes_is_shown() -> None:
    """A name that is no text, and would clear the screen, is shown as escapes."""
    naming = "open('/proc/self/comm', 'wb').write(b'\\xff\\x1b[2J'); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", naming], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()

        done = anfang("query", f"SELECT name FROM processes WHERE pid = {process.pid}")
        process.communicate(b"\n")

    assert "\\xff\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_statements_are_read_from_stdin() -> None:
    """Without an argument each statement on stdin is answered."""
    done = anfang("query", "--json", stdin="SELECT 1 AS a;\nSELECT\n 2 AS b;\n")

    assert '"a": 1' in done.stdout
    assert '"b": 2' in done.stdout


def test_the_clock_in_sql_is_the_time_of_asking() -> None:
    """`now` is when the query was asked."""
    before = int(time.time())

    done = anfang("query", "SELECT unixepoch('now') AS t", "--json")

    assert before <= json.loads(done.stdout)[0]["t"] <= time.time() + 1
