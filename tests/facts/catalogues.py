"""A small catalogue and a source made of a dict, for tests of the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence.canonical import Cell
from facts.catalogue import Catalogue
from facts.source import Key, Reading
from facts.spec import Column, Kind, Privacy, TableSpec, Type
from facts.status import COMPLETE, Condition
from facts.words import Words

NOW = "2026-11-23T08:00:00Z"

USERS = TableSpec(
    name="users",
    version=1,
    doc=Words("表。", "Accounts."),
    source=("/etc/passwd",),
    columns=(
        Column("uid", Type.BIGINT, "字段。", "A column."),
        Column("gid", Type.BIGINT, "字段。", "A column."),
        Column("username", Type.TEXT, "字段。", "A column."),
        Column("directory", Type.TEXT, "字段。", "A column."),
        Column("description", Type.TEXT, "字段。", "A column.", Privacy.LOCAL),
    ),
)
GROUPS = TableSpec(
    name="groups",
    version=1,
    doc=Words("表。", "Groups."),
    source=("/etc/group",),
    columns=(
        Column("gid", Type.BIGINT, "字段。", "A column."),
        Column("groupname", Type.TEXT, "字段。", "A column."),
        Column("share", Type.DOUBLE, "字段。", "A column."),
    ),
)
FILE = TableSpec(
    name="file",
    version=1,
    doc=Words("表。", "Files."),
    source=("stat",),
    kind=Kind.KEYED,
    columns=(
        Column("path", Type.TEXT, "字段。", "A column.", key=True, pattern=True),
        Column("directory", Type.TEXT, "字段。", "A column.", key=True, pattern=True),
        Column("mode", Type.TEXT, "字段。", "A column."),
        Column("size", Type.BIGINT, "字段。", "A column."),
    ),
)

HASH = TableSpec(
    name="hash",
    version=1,
    doc=Words("表。", "Digests."),
    source=("read",),
    kind=Kind.KEYED,
    columns=(
        Column("path", Type.TEXT, "字段。", "A column.", key=True, pattern=True),
        Column("sha256", Type.TEXT, "字段。", "A column."),
    ),
)
MEMBERS = TableSpec(
    name="members",
    version=1,
    doc=Words("表。", "Members."),
    source=("read",),
    kind=Kind.KEYED,
    columns=(
        Column("gid", Type.BIGINT, "字段。", "A column.", key=True),
        Column("username", Type.TEXT, "字段。", "A column."),
    ),
)

SPECS = {spec.name: spec for spec in (USERS, GROUPS, FILE, HASH, MEMBERS)}
CATALOGUE = Catalogue(SPECS, {"approved": ("username", "reason")})

Rows = Sequence[Mapping[str, Cell]]


@dataclass
class DictSource:
    """A `Source` of what it is given; `asked` lists every question in order."""

    tables: Mapping[str, Rows] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """By table, by `table.column`, or by the key's value."""
    asked: list[tuple[str, tuple[str, ...], Key | None]] = field(default_factory=list)

    def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
        self.asked.append((table, columns, key))
        rows = [
            tuple(row.get(column) for column in columns)
            for row in self.tables.get(table, ())
            if key is None or key.names(row.get(key.column))
        ]
        name = table if key is None else key.value
        return Reading(
            tuple(rows),
            NOW,
            self.conditions.get(name, COMPLETE),
            {
                column: self.conditions[f"{table}.{column}"]
                for column in columns
                if f"{table}.{column}" in self.conditions
            },
        )


ROOT: dict[str, Cell] = {
    "uid": 0,
    "gid": 0,
    "username": "root",
    "directory": "/root",
    "description": "root",
}
DAEMON: dict[str, Cell] = {
    "uid": 1,
    "gid": 1,
    "username": "daemon",
    "directory": "/usr/sbin",
    "description": "",
}
PEOPLE: dict[str, Rows] = {
    "users": [ROOT, DAEMON],
    "groups": [
        {"gid": 0, "groupname": "root", "share": 0.5},
        {"gid": 7, "groupname": "lp", "share": None},
    ],
    "file": [
        {"path": "/root", "directory": "/", "mode": "0700", "size": 4096},
        {"path": "/etc/passwd", "directory": "/etc", "mode": "0644", "size": 2**60},
    ],
    "hash": [{"path": "/root", "sha256": "00"}],
    "members": [{"gid": 0, "username": "root"}],
}
