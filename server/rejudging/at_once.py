"""Judging again at once all that waits, for an administrator who does not."""

from collections import Counter
from dataclasses import dataclass

from policies.recompute import Recomputer
from server import clock, units
from server.rejudging import outcomes
from server.rejudging.once import Result, rejudge
from server.service import Service
from server.store import queries
from server.store.queries import Contradiction


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    counts: Counter[Result]
    """Of the reports that were judged now."""
    contradictions: tuple[Contradiction, ...]
    """All that are on record, also those found before; the newest first."""


def rejudge_all(service: Service, unit: str | None) -> Found:
    """Judge again what waits and what could not be judged before; of `unit`, or of all units.

    Raises:
        UsageError: there is no such unit.
    """
    store = service.store
    with store.read() as connection:
        unit_id = None if unit is None else units.get(connection, unit).id
        digests = outcomes.open_reports(connection, unit_id)
    counts: Counter[Result] = Counter()
    with Recomputer() as recomputer:
        for digest in digests:
            answer = rejudge(store, recomputer, digest)
            with store.write() as connection:
                outcomes.note(connection, [answer], clock.now())
            counts[answer.result] += 1
    with store.read() as connection:
        return Found(counts, queries.contradictions(connection, unit_id, clock.now()))
