"""Virtual tables: rows that Python hands to SQLite one by one.

Two kinds answer so: tables that need a key (`facts.keyed`), and full tables of which somebody at
the keyboard names a hidden column. Ordinary tables are quicker, and used for all the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import apsw

from evidence.canonical import Cell
from facts.source import Row
from facts.spec import Type


def declaration(table: str, columns: Mapping[str, Type | None], hidden: Iterable[str] = ()) -> str:
    """The statement that creates `table`; a column without a type leaves values as they are.

    `hidden` columns follow the others, and a star does not name them.
    """
    listed = [f'"{name}" {type_ or ""}'.rstrip() for name, type_ in columns.items()]
    listed += [f'"{name}" HIDDEN' for name in hidden]
    return f'CREATE TABLE "{table}"({", ".join(listed)})'


class VirtualTable(Protocol):
    """What SQLite asks of a table; see apsw.VTTable."""

    def declaration(self) -> str:
        """See `declaration`."""
        ...

    def BestIndexObject(self, plan: apsw.IndexInfo) -> bool:  # noqa: N802  # apsw's name
        """Take part in a plan."""
        ...


class Module:
    """Makes the virtual tables out of `tables`; see apsw.VTModule."""

    def __init__(self, tables: Mapping[str, VirtualTable]) -> None:
        self._tables = tables

    def Create(  # noqa: N802  # apsw's name
        self, _connection: apsw.Connection, _module: str, _database: str, table: str, *_: object
    ) -> tuple[str, VirtualTable]:
        """What SQLite is told of `table`, and who answers for it."""
        return self._tables[table].declaration(), self._tables[table]

    Connect = Create


class Cursor:
    """Walks over rows; the columns beyond a row's end are hidden ones, and NULL."""

    def __init__(self, types: Sequence[Type]) -> None:
        self._types = types
        self._rows: Sequence[Row] = ()
        self._numbers: Sequence[int] = ()
        self._at = 0

    def take(self, rows: Sequence[Row], numbers: Sequence[int]) -> None:
        """Begin to walk over `rows`; those of equal `numbers` are one row, found in two ways."""
        self._rows, self._numbers, self._at = rows, numbers, 0

    def Eof(self) -> bool:  # noqa: N802  # apsw's name
        """See apsw.VTCursor."""
        return self._at >= len(self._rows)

    def Next(self) -> None:  # noqa: N802  # apsw's name
        """See apsw.VTCursor."""
        self._at += 1

    def Column(self, number: int) -> Cell:  # noqa: N802  # apsw's name
        """See apsw.VTCursor."""
        if number < 0:
            return self._numbers[self._at]
        if number >= len(self._types):
            return None
        return _typed(self._rows[self._at][number], self._types[number])

    def Rowid(self) -> int:  # noqa: N802  # apsw's name
        """See apsw.VTCursor; OR takes two rows of one number for the same row."""
        return self._numbers[self._at]

    def Close(self) -> None:  # noqa: N802  # apsw's name
        """Nothing is held that must be given back."""


class FullTable:
    """All rows of one table, with hidden columns behind its own."""

    def __init__(
        self, name: str, columns: Mapping[str, Type], hidden: tuple[str, ...], rows: Sequence[Row]
    ) -> None:
        self._declaration = declaration(name, columns, hidden)
        self._types = list(columns.values())
        self._rows = rows

    def declaration(self) -> str:
        """See sqlite3_declare_vtab."""
        return self._declaration

    def BestIndexObject(self, _plan: apsw.IndexInfo) -> bool:  # noqa: N802  # apsw's name
        """Take part in every plan, by reading everything."""
        return True

    def Open(self) -> "_Whole":  # noqa: N802  # apsw's name
        """Begin to read."""
        return _Whole(self._types, self._rows)

    def Disconnect(self) -> None:  # noqa: N802  # apsw's name
        """Nothing is held that must be given back."""

    Destroy = Disconnect


class _Whole(Cursor):
    """Walks over all rows of a full table."""

    def __init__(self, types: Sequence[Type], rows: Sequence[Row]) -> None:
        super().__init__(types)
        self._all = rows

    def Filter(self, *_: Any) -> None:  # noqa: N802  # apsw's name
        """See apsw.VTCursor."""
        self.take(self._all, range(len(self._all)))


def _typed(cell: Cell, type_: Type) -> Cell:
    """`cell` as an ordinary table's column of that type would hold it (column affinity)."""
    if not isinstance(cell, str) or type_ is Type.TEXT:
        return str(cell) if cell is not None and type_ is Type.TEXT else cell
    try:
        return float(cell) if type_ is Type.DOUBLE else int(cell)
    except ValueError:
        return cell
