"""A plan names exactly what a query reads, and a refusal says what to do instead."""

import pytest

from facts.catalogue import MAX_COLUMNS, Catalogue
from facts.errors import CatalogueError, QueryError
from facts.plan import Needs, Planner, plan, whole
from facts.spec import Column, TableSpec, Type
from facts.words import Words
from tests.facts.catalogues import CATALOGUE, SPECS


@pytest.fixture(scope="module", name="planner")
def _planner() -> Planner:
    return Planner(CATALOGUE)


@pytest.fixture(scope="module", name="keyboard")
def _keyboard() -> Planner:
    return Planner(CATALOGUE, policy=False)


@pytest.mark.parametrize(
    ("sql", "needs"),
    [
        ("SELECT username FROM users WHERE uid = 0", {"users": ["uid", "username"]}),
        (
            "SELECT username FROM users JOIN groups USING (gid)",
            {"users": ["gid", "username"], "groups": ["gid"]},
        ),
        (
            "SELECT 1 FROM users NATURAL JOIN groups",
            {"users": ["gid"], "groups": ["gid"]},
        ),
        (
            "SELECT username FROM users LEFT JOIN groups USING (gid)",
            {"users": ["gid", "username"], "groups": ["gid"]},
        ),
        ("SELECT count(*) FROM users", {"users": []}),
        ("SELECT count(*) FROM users WHERE 0", {"users": []}),
        (
            "WITH a AS (SELECT uid, username FROM users) SELECT username FROM a",
            {"users": ["uid", "username"]},
        ),
        (
            (
                "WITH RECURSIVE up(n) AS (SELECT uid FROM users UNION SELECT n + 1 FROM up LIMIT 9)"
                " SELECT count(*) FROM up"
            ),
            {"users": ["uid"]},
        ),
        (
            "SELECT (SELECT max(groupname) FROM groups g WHERE g.gid = u.gid) FROM users u",
            {"users": ["gid"], "groups": ["gid", "groupname"]},
        ),
        (
            "SELECT uid FROM users u WHERE EXISTS (SELECT 1 FROM groups g WHERE g.gid = u.gid)",
            {"users": ["gid", "uid"], "groups": ["gid"]},
        ),
        ("SELECT * FROM groups", {"groups": ["gid", "groupname", "share"]}),
        ("SELECT g.* FROM users, groups g", {"groups": ["gid", "groupname", "share"], "users": []}),
        (
            "SELECT uid FROM users UNION SELECT gid FROM groups ORDER BY 1",
            {"users": ["uid"], "groups": ["gid"]},
        ),
        (
            "SELECT row_number() OVER (PARTITION BY gid ORDER BY uid) FROM users",
            {"users": ["gid", "uid"]},
        ),
        ("SELECT a.uid FROM users a JOIN users b ON a.uid = b.gid", {"users": ["gid", "uid"]}),
        ("SELECT mode FROM file WHERE path = '/etc'", {"file": ["mode", "path"]}),
        ("SELECT mode FROM file WHERE path IN ('/a', '/b')", {"file": ["mode", "path"]}),
        ("SELECT mode FROM file WHERE path LIKE '/etc/%%'", {"file": ["mode", "path"]}),
        ("SELECT mode FROM file WHERE directory LIKE '/etc/%'", {"file": ["directory", "mode"]}),
        (
            (
                "SELECT h.sha256 FROM users u CROSS JOIN file f ON f.path LIKE u.directory || '/%' "
                "JOIN hash h USING (path)"
            ),
            {"users": ["directory"], "file": ["path"], "hash": ["path", "sha256"]},
        ),
        (
            "SELECT size FROM file WHERE path IN (SELECT directory FROM users)",
            {"file": ["path", "size"], "users": ["directory"]},
        ),
        (
            "WITH p(path) AS (VALUES ('/a')) SELECT f.mode FROM p JOIN file f USING (path)",
            {"file": ["mode", "path"]},
        ),
        ("SELECT value FROM json_each('[1]')", {}),
        ("SELECT username FROM main.users -- all of them\n;", {"users": ["username"]}),
        ("SELECT u.username FROM users u, approved a", {"users": ["username"], "approved": []}),
    ],
)
def test_names_exactly_what_is_read(
    planner: Planner, sql: str, needs: dict[str, list[str]]
) -> None:
    """Neither a column too few (it would be NULL) nor one too many (it would be collected)."""
    assert planner.plan(sql).needs == Needs(needs)


@pytest.mark.parametrize(
    ("sql", "code", "said"),
    [
        ("SELECT nam FROM users", "column_unknown", "username"),
        ("SELECT users.usernam FROM users", "column_unknown", "username"),
        ("SELECT 1 FROM user", "table_unknown", "users"),
        ("SELECT uppr('a')", "function_unknown", "upper"),
        ("SELECT 1 FROM shell_history", "table_denied_private", "by design"),
        ("SELECT 1 FROM curl WHERE url = 'x'", "table_denied_outside", "by design"),
        ("SELECT rowid FROM users", "rowid_refused", "users"),
        ("SELECT _rowid_ FROM users", "rowid_refused", "users"),
        ("SELECT mode FROM file", "constraint_missing", "path = '/etc/passwd'"),
        ("SELECT mode FROM file WHERE path LIKE '%.conf'", "constraint_missing", "path"),
        ("SELECT mode FROM file WHERE path NOT LIKE '/etc/%'", "constraint_missing", "path"),
        ("SELECT mode FROM file WHERE path LIKE '/a!%' ESCAPE '!'", "constraint_missing", "path"),
        ("SELECT mode FROM file WHERE path GLOB '/etc/*'", "constraint_missing", "path"),
        (
            "SELECT mode FROM file WHERE path LIKE '/etc/%' OR size = 3",
            "constraint_missing",
            "path",
        ),
        ("SELECT username FROM members WHERE gid LIKE '0%'", "constraint_missing", "gid = '1'"),
        ("SELECT mode FROM file WHERE path = '/A' COLLATE NOCASE", "constraint_missing", "path"),
        ("SELECT mode FROM file WHERE path > '/A'", "constraint_missing", "path"),
        ("SELECT :limit", "parameter_missing", ":limit"),
        ("SELECT ?", "parameter_unnamed", ":name"),
        ("SELEC 1", "query_failed", "syntax error"),
        ("", "statement_missing", "empty"),
        ("-- nothing", "statement_missing", "empty"),
        ("SELECT 1; SELECT 2", "several_statements", "one statement"),
        ("SELECT 1 FROM sqlite_schema", "table_refused", "tables of facts"),
        ("SELECT 1;\0 DROP TABLE users", "query_failed", "null character"),
        ("SELECT '\ud800'", "query_failed", "surrogates"),
    ],
)
def test_says_what_is_wrong(planner: Planner, sql: str, code: str, said: str) -> None:
    """Each mistake has its code, and a message that names the fix."""
    with pytest.raises(QueryError) as refusal:
        planner.plan(sql, ["days"])

    assert refusal.value.code == code
    assert said in str(refusal.value)


def test_a_policy_reads_no_local_column(planner: Planner, keyboard: Planner) -> None:
    """It is refused in a policy, also behind a star, and there at the keyboard."""
    for sql in ("SELECT description FROM users", "SELECT * FROM users"):
        with pytest.raises(QueryError, match=r"users\.description") as refusal:
            planner.plan(sql)

        assert refusal.value.code == "local_column"
        assert "description" in keyboard.plan(sql).needs["users"]


def test_double_quotes_only_name_things_in_a_policy(planner: Planner, keyboard: Planner) -> None:
    """A misspelt column in double quotes would be a text that equals nothing."""
    sql = 'SELECT username FROM users WHERE username = "rot"'

    with pytest.raises(QueryError) as refusal:
        planner.plan(sql)

    assert refusal.value.code == "column_unknown"
    assert planner.plan('SELECT "username" FROM users').needs == Needs({"users": ["username"]})
    assert keyboard.plan(sql).needs == Needs({"users": ["username"]})


HIDING = Catalogue(SPECS, {}, {"users": ("sid", "elevated"), "file": ("attributes",)})


def test_a_hidden_column_can_be_named_and_no_star_names_it() -> None:
    """What other platforms have is there to be asked for, and nowhere else."""
    keyboard = Planner(HIDING, policy=False)

    named = keyboard.plan("SELECT sid, username FROM users")
    starred = keyboard.plan("SELECT * FROM users NATURAL JOIN groups")
    keyed = keyboard.plan("SELECT attributes FROM file WHERE path = '/a'")

    assert named.needs == Needs({"users": ["sid", "username"]})
    assert "sid" not in starred.needs["users"]
    assert keyed.needs == Needs({"file": ["attributes", "path"]})


def test_tells_the_columns_of_the_answer(planner: Planner) -> None:
    """They are known before any row is."""
    planned = planner.plan("SELECT uid AS number, :days FROM users", ["days", "unused"])

    assert planned.columns == ("number", ":days")


def test_the_same_query_is_planned_alike_each_time(planner: Planner) -> None:
    """SQLite asks about a prepared statement once, so none is kept."""
    sql = "SELECT username FROM users JOIN groups USING (gid)"

    assert planner.plan(sql).needs == planner.plan(sql).needs != Needs()


def test_needs_join() -> None:
    """The union of what several queries need has every column of each."""
    both = plan("SELECT uid FROM users", CATALOGUE) | plan(
        "SELECT u.gid FROM users u, groups", CATALOGUE
    )

    assert both == Needs({"users": ["gid", "uid"], "groups": []})


def test_a_whole_table_leaves_out_what_is_local() -> None:
    """The baseline records all columns that may leave the host."""
    assert "description" not in whole("users", CATALOGUE)["users"]
    assert len(whole("users", CATALOGUE)["users"]) == len(SPECS["users"].columns) - 1


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({"users": ("a",)}, "table of facts"),
        ({"sqlite_x": ("a",)}, "cannot name a table"),
        ({"json_each": ("a",)}, "cannot name a table"),
        ({'x"; --': ("a",)}, "cannot name a table"),
        ({"x": ("rowid",)}, "cannot name a column"),
        ({"x": ("A b",)}, "cannot name a column"),
        ({"x": ("a", "a")}, "each named once"),
        ({"x": ()}, "1 to"),
        ({"x": tuple(f"c{i}" for i in range(MAX_COLUMNS + 1))}, "1 to"),
    ],
)
def test_a_catalogue_refuses_what_sql_cannot_carry(
    plain: dict[str, tuple[str, ...]], said: str
) -> None:
    """A register's name comes from a policy file and goes into a CREATE TABLE."""
    with pytest.raises(CatalogueError, match=said):
        Catalogue(SPECS, plain)


def test_the_last_columns_of_the_widest_table_are_told_apart() -> None:
    """SQLite's bit for the 64th column means all the rest, so a table has at most 63."""
    columns = tuple(Column(f"c{i}", Type.TEXT, "字段。", "A column.") for i in range(MAX_COLUMNS))
    wide = TableSpec(
        name="wide", version=1, doc=Words("宽表。", "Wide."), columns=columns, source=("x",)
    )
    catalogue = Catalogue({"wide": wide}, {"narrow": ("c62", "c0")})

    needs = plan("SELECT 1 FROM wide NATURAL JOIN narrow", catalogue)

    assert needs["wide"] == {"c0", "c62"}
