"""The place of each report in its host's chain, as it is when the report is taken.

`first` and `unbroken` follow on from what is here. After a `gap` something is missing, and the
report still says how the host is. A `fork` has the place of another report, or follows one that
has; `broken` names another predecessor than the one that is here. The last two are kept and
receipted like all others, and never scored: two machines may be speaking with one key.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from sqlalchemy import Connection, or_, select, tuple_, update

from evidence.statement import Chain
from server.store.schema import reports

Link: TypeAlias = Literal["first", "unbroken", "gap", "fork", "broken"]

SCORED: frozenset[Link] = frozenset({"first", "unbroken", "gap"})
"""After which links a report counts."""


class Places:
    """The reports around those about to be stored, and these as they join."""

    def __init__(self, connection: Connection, about: Iterable[tuple[str, Chain]]) -> None:
        wanted = list(about)
        near = {
            (host_id, chain.sequence + offset) for host_id, chain in wanted for offset in (-1, 0, 1)
        }
        named = [chain.previous for _, chain in wanted if chain.previous is not None]
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

    def take(self, host_id: str, digest: str, chain: Chain) -> Link:
        """The link of the report `digest` of that host, which has its place from now on."""
        link = self._link(host_id, chain)
        self._by_digest[digest] = (host_id, chain.sequence, link)
        self._taken.add((host_id, chain.sequence))
        return link

    def followed(self, host_id: str, chain: Chain) -> bool:
        """Whether there is a report in the place after that of `chain`."""
        return (host_id, chain.sequence + 1) in self._taken

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


def close_gap(connection: Connection, host_id: str, digest: str, sequence: int) -> None:
    """Note that the report after `digest`, which came before it, follows on after all."""
    connection.execute(
        update(reports)
        .where(
            reports.c.host_id == host_id,
            reports.c.sequence == sequence + 1,
            reports.c.previous == digest,
            reports.c.link == "gap",
        )
        .values(link="unbroken")
    )
