"""Nothing but bounded reading runs: each attack is refused or stopped, and says why."""

import time
from pathlib import Path

import pytest

from facts import sandbox
from facts.engine import Engine
from facts.errors import QueryError
from tests.facts.catalogues import CATALOGUE, NOW, DictSource, Rows

BIG = (
    "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 8000) "
    "SELECT group_concat('aaaaaaaaaaaaaaaa', '') FROM c)"
)
"""A text of 128,000 characters, nearly the longest there can be."""

USERS: Rows = [
    {"uid": i, "gid": i, "username": f"{i:0200}", "directory": "/", "description": ""}
    for i in range(300)
]

SECOND = 1.0


def columns(expression: str, times: int) -> str:
    """`expression` in so many columns, so that no loop gives SQLite occasion to look up."""
    return ", ".join(f"{expression} || {i}" for i in range(times))


@pytest.fixture(name="engine")
def _engine() -> Engine:
    engine = Engine(DictSource({"users": USERS}), catalogue=CATALOGUE, now=NOW)
    list(engine.load(engine.plan("SELECT uid, username FROM users").needs))
    return engine


def refused(engine: Engine, sql: str) -> QueryError:
    """Why `sql` came to nothing, within a second of the processor."""
    begun = time.thread_time()
    with pytest.raises(QueryError) as refusal:
        engine.run(sql)
    assert time.thread_time() - begun < SECOND
    return refusal.value


@pytest.mark.parametrize(
    "expression",
    [
        "CAST(x'ff' AS TEXT)",
        "trim(x'ff')",
        "char(55296)",
        "instr(CAST(x'ff' AS TEXT), 'a')",
        "unhex('ff') || 'a'",
        "json_extract('{\"a\": \"\\ud800\"}', '$.a')",
    ],
)
def test_text_that_is_no_unicode_is_refused(engine: Engine, expression: str) -> None:
    """SQLite makes text of any bytes; a query that does ends alone, and not the scan with it."""
    refusal = refused(engine, f"SELECT {expression} FROM users")

    assert refusal.reason.args == ("text that is no Unicode",)


@pytest.mark.parametrize("arguments", ["", "'1'", "'1', '2'", "'1', '<', '2', 1, 1, 1, 1, 1"])
def test_a_function_with_a_wrong_number_of_arguments_does_not_plan(
    engine: Engine, arguments: str
) -> None:
    """It is found when the policy is linted, not when a host is scanned."""
    with pytest.raises(QueryError):
        engine.plan(f"SELECT version_compare({arguments})")


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("INSERT INTO users VALUES (1)", "INSERT"),
        ("WITH x AS (SELECT 1) INSERT INTO users SELECT * FROM x", "INSERT"),
        ("UPDATE users SET uid = 0", "UPDATE"),
        ("DELETE FROM users", "DELETE"),
        ("REPLACE INTO users VALUES (1)", "REPLACE"),
        ("CREATE TEMP TABLE x (a)", "CREATE"),
        ("CREATE VIEW x AS SELECT 1", "CREATE"),
        ("CREATE TRIGGER x AFTER INSERT ON users BEGIN SELECT 1; END", "CREATE"),
        ("DROP TABLE users", "DROP"),
        ("ALTER TABLE users RENAME TO x", "ALTER"),
        ("ATTACH ':memory:' AS x", "ATTACH"),
        ("DETACH main", "DETACH"),
        ("VACUUM", "VACUUM"),
        ("VACUUM INTO '/tmp/facts-sandbox-test.db'", "VACUUM"),
        ("PRAGMA user_version", "PRAGMA"),
        ("PRAGMA query_only = 0", "PRAGMA"),
        ("BEGIN", "BEGIN"),
        ("SAVEPOINT x", "SAVEPOINT"),
        ("ANALYZE", "ANALYZE"),
        ("REINDEX", "REINDEX"),
        ("EXPLAIN SELECT 1", "EXPLAIN"),
        ("/* no query */ REINDEX", "REINDEX"),
        ("-- no query\nEXPLAIN SELECT 1", "EXPLAIN"),
        ("/* no query */ VACUUM", "VACUUM"),
        ("EXPLAIN QUERY PLAN SELECT 1", "EXPLAIN"),
    ],
)
def test_only_select_is_accepted(engine: Engine, sql: str, verb: str) -> None:
    """Whatever is no query is refused by name, and nothing changes."""
    refusal = refused(engine, sql)

    assert refusal.code == "write_refused"
    assert verb in str(refusal)
    assert engine.run("SELECT count(*) FROM users").rows == ((len(USERS),),)
    assert not Path("/tmp/facts-sandbox-test.db").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sqlite_schema",
        "SELECT count(*) FROM sqlite_master",
        "SELECT * FROM temp.sqlite_temp_master",
        "SELECT * FROM pragma_database_list",
        "SELECT count(*) FROM pragma_table_info('users')",
        "SELECT * FROM dbstat",
        "SELECT * FROM carray",
        "SELECT * FROM sqlite_stmt",
        "SELECT * FROM temp.users",
    ],
)
def test_only_facts_are_read(engine: Engine, sql: str) -> None:
    """SQLite's own tables, and those its extensions bring, are not there."""
    assert refused(engine, sql).code in {"table_refused", "table_unknown"}


@pytest.mark.parametrize(
    "call",
    [
        "random()",
        "randomblob(9)",
        "zeroblob(1000000000)",
        "printf('%.999999999c', 'x')",
        "format('%.999999999c', 'x')",
        "load_extension('x')",
        "sqlite_version()",
        "changes()",
        "last_insert_rowid()",
        "sin(1)",
        "pow(2, 0.5)",
        "fts3_tokenizer('x')",
        "readfile('/etc/shadow')",
        "geopoly_area(x'00')",
        "json_set('{}', '$.a', 1)",
    ],
)
def test_only_listed_functions_are_called(engine: Engine, call: str) -> None:
    """Chance, the machine, files and bombs are out of reach, also in a branch never taken."""
    assert refused(engine, f"SELECT {call}").code in {"function_refused", "function_unknown"}
    assert refused(engine, f"SELECT CASE WHEN 0 THEN {call} END FROM users").code in {
        "function_refused",
        "function_unknown",
    }


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        (
            (
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                "SELECT count(*) FROM c"
            ),
            "over_time",
        ),
        (
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION SELECT x + 1 FROM c) SELECT max(x) FROM c",
            "over_time",
        ),
        (
            (
                "SELECT count(*) FROM users a, users b, users c, users d, users e "
                "WHERE a.uid + b.uid + c.uid + d.uid + e.uid < 0"
            ),
            "over_time",
        ),
        ("SELECT count(*) FROM " + ", ".join(f"users t{i}" for i in range(60)), "over_time"),
        (
            (
                f"WITH RECURSIVE b(s) AS (SELECT substr({BIG}, 1, 99999)), c(x, n) AS "
                "(SELECT s, 1 FROM b UNION SELECT s || n, n + 1 FROM b, c) SELECT max(x) FROM c"
            ),
            "over_memory",
        ),
        (
            f"SELECT {BIG} || a.uid || b.uid AS x FROM users a, users b ORDER BY x",
            "over_memory",
        ),
        (
            "SELECT length(group_concat(a.username || b.username)) FROM users a, users b",
            "over_length",
        ),
        (f"SELECT replace({BIG}, 'a', 'aaaaaaaaaa')", "over_length"),
        (f"SELECT hex(hex({BIG}))", "over_length"),
        (f"SELECT {BIG} || {BIG}", "over_length"),
        (f"SELECT '{'x' * 70_000}'", "over_length"),
        (f"SELECT {columns('y', 490)} FROM (SELECT upper(s) AS y FROM (SELECT {BIG} s))", ""),
        (
            (
                f"SELECT {columns('length(trim(s, substr(s, 1, 99999)))', 90)} "
                f"FROM (SELECT {BIG} AS s), users a, users b"
            ),
            "over_time",
        ),
        (
            (
                f"SELECT {columns('instr(s, substr(s, 1, 60000) || 1)', 90)} "
                f"FROM (SELECT {BIG} AS s), users a, users b"
            ),
            "over_time",
        ),
        (
            "SELECT "
            + columns("(s LIKE '%' || substr(s, 1, 200) || 'b%')", 90)
            + f" FROM (SELECT {BIG} AS s), users a",
            "over_time",
        ),
        (
            "SELECT "
            + columns("(s GLOB '*' || substr(s, 1, 200) || 'b')", 90)
            + f" FROM (SELECT {BIG} AS s), users a",
            "over_time",
        ),
        (
            f"SELECT sum(regex_match({BIG} || a.uid, '(a|a)*(a|b)*c', 0) IS NULL) FROM users a",
            "over_time",
        ),
        (
            "SELECT " + columns("json_valid(y)", 90) + " FROM (SELECT '[' || replace("
            f"substr({BIG}, 1, 50000), 'a', '1,') || '1]' AS y), users",
            "over_time",
        ),
        ("SELECT " + " OR ".join(f"1 = {i}" for i in range(5_000)), "query_failed"),
        (" UNION ".join(f"SELECT {i}" for i in range(500)), "query_failed"),
        (
            "WITH a0 AS (SELECT 1 x)"
            + "".join(f", a{i} AS (SELECT 1 x FROM a{i - 1} p, a{i - 1})" for i in range(1, 30))
            + " SELECT count(*) FROM a29",
            "query_failed",
        ),
        ("SELECT " + ", ".join("upper(username)" for _ in range(2_000)) + " FROM users", ""),
    ],
)
def test_a_bomb_is_stopped(engine: Engine, sql: str, code: str) -> None:
    """Endless, huge or deep: each ends within a second, and the engine answers again."""
    refusal = refused(engine, sql)

    assert refusal.code == code or (not code and refusal.code in {"over_length", "query_failed"})
    assert engine.run("SELECT count(*) FROM users").rows == ((len(USERS),),)


def test_the_same_work_is_stopped_everywhere(engine: Engine) -> None:
    """Work is counted in SQLite's operations, so what fits here fits on a slower machine."""
    sql = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT {}) "
        "SELECT max(x) FROM c"
    )

    answer = engine.run(sql.format(300_000))

    assert answer.rows == ((300_000,),)
    assert refused(engine, sql.format(1_000_000)).code == "over_time"


def test_loading_costs_no_query_its_budget(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with many rows is read whole; only what a policy asks of them is bounded."""
    monkeypatch.setattr(sandbox, "OPERATIONS", 100)

    engine.add_table("approved", ("username", "reason"), [(str(i), None) for i in range(10_000)])

    assert refused(engine, "SELECT count(*) FROM users a, users b").code == "over_time"
    assert engine.run("SELECT count(*) FROM approved").rows == ((10_000,),)


def test_a_schema_prefix_and_comments_are_fine(engine: Engine) -> None:
    """What people write is accepted where it does no harm."""
    answer = engine.run("/* all */ SELECT count(*) FROM main.users; -- done")

    assert answer.rows == ((len(USERS),),)
