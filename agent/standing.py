"""How this host stands: enrolment, chain, spool, receipts; for `status` and for `anfang_chain`."""

from collections.abc import Mapping

import msgspec

from agent.build import digest as build_digest
from agent.clock import seconds, stamp
from agent.spool import Place, Refusal, Spool
from agent.state import Assigned, HostFile, State
from evidence import __version__, chain
from evidence.canonical import Cell
from evidence.chain import Link
from evidence.statement import Report


class Standing(msgspec.Struct, frozen=True):
    """The state directory, summed up."""

    host: HostFile | None
    assigned: Assigned | None
    taken: Place | None
    """The newest place in the chain that is taken."""
    last: Report | None
    """The newest report of a scan that is here; reports of events are none."""
    last_receipt: str | None
    """When the server received the newest report that has a receipt."""
    pending: tuple[int, ...]
    """Places of the reports that are to be sent."""
    refused: Mapping[int, Refusal]
    """Why the server will never take those that it refused, by place."""
    chain_state: str
    """Of the newest two reports, and of the places that are here: see `evidence.chain`."""

    @property
    def last_report(self) -> str | None:
        """When the newest scan ended."""
        return None if self.last is None else self.last.scan.ended

    @property
    def enrolled(self) -> bool:
        """Whether a server has taken this host on."""
        return self.host is not None and self.host.server is not None

    @property
    def next_due(self) -> str | None:
        """By when the promised next report has to come."""
        if self.assigned is None or self.last_report is None:
            return None
        return stamp(seconds(self.last_report) + self.assigned.assignment.interval_s)

    @property
    def row(self) -> dict[str, Cell]:
        """The row of `anfang_chain`."""
        assigned = self.assigned
        return {
            "enrolled": int(self.enrolled),
            "host_id": self.host.id if self.host is not None and self.enrolled else None,
            "sequence": None if self.taken is None else self.taken.sequence,
            "previous": None if self.taken is None else self.taken.digest,
            "last_report": self.last_report,
            "last_receipt": self.last_receipt,
            "pending": len(self.pending) + len(self.refused),
            "interval_s": None if assigned is None else assigned.assignment.interval_s,
            "chain_state": self.chain_state,
            "assignment": None if assigned is None else assigned.digest,
            "policy_signed": int(assigned is not None),
            "agent_version": __version__,
            "agent_digest": build_digest(),
        }


_LINKED = 2
"""How many of the newest reports are held against each other."""

NOWHERE = Standing(None, None, None, None, None, (), {}, "empty")
"""How a host stands that has no state directory, or none that may be read."""


def standing(state: State) -> Standing:
    """How `state` stands.

    Raises:
        StateError: it cannot be read, or an entry is damaged.
    """
    spool = Spool(state)
    sequences, pending = spool.sequences(), spool.pending()
    taken = spool.taken()
    links: list[Link] = []
    last: Report | None = None
    for sequence in reversed(sequences):
        entry = spool.entry(sequence)
        report = entry.statement.predicate
        if len(links) < _LINKED:
            links.append(Link(entry.digest, report.chain, entry.key_id))
        if last is None and not report.is_of_events:
            last = report
        if last is not None and len(links) == _LINKED:
            break
    found: str = chain.examine(links).state
    if taken is not None and taken.sequence not in sequences:
        found = "gap"
    if found == "unbroken" and sequences[-1] - sequences[0] + 1 != len(sequences):
        found = "gap"
    unreceipted = set(spool.unreceipted())
    receipted = [s for s in sequences if s not in unreceipted]
    return Standing(
        host=state.host,
        assigned=state.assigned,
        taken=taken,
        last=last,
        last_receipt=_received_at(spool, receipted[-1]) if receipted else None,
        pending=tuple(pending),
        refused=spool.refused(),
        chain_state=found,
    )


def _received_at(spool: Spool, sequence: int) -> str | None:
    leaf = spool.leaf(sequence)
    return None if leaf is None else leaf.received_at
