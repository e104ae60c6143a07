"""What a collector is: a function from a host to rows and how well they were observed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from collectors.host import Host
from evidence.canonical import Cell
from facts.source import Key
from facts.status import COMPLETE, Condition


@dataclass(frozen=True, slots=True)
class Observed:
    """What one collector saw; a cell it leaves out of a row is NULL."""

    rows: Sequence[Mapping[str, Cell]]
    condition: Condition = COMPLETE
    columns: Mapping[str, Condition] = field(default_factory=dict)
    """Only the columns whose condition differs from the table's."""


Collector: TypeAlias = Callable[[Host, frozenset[str]], Observed]
"""Reads a full table. The set names the wanted columns, so that a costly one can be spared."""

KeyedCollector: TypeAlias = Callable[[Host, frozenset[str], Key], Observed]
"""Reads a keyed table for one key."""
