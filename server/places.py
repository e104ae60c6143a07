"""The place of each report in its host's chain, as it is when the report is taken.

`first` and `unbroken` follow on from what is here. After a `gap` something is missing, and the
report still says how the host is. A `fork` has the place of another report, or follows one that
has; `broken` names another predecessor than the one that is here. The last two are kept and
receipted like all others, and never scored: two machines may be speaking with one key.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, or_, select, tuple_, update

from evidence.statement import Chain
from server.store.schema import reports

Link: TypeAlias = Literal["first", "unbroken", "gap", "fork", "broken"]

SCORED: frozenset[Link] = frozenset({"first", "unbroken", "gap"})
"""After which links a report counts, if it is what its unit asked for (`server.counting`)."""


class New(NamedTuple):
    """A report that is about to be stored."""

    host_id: str
    digest: str
    chain: Chain


class Last(NamedTuple):
    """How far a host's chain goes."""

    head: str | None
    """The report that counts."""
    head_sequence: int
    last_sequence: int
    """The highest ever received."""


def links(
    connection: Connection, news: Iterable[New], lasts: Mapping[str, Last]
) -> dict[str, Link]:
    """How each of `news` follows on, taken in this order; `lasts` is by host."""
    by_host: dict[str, list[New]] = defaultdict(list)
    for new in news:
        by_host[new.host_id].append(new)
    found: dict[str, Link] = {}
    others: list[New] = []
    for host_id, said in by_host.items():
        if _follow_on(lasts[host_id], said):
            found |= {n.digest: "first" if n.chain.sequence == 1 else "unbroken" for n in said}
        else:
            others += said
    if others:
        around = _Around(connection, others)
        found |= {new.digest: around.take(new) for new in others}
    return found


def close_gaps(connection: Connection, late: Sequence[New]) -> None:
    """Note that reports that came before the one they name, one of `late`, follow on after all."""
    if late:
        connection.execute(
            update(reports)
            .where(
                reports.c.host_id == bindparam("host"),
                reports.c.sequence == bindparam("next"),
                reports.c.previous == bindparam("named"),
                reports.c.link == "gap",
            )
            .values(link="unbroken"),
            [
                {"host": new.host_id, "next": new.chain.sequence + 1, "named": new.digest}
                for new in late
            ],
        )


def _follow_on(last: Last, said: Sequence[New]) -> bool:
    """Whether `said` goes on where a chain without loose ends stopped: the usual case."""
    before, sequence = last.head, last.head_sequence
    if last.last_sequence != sequence:
        return False
    for new in said:
        if new.chain.previous != before or new.chain.sequence != sequence + 1:
            return False
        before, sequence = new.digest, new.chain.sequence
    return True


class _Around:
    """The reports around those about to be stored, and these as they join."""

    def __init__(self, connection: Connection, news: Sequence[New]) -> None:
        near = {(new.host_id, new.chain.sequence + offset) for new in news for offset in (-1, 0)}
        named = [new.chain.previous for new in news if new.chain.previous is not None]
        found = connection.execute(
            select(reports.c.digest, reports.c.host_id, reports.c.sequence, reports.c.link).where(
                or_(
                    tuple_(reports.c.host_id, reports.c.sequence).in_(near),
                    reports.c.digest.in_(named),
                )
            )
        )
        self._by_digest: dict[str, tuple[str, int, Link]] = {}
        self._taken: set[tuple[str, int]] = set()
        for row in found:
            self._by_digest[row.digest] = (row.host_id, row.sequence, row.link)
            self._taken.add((row.host_id, row.sequence))

    def take(self, new: New) -> Link:
        """How `new` follows on; it has its place from now on."""
        link = self._link(new.host_id, new.chain)
        self._by_digest[new.digest] = (new.host_id, new.chain.sequence, link)
        self._taken.add((new.host_id, new.chain.sequence))
        return link

    def _link(self, host_id: str, chain: Chain) -> Link:
        if (host_id, chain.sequence) in self._taken:
            return "fork"
        if chain.sequence == 1:
            return "first" if chain.previous is None else "broken"
        if chain.previous is None:
            return "broken"
        before = self._by_digest.get(chain.previous)
        if before is None or before[0] != host_id:
            return "broken" if (host_id, chain.sequence - 1) in self._taken else "gap"
        _, sequence, link = before
        if sequence + 1 != chain.sequence:
            return "broken"
        return "unbroken" if link in SCORED else "fork"
