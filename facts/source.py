"""The one-method seam between whatever holds facts and whoever asks for them.

A live host, a recording of one and a recorded snapshot all answer the same question: these columns
of this table, for this key if the table is keyed, and how well they were observed.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from evidence.canonical import Cell
from facts.globs import compiled
from facts.status import COMPLETE, Condition

Row = tuple[Cell, ...]
"""One row; its cells are in the order of the columns that were asked for."""


class Key(NamedTuple):
    """What a keyed table is asked by: `path = '/etc/passwd'`, or `path LIKE '/etc/%'`."""

    column: str
    value: str
    like: bool = False
    """Whether the value is a pattern (`facts.globs`)."""

    def names(self, cell: Cell) -> bool:
        """Whether `cell`, of the key's column, is what this key asks for."""
        if cell is None:
            return False
        return compiled(self.value).matches(str(cell)) if self.like else str(cell) == self.value

    def __str__(self) -> str:
        return f"{self.column} {'LIKE' if self.like else '='} '{self.value}'"


class Reading(msgspec.Struct, frozen=True):
    """The answer: rows, how well they were observed, and when (RFC 3339, UTC, whole seconds)."""

    rows: tuple[Row, ...]
    read_at: str
    condition: Condition = COMPLETE
    columns: Mapping[str, Condition] = {}
    """Only the columns whose condition differs from the table's."""
    recorded: bool = False
    """Whether the rows are those of a recorded table, in its order, and to be taken as they are:
    the order in which SQL meets rows shows in LIMIT and group_concat, and must be the host's even
    where fewer columns are asked for."""


class Source(Protocol):
    """Whatever can be asked for facts."""

    def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
        """These `columns` of `table`, in specification order; `key` for keyed tables only.

        Never raises for a state of the host: what cannot be observed is a condition.
        """
        ...
