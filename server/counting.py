"""Which reports say how a host stands: those its unit asked for, of the running host.

Whoever is root on a host can scan it by a policy of his own choice, or scan another root. Such a
report is kept, receipted and listed like every other, and neither its score nor its verdicts
take the place of those that the unit asked for. Nor does a report of events: it judges nothing,
and a host that only tells what is plugged in is silent all the same.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from evidence import agreement
from evidence.finding import Outcome, worst
from evidence.statement import Assignment, Report, decode_statement
from server.store import envelopes
from server.store.schema import assignments, statements

_RUNNING = "/"
"""The root of a report on the running host (`evidence.statement.View`)."""


class Asked:
    """What the units of some reports asked for."""

    def __init__(
        self, connection: Connection, reports: Iterable[Report], promised: Iterable[int]
    ) -> None:
        """`promised` are the units that have an assignment in force."""
        self._promised = frozenset(promised)
        named = {report.assignment.sha256 for report in reports if report.assignment is not None}
        self._by_digest: dict[str, tuple[int, Mapping[str, Assignment]]] = {}
        for some in envelopes.in_parts(named):
            for row in connection.execute(_ASSIGNMENTS.where(assignments.c.digest.in_(some))):
                assignment = decode_statement(envelopes.unpack(row.payload), Assignment).predicate
                self._by_digest[row.digest] = (row.unit_id, {row.digest: assignment})

    def for_this(self, unit_id: int, report: Report) -> bool:
        """Whether `report` is what its unit asked for; without an assignment, anything is."""
        if report.view.root != _RUNNING or report.is_of_events:
            return False
        if report.assignment is None:
            return unit_id not in self._promised
        asking, established = self._by_digest.get(report.assignment.sha256, (None, {}))
        if asking != unit_id:
            return False
        _, found = agreement.assignment(report, established, set(), set())
        return worst(found) is Outcome.HELD


_ASSIGNMENTS = select(assignments.c.digest, assignments.c.unit_id, statements.c.payload).join(
    statements, statements.c.digest == assignments.c.digest
)
