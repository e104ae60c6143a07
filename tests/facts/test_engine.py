"""The engine answers from what was read, and says what that was and how well."""

import gc
import random
import time

import apsw
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import Cell
from facts.catalogue import Catalogue
from facts.engine import MAX_ROWS, Answer, Asked, Engine, Incomplete
from facts.errors import QueryError
from facts.plan import Needs
from facts.sandbox import CPU_S, OPERATIONS
from facts.snapshot import RecordedTable, Snapshot, from_wire, to_wire
from facts.source import Key, Reading, Source
from facts.status import COMPLETE, Status, condition
from tests.facts.catalogues import CATALOGUE, DAEMON, NOW, PEOPLE, ROOT, SPECS, DictSource, Rows

APPROVED = [("root", "always"), ("nobody", None)]


def engine_of(source: Source, *, policy: bool = True, catalogue: Catalogue = CATALOGUE) -> Engine:
    return Engine(source, catalogue=catalogue, now=NOW, policy=policy)


def asked(
    sql: str,
    source: Source | None = None,
    *,
    policy: bool = True,
    parameters: dict[str, Cell] | None = None,
) -> tuple[Engine, Answer]:
    """An engine that has loaded what `sql` needs, and its answer."""
    engine = engine_of(source or DictSource(PEOPLE), policy=policy)
    list(engine.load(engine.plan(sql, parameters or {}).needs))
    engine.add_table("approved", ("username", "reason"), APPROVED)
    return engine, engine.run(sql, parameters or {})


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT username, groupname FROM users JOIN groups USING (gid)", (("root", "root"),)),
        ("SELECT count(*) FROM users", ((2,),)),
        ("SELECT count(*) FROM users, groups", ((4,),)),
        (
            "SELECT username FROM users WHERE username NOT IN (SELECT username FROM approved)",
            (("daemon",),),
        ),
        ("SELECT groupname FROM groups WHERE share IS NULL", (("lp",),)),
        ("SELECT share * 2, typeof(share) FROM groups WHERE share", (("1.0", "real"),)),
        (
            "SELECT u.username, f.mode FROM users u JOIN file f ON f.path = u.directory",
            (("root", "0700"),),
        ),
        (
            (
                "WITH d AS (SELECT directory AS path FROM users) SELECT size FROM d JOIN file "
                "USING (path)"
            ),
            ((4096,),),
        ),
        ("SELECT size, size > 5 FROM file WHERE path = '/etc/passwd'", ((str(2**60), 1),)),
        ("SELECT path FROM file WHERE directory = '/etc'", (("/etc/passwd",),)),
        (
            "SELECT path FROM file WHERE path IN ('/root', '/none', '/etc/passwd')",
            (("/etc/passwd",), ("/root",)),
        ),
        ("SELECT path FROM file WHERE path = '/root' AND directory = '/etc'", ()),
        ("SELECT path FROM file WHERE path = '/root' OR path = '/none'", (("/root",),)),
        ("SELECT path FROM file WHERE path LIKE '/etc/%'", (("/etc/passwd",),)),
        ("SELECT path FROM file WHERE directory LIKE '/et_'", (("/etc/passwd",),)),
        ("SELECT path FROM file WHERE path LIKE '/ETC/%'", ()),
        ("SELECT path FROM file WHERE path IS '/root'", (("/root",),)),
        ("SELECT path FROM file WHERE path IS NULL AND directory IS '/'", ()),
        ("SELECT path FROM file WHERE path LIKE '/%%' AND path LIKE '%wd'", (("/etc/passwd",),)),
        ("SELECT path FROM file WHERE path LIKE NULL", ()),
        (
            "SELECT path FROM file WHERE path LIKE '/etc/%%' OR directory = '/' ORDER BY 1",
            (("/etc/passwd",), ("/root",)),
        ),
        ("SELECT path FROM file WHERE path = '/root' OR directory = '/'", (("/root",),)),
        (
            "SELECT path FROM file WHERE path = '/etc/passwd' OR directory = '/'",
            (("/etc/passwd",), ("/root",)),
        ),
        (
            "SELECT f.path FROM users u JOIN file f ON f.path LIKE u.directory || '%'",
            (("/root",),),
        ),
        (
            (
                "SELECT f.path, sha256 FROM users u JOIN file f ON f.path = u.directory "
                "JOIN hash h USING (path)"
            ),
            (("/root", "00"),),
        ),
        (
            "SELECT sha256 FROM hash h JOIN file f ON h.path = f.path WHERE f.path LIKE '/%'",
            (("00",),),
        ),
        ("SELECT path FROM file WHERE path IN (SELECT directory FROM users)", (("/root",),)),
        ("SELECT members.username FROM users JOIN members USING (gid)", (("root",),)),
        ("SELECT 1 FROM users LEFT JOIN file ON path = users.directory", ((1,), (1,))),
    ],
)
def test_answers(sql: str, rows: tuple[tuple[Cell, ...], ...]) -> None:
    """Joins, registers, NULL, reals, large integers and keyed tables mean what SQL says."""
    _, answer = asked(sql)

    assert answer.rows == rows


def test_reads_each_full_table_once_with_only_the_planned_columns() -> None:
    """What no query reads is not collected."""
    source = DictSource(PEOPLE)
    engine = engine_of(source)
    first, second = "SELECT username FROM users WHERE uid = 1", "SELECT gid FROM users"
    list(engine.load(engine.plan(first).needs | engine.plan(second).needs))

    engine.run(first)
    engine.run(second)

    assert source.asked == [("users", ("uid", "gid", "username"), None)]
    assert engine.recorded().tables["users"].columns == ("uid", "gid", "username")


def test_what_was_not_loaded_does_not_exist() -> None:
    """A query cannot read past what was planned for it, not even as NULL."""
    engine = engine_of(DictSource(PEOPLE))
    list(engine.load(Needs({"users": ["uid"]})))

    with pytest.raises(RuntimeError, match="users is not loaded"):
        engine.run("SELECT username FROM users")
    with pytest.raises(RuntimeError, match="fewer columns"):
        list(engine.load(Needs({"users": ["username"]})))
    for sql in ("SELECT count(*) FROM groups", "SELECT path FROM file WHERE path = '/root'"):
        with pytest.raises(RuntimeError, match="is not loaded"):
            engine.run(sql)
    assert engine.conditions(Needs({"groups": []}))
    assert list(engine.load(Needs({"users": ["uid"]}))) == []


def test_each_key_is_asked_once_and_recorded_also_when_nothing_was_found() -> None:
    """Queries share the answer, and each names the keys that it rests on."""
    source = DictSource(PEOPLE)
    engine = engine_of(source)
    by_join = "SELECT mode FROM users JOIN file ON path = users.directory"
    by_list = "SELECT mode FROM file WHERE path IN ('/root', '/none')"
    list(engine.load(engine.plan(by_join).needs | engine.plan(by_list).needs))

    joined = engine.run(by_join)
    listed = engine.run(by_list)

    root, sbin, none = (Key("path", path) for path in ("/root", "/usr/sbin", "/none"))
    assert joined.keys == (Asked("file", root, COMPLETE), Asked("file", sbin, COMPLETE))
    assert listed.keys == (Asked("file", none, COMPLETE), Asked("file", root, COMPLETE))
    assert sorted(key for table, _, key in source.asked if key) == sorted([root, sbin, none])
    assert set(engine.recorded().tables["file"].keys) == {root, sbin, none}


def test_a_pattern_is_one_key_recorded_with_its_condition() -> None:
    """It is asked once, kept beside plain keys, and tells how far it was searched."""
    over = condition(Status.OVER_BUDGET, "pattern_too_wide", "/%%")
    source = DictSource(PEOPLE, {"/%%": over})

    engine, answer = asked("SELECT size FROM file WHERE path LIKE '/%%' OR path = '/root'", source)

    everything, root = Key("path", "/%%", like=True), Key("path", "/root")
    assert answer.keys == (Asked("file", everything, over), Asked("file", root, COMPLETE))
    assert engine.conditions(answer.needs, answer.keys) == [Incomplete("file", everything, over)]
    assert engine.recorded().tables["file"].keys == {everything: over, root: COMPLETE}
    assert str(everything) == "path LIKE '/%%'"


def test_a_pattern_too_long_is_refused() -> None:
    """It would make the search, and every repetition, slower than it must be."""
    with pytest.raises(QueryError) as refusal:
        asked(f"SELECT size FROM file WHERE path LIKE '/{'x' * 256}'")

    assert refusal.value.code == "over_length"


def test_what_reading_the_host_costs_is_not_the_querys_own_work() -> None:
    """A file that takes a second to be hashed is no query that runs for a second."""

    class Slow(DictSource):
        def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
            until = time.thread_time() + CPU_S + 0.1
            while time.thread_time() < until:
                pass
            return super().read(table, columns, key)

    _, answer = asked(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 5000) "
        "SELECT count(*) FROM file, c WHERE path = '/root'",
        Slow(PEOPLE),
    )

    assert answer.rows == ((5000,),)


def test_keys_without_end_come_to_an_end() -> None:
    """A query that makes up one path after another is stopped by what it asks, as anywhere."""
    source = DictSource()

    with pytest.raises(QueryError) as refusal:
        asked(
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
            "SELECT count(*) FROM c JOIN file ON path = '/' || x",
            source,
        )

    assert refusal.value.code == "over_time"
    assert len(source.asked) < OPERATIONS // 100


def test_reading_the_host_has_an_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """One query cannot spend what is there for all of them."""
    monkeypatch.setattr("facts.sandbox.READING_S", -1.0)

    with pytest.raises(QueryError) as refusal:
        asked("SELECT size FROM file WHERE path = '/root'")

    assert refusal.value.code == "over_time"


def test_a_key_that_is_no_text_asks_nothing() -> None:
    """NULL equals nothing, and no path is a blob."""
    source = DictSource({"users": [{**ROOT, "directory": None}], "file": PEOPLE["file"]})

    _, joined = asked("SELECT mode FROM users JOIN file ON path = users.directory", source)
    _, blob = asked("SELECT mode FROM file WHERE path = x'2f'", source)

    assert joined.keys == blob.keys == ()


def test_says_what_was_not_observed_completely() -> None:
    """Table, column and key each with their own condition; what was not read does not count."""
    denied = condition(Status.DENIED, "permission_denied", "/etc/passwd")
    partial = condition(Status.PARTIAL, "malformed_source", "/etc/group")
    outside = condition(Status.DENIED, "key_outside_allow_list", "/root")
    source = DictSource(
        PEOPLE,
        {"users.username": denied, "users.gid": denied, "groups": partial, "/root": outside},
    )

    engine, answer = asked(
        "SELECT username, mode FROM users JOIN groups ON groups.gid = uid "
        "LEFT JOIN file ON path = users.directory",
        source,
    )

    assert engine.conditions(answer.needs, answer.keys) == [
        Incomplete("groups", None, partial),
        Incomplete("users", "username", denied),
        Incomplete("file", Key("path", "/root"), outside),
    ]


def test_a_keyed_cell_has_the_type_of_its_column() -> None:
    """A virtual table has no column affinity, and must compare as an ordinary one does."""
    files: Rows = [
        {"path": "/a", "directory": 7, "mode": 644, "size": "12"},
        {"path": "/b", "directory": None, "mode": None, "size": "unknown"},
    ]

    _, answer = asked(
        "SELECT typeof(directory), typeof(mode), typeof(size) FROM file WHERE path IN ('/a', '/b')",
        DictSource({"file": files}),
    )

    assert answer.rows == (("null", "null", "text"), ("text", "text", "integer"))


def test_a_column_denied_behind_a_key_makes_the_key_incomplete() -> None:
    """A key has one condition, so the worst column speaks for it."""
    denied = condition(Status.DENIED, "permission_denied", "/root")

    _, answer = asked(
        "SELECT mode FROM file WHERE path = '/root'", DictSource(PEOPLE, {"file.mode": denied})
    )

    assert [key.condition for key in answer.keys] == [denied]


def test_a_register_not_adopted_is_missing_not_empty() -> None:
    """`NOT IN` an empty list would accuse everyone."""
    engine = engine_of(DictSource(PEOPLE))
    sql = "SELECT username FROM users WHERE username NOT IN (SELECT username FROM approved)"
    list(engine.load(engine.plan(sql).needs))

    answer = engine.run(sql)

    missing = condition(Status.UNREADABLE, "register_missing", "approved")
    assert answer.rows == ()
    assert engine.conditions(answer.needs) == [Incomplete("approved", None, missing)]


def recorded(*queries: str, source: Source | None = None) -> Snapshot:
    """What a scan with these queries records."""
    engine = engine_of(source or DictSource(PEOPLE))
    needs = Needs()
    for sql in queries:
        needs |= engine.plan(sql).needs
    list(engine.load(needs))
    for sql in queries:
        engine.run(sql)
    return engine.recorded()


JOINED = "SELECT username, mode, size FROM users JOIN file ON path = users.directory"


def test_a_snapshot_answers_as_the_host_did() -> None:
    """The same query over the recorded facts has the same rows, keys and conditions."""
    partial = condition(Status.PARTIAL, "malformed_source", "/etc/passwd")
    source = DictSource(PEOPLE, {"users": partial, "/root": partial})
    live_engine, live = asked(JOINED, source)

    engine, replayed = asked(JOINED, live_engine.recorded())

    assert replayed == live
    assert engine.conditions(replayed.needs, replayed.keys) == live_engine.conditions(
        live.needs, live.keys
    )
    assert engine.recorded().tables == live_engine.recorded().tables


def test_a_key_not_asked_at_scan_time_is_unknown_not_absent() -> None:
    """A new version of a policy may ask for a file that nobody looked at."""
    engine, answer = asked("SELECT mode FROM file WHERE path = '/etc/passwd'", recorded(JOINED))

    (key,) = answer.keys
    assert answer.rows == ()
    assert key.condition.reason is not None
    assert key.condition.reason.code == "key_not_asked"
    assert engine.conditions(answer.needs, answer.keys)


BY_PATTERN = "SELECT path, size FROM file WHERE path LIKE '/etc/%' OR directory LIKE '/%'"


@pytest.mark.parametrize(
    "sql",
    [
        BY_PATTERN,
        (
            "SELECT count(*), group_concat(f.mode) FROM users u JOIN file f ON f.path LIKE "
            "u.directory || '%'"
        ),
        "SELECT sha256 FROM file f JOIN hash h USING (path) WHERE f.path LIKE '/%%'",
    ],
)
def test_a_pattern_is_replayed_as_the_host_answered(sql: str) -> None:
    """Rows, keys and conditions come again from the signed form, and from nothing else."""
    live_engine, live = asked(sql)
    sent = [to_wire(table) for table in live_engine.recorded().tables.values()]

    engine, replayed = asked(sql, Snapshot(from_wire(*table) for table in sent))

    assert replayed == live
    assert live.rows
    assert [to_wire(table) for table in engine.recorded().tables.values()] == sent


def test_a_pattern_not_asked_at_scan_time_is_unknown_whatever_was() -> None:
    """That one of its files was looked at says nothing of the others, nor does a wider pattern."""
    snapshot = recorded(BY_PATTERN, "SELECT path, size FROM file WHERE path = '/etc/passwd'")

    for pattern in ("/etc/p%", "/etc/%%", "/etc/passwd"):
        engine, answer = asked(f"SELECT size FROM file WHERE path LIKE '{pattern}'", snapshot)
        (key,) = answer.keys
        assert answer.rows == ()
        assert key.condition == condition(
            Status.UNREADABLE, "key_not_asked", f"file path LIKE '{pattern}'"
        )
        assert engine.conditions(answer.needs, answer.keys)


class Moving(DictSource):
    """Files that come, go and change between two questions."""

    def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
        nth = len(self.asked)
        self.tables = {
            "file": [
                {"path": "/etc/a", "directory": "/etc", "mode": "0644", "size": nth},
                {"path": f"/etc/{nth}", "directory": "/etc", "mode": "0644", "size": 0},
                {"path": f"/etc/{nth}", "directory": "/etc", "mode": "0644", "size": 0},
            ]
        }
        return super().read(table, columns, key)


def test_what_changed_between_two_keys_is_replayed_as_each_key_met_it() -> None:
    """A file that was written to has two rows, and none of the two keys answers with both."""
    queries = [
        f"SELECT path, size FROM file WHERE {asks}"
        for asks in (
            "path = '/etc/a'",
            "path LIKE '/etc/%'",
            "directory = '/etc'",
            "path = '/etc/1'",
            "path LIKE '/%%'",
        )
    ]
    engine = engine_of(Moving())
    needs = Needs()
    for sql in queries:
        needs |= engine.plan(sql).needs
    list(engine.load(needs))
    live = [engine.run(sql).rows for sql in queries]
    ((entry, data),) = (to_wire(table) for table in engine.recorded().tables.values())

    again = engine_of(Snapshot([from_wire(entry, data)]))
    list(again.load(needs))
    replayed = [again.run(sql).rows for sql in queries]

    assert replayed == live
    assert [len(rows) for rows in live] == [1, 3, 3, 0, 3]
    assert sum(key.rows is not msgspec.UNSET for key in entry.keys) == 5


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT username, sid FROM users WHERE uid = 0", (("root", None),)),
        ("SELECT *, sid FROM users WHERE uid = 1", ((1, 1, "daemon", "/usr/sbin", "", None),)),
        ("SELECT username FROM users WHERE elevated = 1", ()),
        (
            "SELECT username, elevated, groupname FROM users JOIN groups USING (gid)",
            (("root", None, "root"),),
        ),
        ("SELECT sid, share FROM users CROSS JOIN groups WHERE uid = groups.gid", ((None, "0.5"),)),
        ("SELECT typeof(uid), sid IS NULL FROM users", (("integer", 1), ("integer", 1))),
        ("SELECT attributes, mode FROM file WHERE path = '/root'", ((None, "0700"),)),
        ("SELECT attributes FROM file WHERE path = '/none'", ()),
        ("SELECT count(sid), count(*) FROM users", ((0, 2),)),
    ],
)
def test_a_hidden_column_is_null_at_the_keyboard(
    sql: str, rows: tuple[tuple[Cell, ...], ...]
) -> None:
    """What other platforms have can be named, and answers as osquery does here."""
    hiding = Catalogue(SPECS, {}, {"users": ("sid", "elevated"), "file": ("attributes",)})
    source = DictSource(PEOPLE)
    engine = engine_of(source, policy=False, catalogue=hiding)
    list(engine.load(engine.plan(sql).needs))

    answer = engine.run(sql)

    assert answer.rows == rows
    assert engine.conditions(answer.needs, answer.keys) == []
    assert not {"sid", "elevated", "attributes"} & {c for _, cs, _ in source.asked for c in cs}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT uid FROM users WHERE gid IS NULL", "gid"),
        ("SELECT uid FROM users WHERE uid NOT IN (SELECT gid FROM groups)", None),
        ("SELECT directory FROM file WHERE path = '/root'", Key("path", "/root")),
    ],
)
def test_what_was_not_recorded_is_neither_null_nor_absent(sql: str, what: str | Key | None) -> None:
    """A query over it has no rows, not even suspected ones, and is never complete."""
    snapshot = recorded("SELECT uid, directory, username FROM users", JOINED)

    engine, answer = asked(sql, snapshot)

    found = engine.conditions(answer.needs, answer.keys)
    assert answer.rows == ()
    assert [incomplete.what for incomplete in found] == [what]
    assert all(i.condition.reason and i.condition.reason.code == "not_recorded" for i in found)


@given(st.randoms(use_true_random=False), st.permutations(list(range(6))))
def test_the_order_of_rows_at_the_source_does_not_matter(
    shuffler: random.Random, order: list[int]
) -> None:
    """Answers and recorded bytes are the same after shuffling, down to LIMIT and group_concat."""
    people: list[dict[str, Cell]] = [
        {"uid": i % 4, "gid": i, "username": f"u{i}", "directory": "/"} for i in range(6)
    ]
    people += people[:2]
    shuffled = [people[i] for i in order] + people[6:]
    shuffler.shuffle(shuffled)
    sql = "SELECT group_concat(username), (SELECT gid FROM users LIMIT 1) FROM users GROUP BY uid"

    first, answer = asked(sql, DictSource({"users": people}))
    second, again = asked(sql, DictSource({"users": shuffled}))

    assert again == answer
    assert second.recorded().tables == first.recorded().tables


def test_a_snapshot_keeps_the_order_that_sql_met_on_the_host() -> None:
    """A host records more columns than one policy reads, and sorts by all of them."""
    people: Rows = [
        {"uid": 1, "gid": 2, "username": "b", "directory": "/"},
        {"uid": 2, "gid": 1, "username": "a", "directory": "/"},
    ]
    sql = "SELECT group_concat(username), (SELECT gid FROM users LIMIT 1) FROM users"
    live = engine_of(DictSource({"users": people}))
    list(live.load(live.plan(sql).needs | Needs({"users": ["uid"]})))

    answer = live.run(sql)
    _, replayed = asked(sql, live.recorded())

    assert answer.rows == replayed.rows == (("b,a", 2),)


def test_rows_that_look_alike_are_not_one_row() -> None:
    """Two files of one directory are two, also where only the directory is read."""
    files: Rows = [{"path": path, "directory": "/etc"} for path in ("/etc/a", "/etc/b")]
    by_directory = "SELECT count(*) FROM file WHERE directory = '/etc'"
    by_path = "SELECT count(*) FROM file WHERE path = '/etc/a'"
    source = DictSource({"file": files})

    _, live = asked(by_directory, source)
    _, replayed = asked(by_directory, recorded(by_directory, source=source))
    both = recorded(by_directory, by_path, source=source)

    assert live.rows == replayed.rows == ((2,),)
    assert asked(by_directory, both)[1].rows == ((2,),)
    assert asked(by_path, both)[1].rows == ((1,),)


def test_an_engine_leaves_nothing_behind() -> None:
    """A server judges thousands of snapshots, each on connections of its own."""
    before = len(apsw.connections())
    engine, _ = asked(JOINED)
    during = len(apsw.connections())
    gc.disable()

    try:
        del engine
        after = len(apsw.connections())
    finally:
        gc.enable()

    assert before < during
    assert after <= before


def test_rows_come_in_canonical_order_duplicates_kept() -> None:
    """ORDER BY serves whoever reads SQL; evidence has one order."""
    source = DictSource({"users": [DAEMON, ROOT, ROOT]})

    _, answer = asked("SELECT username FROM users ORDER BY username DESC", source)

    assert answer.rows == (("daemon",), ("root",), ("root",))


def test_the_keyboard_gets_rows_in_the_order_it_asked_for() -> None:
    """Nobody signs them, and a person reads them from the top."""
    sql = "SELECT username FROM users ORDER BY username DESC"

    _, answer = asked(sql, DictSource({"users": [DAEMON, ROOT]}), policy=False)

    assert answer.rows == (("root",), ("daemon",))


def test_parameters_are_bound_by_name() -> None:
    """A parameter is a value, whatever it contains."""
    _, answer = asked(
        "SELECT username, :note FROM users WHERE uid = :uid",
        parameters={"uid": 1, "note": "'; DROP TABLE users --"},
    )

    assert answer.rows == (("daemon", "'; DROP TABLE users --"),)


def test_a_parameter_beyond_sql_is_carried_as_text() -> None:
    """What a unit sets can be compared, and can never be why a scan ends."""
    _, answer = asked("SELECT :big, :odd", parameters={"big": 2**70, "odd": "\ud800"})

    assert answer.rows == ((str(2**70), "\\ud800"),)


def test_awkward_cells_are_carried_not_lost() -> None:
    """Undecodable bytes, NUL, truth values and numbers beyond JSON's are text or integers."""
    rows: Rows = [
        {"uid": 2**63, "gid": True, "username": "a\udcff\0", "directory": "中"},
        {"uid": -(2**63), "gid": None, "username": "b\ud800", "directory": ""},
    ]

    engine, _ = asked(
        "SELECT uid, gid, username, directory FROM users", DictSource({"users": rows})
    )

    assert engine.recorded().tables["users"].rows == (
        (str(-(2**63)), None, "b\\ud800", ""),
        (str(2**63), 1, "a\\xff\\x00", "中"),
    )


def test_a_cell_beyond_the_limit_makes_the_table_over_budget() -> None:
    """Nothing is cut off in silence."""
    source = DictSource({"users": [{**ROOT, "username": "x" * 200_000}]})

    engine, answer = asked("SELECT username FROM users", source)

    (found,) = engine.conditions(answer.needs)
    assert answer.rows == ()
    assert found.condition.status is Status.OVER_BUDGET


def test_the_keyboard_sees_local_columns_and_records_nothing() -> None:
    """What serves somebody at the keyboard does not leave the host."""
    engine, answer = asked("SELECT description FROM users", policy=False)

    assert answer.rows == (("",), ("root",))
    with pytest.raises(RuntimeError):
        engine.recorded()
    with pytest.raises(QueryError):
        list(engine_of(DictSource(PEOPLE)).load(answer.needs))


def test_a_plain_table_must_be_in_the_catalogue() -> None:
    """Rows under other columns than the policy declared would be read as something else."""
    engine = engine_of(DictSource())

    with pytest.raises(ValueError, match="no plain table"):
        engine.add_table("approved", ("reason", "username"), [])


def test_an_endless_answer_is_stopped() -> None:
    """The number of rows is capped even where each is cheap."""
    with pytest.raises(QueryError, match=str(MAX_ROWS)):
        asked("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT 1 FROM c) SELECT x FROM c")


def test_a_wrong_row_from_a_keyed_source_is_not_believed() -> None:
    """A row under another key than the one asked could not be found again."""

    class Confused(DictSource):
        def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
            return super().read(table, columns)

    engine, answer = asked("SELECT path FROM file WHERE path = '/none'", Confused(PEOPLE))

    assert answer.rows == ()
    assert engine.recorded().tables["file"].rows == ()


def test_a_recorded_table_without_columns_counts_its_rows() -> None:
    """`count(*)` needs rows only, and that is all that is recorded."""
    engine, answer = asked("SELECT count(*) FROM users")

    table = engine.recorded().tables["users"]
    _, again = asked("SELECT count(*) FROM users", engine.recorded())
    assert (table.columns, table.rows) == ((), ((), ()))
    assert again == answer
    assert isinstance(table, RecordedTable)
