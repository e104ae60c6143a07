"""Small hosts made of files, for what this machine cannot be or must not become."""

from collections.abc import Mapping
from pathlib import Path

from collectors.host import RootHost
from collectors.interface import Observed
from collectors.registry import collector
from evidence.canonical import Cell
from facts.source import Key
from facts.tables import SPECS


def root(directory: Path, files: Mapping[str, str | bytes]) -> RootHost:
    """A host below `directory` with these files; a text `-> target` makes a symbolic link."""
    for path, content in files.items():
        place = directory / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        elif content.startswith("-> "):
            place.symlink_to(content.removeprefix("-> "))
        else:
            place.write_text(content)
    return RootHost(directory)


def read(host: RootHost, table: str, key: Key | None = None) -> Observed:
    """What the collector of `table` sees of all its columns."""
    columns = frozenset(column.name for column in SPECS[table].columns)
    observed: Observed = collector(table)(host, columns, *(() if key is None else (key,)))
    return observed


def cells(observed: Observed, *columns: str) -> list[tuple[Cell, ...]]:
    """These cells of each row, in the order they were read."""
    return [tuple(row.get(column) for column in columns) for row in observed.rows]


def by(observed: Observed, key: str, value: str) -> dict[str, Cell]:
    """One column by another that tells the rows apart."""
    return {str(row[key]): row.get(value) for row in observed.rows}
