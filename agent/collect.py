"""Runs the scan child and makes one whole of what it sent, also when it could not finish.

What a child had not sent is `over_budget` and recorded so. The checks it had not judged are judged
from what it did send, by the same limited program that judges again for a verifier: so a verdict
is always what anyone can recompute from the signed tables.
"""

import logging
from dataclasses import dataclass

from agent.job import Ended, Judged, Planned, Recorded, ScanJob
from agent.launch import launch
from evidence.statement import Clock, Condition, Reason, Score, TableEntry, Verdict
from facts.tables import SPECS
from policies.model import Policy
from policies.score import score

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Collected:
    """What one scan recorded and judged."""

    tables: tuple[tuple[TableEntry, bytes], ...]
    """Each with its canonical bytes, by name."""
    verdicts: tuple[Verdict, ...]
    """In the order of the policies and their checks."""
    score: Score
    clock: Clock
    sqlite: str
    """Version of the engine; empty if the child did not come so far as to say."""
    cpu_ms: int
    peak_kib: int


def collect(job: ScanJob, policies: tuple[Policy, ...]) -> Collected:
    """Run `job` and take in what comes; never raises for how the child ends."""
    run = launch(job)
    planned: Planned | None = None
    ended: Ended | None = None
    tables: dict[str, tuple[TableEntry, bytes]] = {}
    verdicts: dict[tuple[str, str], Verdict] = {}
    for message in run:
        match message:
            case Planned():
                planned = message
            case Recorded(entry, text):
                tables[entry.name] = (entry, text.encode("utf-8"))
            case Judged(verdict):
                verdicts[verdict.policy, verdict.check] = verdict
            case Ended():
                ended = message
    if run.broke_off is not None:
        _log.warning("scan child broke off: %s; %d tables", run.broke_off, len(tables))
        for entry in _missing(planned, tables, run.broke_off, job.now):
            tables[entry.name] = (entry, b"")
    read = () if planned is None else planned.read
    oldest = min(
        (entry.read_at for entry, _ in tables.values() if entry.name in read), default=None
    )
    return Collected(
        tables=tuple(tables[name] for name in sorted(tables)),
        verdicts=tuple(verdicts.values()),
        score=score(policies, verdicts.values(), oldest),
        sqlite="" if planned is None else planned.sqlite,
        clock=Clock(synchronised=None, offset_ms=None) if planned is None else planned.clock,
        cpu_ms=0 if ended is None else ended.cpu_ms,
        peak_kib=0 if ended is None else ended.peak_kib,
    )


def _missing(
    planned: Planned | None,
    tables: dict[str, tuple[TableEntry, bytes]],
    why: str,
    now: str,
) -> list[TableEntry]:
    """Entries for the tables that were to be recorded and did not come."""
    condition = Condition(status="over_budget", reason=Reason(code=why, args=()))
    return [
        TableEntry(
            name=name,
            version=SPECS[name].version,
            columns=columns,
            row_count=0,
            condition=condition,
            column_conditions={},
            keys=(),
            read_at=now,
        )
        for name, columns in ({} if planned is None else planned.tables).items()
        if name not in tables
    ]
