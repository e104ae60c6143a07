"""What a query needs, found by asking SQLite itself.

The query is prepared on empty virtual tables. The authorizer names the columns it reads, except
those that only USING or a NATURAL join names; the plan tells those (`colUsed`). The union of both
is what must be recorded so that the query can be judged, now and later.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apsw
import msgspec

from facts.catalogue import Catalogue
from facts.denied import DENIED
from facts.errors import QueryError
from facts.functions import ALLOWED
from facts.keyed import KeyColumn, ask_by, key_columns
from facts.sandbox import Sandbox
from facts.spec import Type
from facts.virtual import declaration

_NAMED = re.compile(
    r"no such table: (?P<table>.+)"
    r"|no such column: (?P<column>\S+)"
    r"|no such function: (?P<function>.+)"
    r"|^'(?P<parameter>\w+)'$"
)
"""SQLite's own messages, and the KeyError of a parameter that nobody gives."""

_WORD = re.compile(r"\w+")


class Needs(Mapping[str, frozenset[str]]):
    """Table to the columns that are read; none where rows are only counted. Joined by `|`."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, Iterable[str]] | None = None) -> None:
        self._columns = {table: frozenset(names) for table, names in (columns or {}).items()}

    def __getitem__(self, table: str) -> frozenset[str]:
        return self._columns[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __or__(self, other: "Needs") -> "Needs":
        empty: frozenset[str] = frozenset()
        return Needs({t: self.get(t, empty) | other.get(t, empty) for t in (*self, *other)})

    def __repr__(self) -> str:
        listed = {table: sorted(names) for table, names in self.items()}
        return f"Needs({listed!r})"


class Plan(msgspec.Struct, frozen=True):
    """What preparing a query told."""

    needs: Needs
    columns: tuple[str, ...]
    """The names of the answer's columns."""


class Planner:
    """Plans queries over one catalogue.

    With `policy`, double quotes only name things and columns for the keyboard are refused, as
    policies must have it; without, the query is somebody's at the keyboard.
    """

    def __init__(self, catalogue: Catalogue, *, policy: bool = True) -> None:
        self.catalogue = catalogue
        self._policy = policy
        self._used: list[tuple[str, set[int]]] = []
        self._unkeyed: list[str] = []
        self._plans: dict[tuple[str, frozenset[str]], Plan] = {}
        self._sandbox = Sandbox(now="1970-01-01T00:00:00Z", strict=policy)
        with self._sandbox.setup(*catalogue.columns) as connection:
            module: Any = _Module(catalogue, self._used, self._unkeyed)
            connection.create_module("planned", module, use_bestindex_object=True, read_only=True)
            for name in catalogue.columns:
                connection.execute(f'CREATE VIRTUAL TABLE "{name}" USING planned')

    def plan(self, sql: str, parameters: Iterable[str] = ()) -> Plan:
        """What `sql` needs, given that the named `parameters` will be bound.

        Raises:
            QueryError: it does not parse, names what is not there, or is refused.
        """
        names = frozenset(parameters)
        if (sql, names) not in self._plans:
            self._plans[sql, names] = self._plan(sql, names)
        return self._plans[sql, names]

    def _plan(self, sql: str, names: frozenset[str]) -> Plan:
        self._used.clear()
        self._unkeyed.clear()
        try:
            prepared = self._sandbox.prepare(sql, dict.fromkeys(names))
        except (apsw.SQLError, apsw.BindingsError, KeyError) as e:
            raise self._in_words(str(e), sql, names) from e
        needed: dict[str, set[str]] = {}
        for table, column in prepared.reads:
            if column == "ROWID":
                raise QueryError("rowid_refused", table)
            needed.setdefault(table, set()).update({column} - {""})
        for table, indices in self._used:
            columns = self.catalogue.columns[table]
            needed.setdefault(table, set()).update(columns[index] for index in indices)
        needs = Needs(needed)
        if self._policy:
            refuse_local(needs, self.catalogue)
        return Plan(needs, prepared.columns)

    def _in_words(self, message: str, sql: str, parameters: frozenset[str]) -> QueryError:
        """What SQLite's `message` means for whoever wrote `sql`, with the nearest known name."""
        if "no query solution" in message and self._unkeyed:
            table = self._unkeyed[-1]
            key = next(c for c in self.catalogue.specs[table].columns if c.key)
            example = "/etc/passwd" if key.pattern else "…" if key.type is Type.TEXT else "1"
            return QueryError("constraint_missing", table, key.name, example)
        if "has no name" in message:
            return QueryError("parameter_unnamed")
        named = _NAMED.search(message)
        if named is None:
            return QueryError("query_failed", message)
        name = named["table"] or named["column"] or named["function"] or named["parameter"]
        bare = name.strip('"').rpartition(".")[2].lower()
        if named["table"]:
            if bare in DENIED:
                return QueryError(DENIED[bare], bare)
            return QueryError("table_unknown", name, _hint(bare, self.catalogue.columns))
        if named["column"]:
            words = set(_WORD.findall(sql.lower()))
            columns = {c for t, cs in self.catalogue.columns.items() if t in words for c in cs}
            return QueryError("column_unknown", name, _hint(bare, columns))
        if named["function"]:
            return QueryError("function_unknown", name, _hint(bare, ALLOWED))
        return QueryError("parameter_missing", name, _hint(bare, parameters))


def plan(sql: str, catalogue: Catalogue, parameters: Iterable[str] = ()) -> Needs:
    """What the one query `sql` of a policy needs; a `Planner` spares work when there are many."""
    return Planner(catalogue).plan(sql, parameters).needs


def whole(table: str, catalogue: Catalogue) -> Needs:
    """All columns of `table` that may be recorded."""
    return Needs({table: set(catalogue.columns[table]) - catalogue.local.get(table, frozenset())})


def refuse_local(needs: Needs, catalogue: Catalogue) -> None:
    """Raise QueryError if `needs` names a column that serves the keyboard only."""
    for table, columns in needs.items():
        for column in sorted(columns & catalogue.local.get(table, frozenset())):
            raise QueryError("local_column", f"{table}.{column}")


def _hint(name: str, known: Iterable[str]) -> str:
    """The nearest of the `known` names, as the end of a sentence."""
    import difflib  # noqa: PLC0415  # 4 ms that only a mistake needs

    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.7) or [
        k for k in sorted(known) if name in k
    ]
    return f" → {nearest[0]}" if nearest else ""


class _Module:
    """Empty tables that note which columns SQLite means to use; see apsw.VTModule."""

    def __init__(
        self, catalogue: Catalogue, used: list[tuple[str, set[int]]], unkeyed: list[str]
    ) -> None:
        self._catalogue = catalogue
        self._used = used
        self._unkeyed = unkeyed

    def Create(  # noqa: N802  # apsw's name
        self, _connection: apsw.Connection, _module: str, _database: str, table: str, *_: object
    ) -> tuple[str, "_Table"]:
        catalogue = self._catalogue
        keys = None
        if table in catalogue.keys:
            keys = key_columns(catalogue.specs[table], catalogue.columns[table])
        declared = declaration(table, catalogue.types(table), catalogue.hidden.get(table, ()))
        return declared, _Table(table, keys, self._used, self._unkeyed)

    Connect = Create


class _Table:
    """See apsw.VTTable; it is never opened, because a planned query does not run."""

    def __init__(
        self,
        name: str,
        keys: tuple[KeyColumn, ...] | None,
        used: list[tuple[str, set[int]]],
        unkeyed: list[str],
    ) -> None:
        self._name = name
        self._keys = keys
        self._used = used
        self._unkeyed = unkeyed

    def BestIndexObject(self, plan: apsw.IndexInfo) -> bool:  # noqa: N802  # apsw's name
        self._used.append((self._name, plan.colUsed))
        if self._keys is None or ask_by(plan, self._keys):
            return True
        self._unkeyed.append(self._name)
        return False

    def Disconnect(self) -> None:  # noqa: N802  # apsw's name
        pass

    Destroy = Disconnect
