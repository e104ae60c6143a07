"""What a parent and its scan child say to each other: one job down, one JSON line up at a time.

The child is given everything it needs and holds no key. Whatever it has sent stands, whatever
happens to it afterwards.
"""

from typing import TypeAlias

import msgspec

from evidence.canonical import Cell
from evidence.statement import Clock, Condition, Reason, TableEntry, Verdict

MEMORY_EXIT = 77
"""What a child exits with when its memory ran out."""
MAX_LINE = 64 * 1024 * 1024
"""The longest line a child may send, in bytes."""


class Limits(msgspec.Struct, frozen=True):
    """A budget: what is beyond it is `over_budget`."""

    cpu_s: int
    wall_s: int
    """Kept by the parent, which kills."""
    memory_mib: int


class Register(msgspec.Struct, frozen=True):
    """An adopted register as it was distributed."""

    name: str
    columns: tuple[str, ...]
    sha256: str
    text: str
    """Canonical table bytes."""


class OwnState(msgspec.Struct, frozen=True):
    """What the agent knows of itself before the scan: see `agent.own`."""

    directory: str
    tables: dict[str, list[dict[str, Cell]]] | None
    """Rows by table; None if the directory may not be read."""


class ScanJob(msgspec.Struct, frozen=True, tag="scan"):
    """Read what the policies need, and judge it."""

    parent: int
    limits: Limits
    now: str
    root: str
    policies: tuple[str, ...]
    """Compiled policies, as canonical JSON."""
    registers: tuple[Register, ...]
    parameters: dict[str, str | int]
    own: OwnState
    pseudonym_key: str
    """Hex; keyed digests of identifiers are made with it."""


class QueryJob(msgspec.Struct, frozen=True, tag="query"):
    """Answer one SQL statement."""

    parent: int
    limits: Limits
    now: str
    root: str
    sql: str
    own: OwnState
    pseudonym_key: str | None
    """None: identifiers in clear."""


Job: TypeAlias = ScanJob | QueryJob


class Planned(msgspec.Struct, frozen=True, tag="planned"):
    """Which columns of which tables will be read; sent before anything is."""

    tables: dict[str, tuple[str, ...]]
    read: tuple[str, ...]
    """Those of them that checks read; the others are recorded whatever the checks read."""
    clock: Clock
    sqlite: str
    """Version of the engine."""


class Recorded(msgspec.Struct, frozen=True, tag="recorded"):
    """One table, whole."""

    entry: TableEntry
    text: str
    """Canonical table bytes."""


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    """One check's verdict."""

    verdict: Verdict


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The answer to a query, and what of it may be missing."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    gaps: tuple[tuple[str, Condition], ...]
    """A table, `table.column` or `table key`, and its condition: of what was read and is not
    complete."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The SQL was refused or stopped."""

    reason: Reason


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Everything was sent; what it cost, programs that were run included."""

    cpu_ms: int
    peak_kib: int


Message: TypeAlias = Planned | Recorded | Judged | Answered | Refused | Ended
