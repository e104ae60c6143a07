"""One SQLite connection in memory on which nothing runs but bounded reading of facts.

- The authorizer allows SELECT, recursion, reading the tables it was told of, and the functions
  listed in `facts.functions`; everything else is refused while the query is prepared.
- SQLite's limits bound lengths, depths and the size of a program.
- A progress handler counts SQLite's own operations, so a query stops at the same point on every
  machine; processor time and memory are a second line.

Nothing here reads a file, a socket or the clock: "now" is an argument.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, NamedTuple

import apsw

from evidence.canonical import Cell
from facts.errors import QueryError
from facts.functions import ALLOWED, register
from facts.texts import MAX_LENGTH

_LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: MAX_LENGTH,
    apsw.SQLITE_LIMIT_SQL_LENGTH: 65_536,
    apsw.SQLITE_LIMIT_COLUMN: 500,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 200,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    apsw.SQLITE_LIMIT_VDBE_OP: 5_000,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 100,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: 500,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    apsw.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_TABLE_FUNCTIONS = frozenset({"json_each", "json_tree"})

_INTERNAL = ("sqlite_", "pragma_")

_STEP = 100
"""Operations between two calls of the progress handler: one alone can copy `MAX_LENGTH`
characters, so few may pass unseen."""

OPERATIONS = 8_000_000
"""What one query may cost in SQLite's own operations: the same query over the same facts costs the
same everywhere."""

CPU_S = 0.6
"""Processor time of the thread one query may take, in seconds, for what operations do not show."""

READING_S = 5.0
"""Processor time that reading the host for one query may take, in seconds; see `Sandbox.aside`."""

MEMORY = 64 * 1024 * 1024
"""Bytes SQLite may hold beyond what it held when the query began."""

_LOOK = 1_000
"""Operations between two looks at processor time and memory, which are dear to ask."""

_VERBS = """
    ALTER ANALYZE ATTACH BEGIN COMMIT CREATE DELETE DETACH DROP END EXPLAIN INSERT PRAGMA REINDEX
    RELEASE REPLACE ROLLBACK SAVEPOINT UPDATE VACUUM
"""
"""How what is no query begins; it serves the words only, the authorizer does not rely on it."""

_BLANK = re.compile(r"(?:[\s;]|--[^\n]*(?:\n|\Z)|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z))*\Z")
"""What may follow a statement: white space, semicolons and comments."""


class Prepared(NamedTuple):
    """What preparing a query told."""

    columns: tuple[str, ...]
    """The names of the result's columns."""
    reads: frozenset[tuple[str, str]]
    """(table, column) named by the query; the column is '' where only rows are read."""


class Sandbox:
    """A connection for trusted set-up (`setup`) and untrusted queries (`prepare`, `rows`)."""

    def __init__(self, *, now: str, strict: bool) -> None:
        self._guard = _Guard()
        self._connection = apsw.Connection(":memory:")
        self._connection.execute("PRAGMA temp_store = memory")
        # Their first use declares a table, which the authorizer would take for a write.
        self._connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
        for option in (apsw.SQLITE_DBCONFIG_DQS_DML, apsw.SQLITE_DBCONFIG_DQS_DDL):
            self._connection.config(option, 0 if strict else 1)
        self._connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        self._connection.drop_modules(None)  # full-text search, statistics of files …
        for limit, value in _LIMITS.items():
            self._connection.limit(limit, value)
        register(self._connection, now=now, spend=self._guard.spend)
        self._lock()

    @contextmanager
    def setup(self, *readable: str) -> Iterator[apsw.Connection]:
        """The connection without its guard, to create the tables that queries may then read."""
        self._connection.authorizer = None
        self._connection.set_progress_handler(None)
        try:
            yield self._connection
        finally:
            self._lock()
        self._guard.tables.update(readable)

    @property
    def aside(self) -> Callable[[], AbstractContextManager[None]]:
        """What is done within `aside()` is reading, and takes nothing off the query's time."""
        return self._guard.aside

    @property
    def spend(self) -> Callable[[int], None]:
        """Counts operations that SQLite does not see against the running query."""
        return self._guard.spend

    def _lock(self) -> None:
        self._connection.authorizer = self._guard.authorize
        self._connection.set_progress_handler(self._guard.progress, _STEP)

    def prepare(self, sql: str, parameters: Mapping[str, Cell]) -> Prepared:
        """What `sql` would read and answer, without running it.

        Raises:
            QueryError: it is refused.
            apsw.Error: SQLite cannot make sense of it; the planner finds the words.
        """
        columns: tuple[str, ...] = ()

        def stop(cursor: apsw.Cursor, statement: str, _bindings: Any) -> bool:
            nonlocal columns
            if _BLANK.match(statement):
                raise QueryError("statement_missing")
            if cursor.is_explain or not self._guard.selects:
                raise QueryError("write_refused", statement)
            if not _BLANK.match(sql, len(statement)):
                raise QueryError("several_statements")
            columns = tuple(name for name, *_ in cursor.get_description())
            return False

        verb = sql.split(maxsplit=1)[0].upper() if sql.strip() else ""
        if verb in _VERBS.split():
            raise QueryError("write_refused", verb)
        self._guard.begin()
        cursor = self._connection.cursor()
        cursor.exec_trace = stop
        try:
            # A statement from the cache would not be put before the authorizer again.
            cursor.execute(sql, parameters, can_cache=False)
        except apsw.ExecTraceAbort:
            return Prepared(columns, frozenset(self._guard.reads))
        except ValueError as e:  # NUL, or no Unicode
            raise QueryError("query_failed", str(e)) from e
        except apsw.TooBigError as e:
            raise QueryError("over_length", str(_LIMITS[apsw.SQLITE_LIMIT_SQL_LENGTH])) from e
        except apsw.NoMemError as e:  # how SQLite says that its program is too long
            raise QueryError("over_length", str(_LIMITS[apsw.SQLITE_LIMIT_VDBE_OP])) from e
        raise QueryError("statement_missing")

    def rows(self, sql: str, parameters: Mapping[str, Cell]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query that `prepare` let pass.

        Raises:
            QueryError: it ran over its budget, or a function refused its arguments.
        """
        self._guard.begin()
        try:
            yield from self._connection.execute(sql, parameters)
        except apsw.TooBigError as e:
            raise QueryError("over_length", str(MAX_LENGTH)) from e
        except apsw.NoMemError as e:
            raise QueryError("over_memory") from e
        except apsw.Error as e:
            raise QueryError("query_failed", str(e)) from e
        except UnicodeDecodeError as e:  # SQLite lets SQL make texts of any bytes
            raise QueryError("query_failed", "text that is no Unicode") from e


class _Guard:
    """Answers what SQLite asks while it prepares and runs one query; what it raises ends it.

    It knows nothing of the connection, so that dropping the connection frees both.
    """

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.reads: set[tuple[str, str]] = set()
        self.selects = False
        self._operations = 0
        self._memory = 0
        self._cpu = 0.0
        self._reading = 0.0
        self._look = 0

    def begin(self) -> None:
        """Forget the last query."""
        self.reads = set()
        self.selects = False
        self._operations = 0
        self._memory = apsw.memory_used()
        self._cpu = time.thread_time()
        self._reading = 0.0
        self._look = _LOOK

    @contextmanager
    def aside(self) -> Iterator[None]:
        """See `Sandbox.aside`."""
        began = time.thread_time()
        try:
            yield
        finally:
            took = time.thread_time() - began
            self._cpu += took
            self._reading += took
        if self._reading > READING_S:
            raise QueryError("over_time")

    def authorize(
        self, action: int, first: str | None, second: str | None, *_where: str | None
    ) -> Literal[0]:
        """See sqlite3_set_authorizer."""
        if action == apsw.SQLITE_READ:
            table = first or ""
            if table in self.tables:
                self.reads.add((table, second or ""))
            elif table not in _TABLE_FUNCTIONS and (second or table.startswith(_INTERNAL)):
                # Without a column this is a query's own recursive table, whose rows are counted.
                raise QueryError("table_refused", table)
        elif action == apsw.SQLITE_FUNCTION:
            name = (second or "").lower()
            if name not in ALLOWED:
                raise QueryError("function_refused", name)
        elif action == apsw.SQLITE_SELECT:
            self.selects = True
        elif action != apsw.SQLITE_RECURSIVE:
            verb = str(apsw.mapping_authorizer_function[action]).removeprefix("SQLITE_")
            raise QueryError("write_refused", verb)
        return 0

    def progress(self) -> bool:
        """See sqlite3_progress_handler."""
        self.spend(_STEP)
        return False

    def spend(self, operations: int) -> None:
        """Count `operations` against the budget; 0 only asks whether the time is up.

        Raises:
            QueryError: there is nothing left of it.
        """
        self._operations += operations
        if not operations or self._operations >= self._look:
            self._look = self._operations + _LOOK
            if self._operations > OPERATIONS or time.thread_time() - self._cpu > CPU_S:
                raise QueryError("over_time")
            if apsw.memory_used() - self._memory > MEMORY:
                raise QueryError("over_memory")
