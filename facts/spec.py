"""What a table is: a value that collectors obey, planners read and auditors repeat."""

from enum import StrEnum

import msgspec

from facts.words import Words


class Type(StrEnum):
    """The SQL type of a column."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    DOUBLE = "DOUBLE"


class Privacy(StrEnum):
    """Who may see a column."""

    PUBLIC = "public"
    DEIDENTIFIED = "deidentified"
    """A personal or device identifier; a keyed digest replaces it before SQL sees it."""
    LOCAL = "local"
    """Serves `anfang query` at the keyboard only; never recorded, refused in a policy."""


class Kind(StrEnum):
    """How a table is asked."""

    FULL = "full"
    """Read once, whole."""
    KEYED = "keyed"
    """Answers only for the value of a key column, such as `path = …`."""
    EVENT = "event"
    """What happened since it was last asked."""


class Column(msgspec.Struct, frozen=True):
    """One column: name, SQL type, what it holds with unit or format, privacy."""

    name: str
    type: Type
    zh: str
    en: str
    privacy: Privacy = Privacy.PUBLIC
    identifier: str = ""
    """For a de-identified column: what it identifies (`device_serial`), so that the same thing
    has the same digest in every table."""
    key: bool = False
    """Whether a keyed table can be asked by this column."""
    pattern: bool = False
    """Whether this key holds paths, so that the table can be asked by a pattern, too."""

    @property
    def doc(self) -> Words:
        """What the column holds."""
        return Words(self.zh, self.en)


class TableSpec(msgspec.Struct, frozen=True):
    """A kind of fact."""

    name: str
    version: int
    doc: Words
    columns: tuple[Column, ...]
    source: tuple[str, ...]
    """Where it is read, so that an auditor can read it again: paths, a command line, a call."""
    privilege: str = ""
    """What a complete reading needs beyond a plain user: `root`, `CAP_SYS_PTRACE` …"""
    kind: Kind = Kind.FULL
    osquery: bool = False
    """Whether osquery has this table under the same name."""
    notes: Words | None = None
    """What a reader must know beyond the columns: where we differ from osquery, and why."""

    def column(self, name: str) -> Column:
        """The column `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def in_order(self, names: frozenset[str]) -> tuple[str, ...]:
        """`names` in the order of the specification, which is the order of recorded rows."""
        return tuple(column.name for column in self.columns if column.name in names)
