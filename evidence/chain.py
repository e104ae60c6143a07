"""Chains: a host's reports in order, each naming the one before it.

Sequences count from 1 under each key. A chain may be looked at in part: where the part begins is
told, not held against it. What lies inside it is.

- a *gap*: reports between two that are here are not here;
- a *fork*: two reports have the same place, as after a restored image or a cloned machine;
- *broken*: a report names another predecessor than the one that is here, or has none where it
  must, or one where it cannot.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from evidence.statement import Chain

State: TypeAlias = Literal["empty", "unbroken", "gap", "fork", "broken"]
"""How a chain stands: the last that holds, in this order."""

_ORDER: tuple[State, ...] = ("empty", "unbroken", "gap", "fork", "broken")


@dataclass(frozen=True)
class Link:
    """One report's place: what it says of it, and the digest by which the next one names it."""

    payload_digest: str
    chain: Chain
    key_id: str


@dataclass(frozen=True)
class Fault:
    """Where a chain is not what it should be."""

    kind: Literal["gap", "fork", "broken"]
    key_id: str
    first: int
    """The first missing sequence of a gap, otherwise the sequence of the fault."""
    last: int
    """The last missing sequence of a gap, otherwise as `first`."""


@dataclass(frozen=True)
class Stretch:
    """Which part of the chain under one key was looked at."""

    key_id: str
    first: int
    last: int


@dataclass(frozen=True)
class Examined:
    """What looking at links showed."""

    stretches: tuple[Stretch, ...]
    """One for each key, in the order in which the keys first came."""
    faults: tuple[Fault, ...]
    """By key in that order, then by sequence."""

    @property
    def state(self) -> State:
        """The worst of it."""
        states: list[State] = [fault.kind for fault in self.faults]
        states.append("unbroken" if self.stretches else "empty")
        return max(states, key=_ORDER.index)


def examine(links: Iterable[Link]) -> Examined:
    """How `links` hang together; in any order, and the same report twice is one."""
    by_key: dict[str, dict[int, dict[str, Chain]]] = {}
    for link in links:
        places = by_key.setdefault(link.key_id, {})
        places.setdefault(link.chain.sequence, {})[link.payload_digest] = link.chain
    stretches: list[Stretch] = []
    faults: list[Fault] = []
    for key_id, places in by_key.items():
        sequences = sorted(places)
        stretches.append(Stretch(key_id, sequences[0], sequences[-1]))
        before: int | None = None
        for sequence in sequences:
            here = places[sequence]
            if before is not None and sequence != before + 1:
                faults.append(Fault("gap", key_id, before + 1, sequence - 1))
            if len(here) > 1:
                faults.append(Fault("fork", key_id, sequence, sequence))
            if not all(_follows(link, places) for link in here.values()):
                faults.append(Fault("broken", key_id, sequence, sequence))
            before = sequence
    return Examined(tuple(stretches), tuple(faults))


def _follows(link: Chain, places: dict[int, dict[str, Chain]]) -> bool:
    """Whether `link` names what is before it, as far as that is here."""
    if link.sequence <= 1:
        return link.sequence == 1 and link.previous is None
    before = places.get(link.sequence - 1)
    return link.previous is not None and (before is None or link.previous in before)
