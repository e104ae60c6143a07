"""What a collector is: a function from a host to rows and how well they were observed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from collectors.host import Host
from evidence.canonical import Cell
from facts.source import Key
from facts.status import COMPLETE, Condition, Status, condition

P = ParamSpec("P")


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


def live_only(source: str) -> "_Only":
    """Marks a collector that asks the kernel by a call, which only a live host answers."""
    return _Only(source, lambda host: host.live)


def running_only(source: str) -> "_Only":
    """Marks a collector of kernel state in files, which a host has that runs or was recorded so.

    Without it, the empty /sys of a mounted image would read as a host without devices.
    """
    return _Only(source, lambda host: host.running)


@dataclass(frozen=True, slots=True)
class _Only:
    """Leaves a collector out, and says so, where the host cannot answer it."""

    source: str
    answers: Callable[[Host], bool]

    def __call__(
        self, collect: Callable[Concatenate[Host, P], Observed]
    ) -> Callable[Concatenate[Host, P], Observed]:
        """`collect`, asked only where the host answers."""

        @wraps(collect)
        def collect_there(host: Host, /, *asked: P.args, **named: P.kwargs) -> Observed:
            if not self.answers(host):
                return Observed((), condition(Status.UNSUPPORTED, "not_live", self.source))
            return collect(host, *asked, **named)

        return collect_there
