"""The tables that SQL may name: kinds of fact, and plain tables such as registers."""

import re
from collections.abc import Mapping
from functools import cached_property

import msgspec

from facts.errors import CatalogueError
from facts.spec import Kind, Privacy, TableSpec, Type

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RESERVED = ("sqlite_", "pragma_", "json_")

MAX_COLUMNS = 63
"""SQLite tells which columns a plan uses by one bit each, the 64th standing for all the rest."""


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    """What can be asked.

    Raises:
        CatalogueError: two tables of one name, or names or numbers of columns SQL cannot carry.
    """

    specs: Mapping[str, TableSpec]
    """Kinds of fact, by name; `facts.tables.SPECS` unless a test makes its own."""
    plain: Mapping[str, tuple[str, ...]] = {}
    """Registers and a policy's own data: name to columns. Always complete once added."""
    hidden: Mapping[str, tuple[str, ...]] = {}
    """Columns of tables of facts that are NULL here and no star names; for the keyboard only."""

    def __post_init__(self) -> None:
        for name in self.specs.keys() & self.plain.keys():
            raise CatalogueError(f"{name} is a table of facts; name the register otherwise")
        for name, columns in self.columns.items():
            if name.startswith(_RESERVED) or not _NAME.fullmatch(name):
                raise CatalogueError(f"{name!r} cannot name a table; use a-z, 0-9 and _")
            if not 1 <= len(columns) <= MAX_COLUMNS or len(set(columns)) < len(columns):
                raise CatalogueError(f"{name} needs 1 to {MAX_COLUMNS} columns, each named once")
            for column in columns:
                if column in {"rowid", "_rowid_"} or not _NAME.fullmatch(column):
                    raise CatalogueError(f"{column!r} cannot name a column of {name}")

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Every table's columns in their order, hidden ones last."""
        facts = {
            name: (*(column.name for column in spec.columns), *self.hidden.get(name, ()))
            for name, spec in self.specs.items()
        }
        return {**facts, **self.plain}

    @cached_property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """The columns each keyed table can be asked by; the other tables are not listed."""
        return {
            name: tuple(column.name for column in spec.columns if column.key)
            for name, spec in self.specs.items()
            if spec.kind is Kind.KEYED
        }

    @cached_property
    def local(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that serve the keyboard only."""
        return {
            name: frozenset(c.name for c in spec.columns if c.privacy is Privacy.LOCAL)
            for name, spec in self.specs.items()
        }

    def types(self, table: str) -> Mapping[str, Type | None]:
        """The SQL type of each column of `table` that is not hidden; a plain table keeps values as
        they are.
        """
        spec = self.specs.get(table)
        if spec is None:
            return dict.fromkeys(self.plain[table])
        return {column.name: column.type for column in spec.columns}

    def in_order(self, table: str, names: frozenset[str]) -> tuple[str, ...]:
        """`names` in the order of the table's columns, which is the order of recorded rows."""
        return tuple(column for column in self.columns[table] if column in names)
