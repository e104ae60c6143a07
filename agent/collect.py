"""Runs the scan child and makes one whole of what it sent, also when it could not finish.

What a child had not sent is `over_budget` and recorded so. The checks it had not judged are judged
from what it did send, by the same limited program that judges again for a verifier: so a verdict
is always what anyone can recompute from the signed tables.
"""

import hashlib

import msgspec

from agent.job import Ended, Judged, Planned, Recorded, Refused, ScanJob
from agent.launch import launch
from agent.roots import refused
from agent.say import talk
from evidence.statement import (
    Clock,
    Condition,
    Digest,
    Reason,
    RegisterRef,
    Score,
    TableEntry,
    Verdict,
)
from facts import status
from policies.errors import RecomputeError
from policies.model import Check, Policy
from policies.score import score

MAX_TABLES = 10 * 1024 * 1024
"""The most bytes that all tables of one report have together. Escaped, they may be twice as many in
a parcel's lines, and no line and no request takes more: a report that is too large for them could
never be sent, nor anything after it."""


class Collected(msgspec.Struct, frozen=True):
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
    """Run `job` and take in what comes; never raises for how the child ends.

    Raises:
        ChildError: it cannot be started.
        InputError: the child found that what it should read is no sound recording.
    """
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
            case Refused(reason):
                raise refused(status.Reason(reason.code, reason.args))
            case Ended():
                ended = message
    read = () if planned is None else planned.read
    left_out = _too_large(tables)
    for entry in left_out:
        tables[entry.name] = (entry, b"")
    if run.broke_off is not None:
        talk(f"扫描子进程中断 / the scan child broke off: {run.broke_off}, {len(tables)} tables")
        for entry in _missing(planned, tables, run.broke_off, job.now):
            tables[entry.name] = (entry, b"")
    if run.broke_off is not None or left_out:
        judged = _judge_again(job, policies, tables)
        verdicts = {(verdict.policy, verdict.check): verdict for verdict in judged}
    kept = [tables[name] for name in sorted(tables)]
    oldest = min((entry.read_at for entry, _ in kept if entry.name in read), default=None)
    return Collected(
        tables=tuple(kept),
        verdicts=tuple(verdicts.values()),
        score=score(policies, verdicts.values(), oldest),
        sqlite="" if planned is None else planned.sqlite,
        clock=Clock(synchronised=None, offset_ms=None) if planned is None else planned.clock,
        cpu_ms=0 if ended is None else ended.cpu_ms,
        peak_kib=0 if ended is None else ended.peak_kib,
    )


def _judge_again(
    job: ScanJob, policies: tuple[Policy, ...], tables: dict[str, tuple[TableEntry, bytes]]
) -> tuple[Verdict, ...]:
    """The verdicts on what was recorded; unknown if these cannot be had within a budget either."""
    from policies.recompute import Recomputer  # noqa: PLC0415  # a whole scan has no use for it
    from policies.rejudge import GivenRegister, GivenTable  # noqa: PLC0415
    from policies.rejudge import Job as JudgeJob  # noqa: PLC0415

    again = JudgeJob(
        now=job.now,
        tables=tuple(GivenTable(*tables[name]) for name in sorted(tables)),
        policies=tuple(text.encode("utf-8") for text in job.policies),
        registers=tuple(
            GivenRegister(
                RegisterRef(r.name, r.columns, Digest(sha256=r.sha256)), r.text.encode("utf-8")
            )
            for r in job.registers
        ),
        parameters=job.parameters,
    )
    try:
        with Recomputer() as recomputer:
            return recomputer.rejudge(again).verdicts
    except RecomputeError as e:
        talk(f"复算中断 / judging again broke off: {e}")
    return tuple(_unjudged(policy, check) for policy in policies for check in policy.checks)


def _unjudged(policy: Policy, check: Check) -> Verdict:
    return Verdict(
        check=check.id,
        policy=policy.policy,
        verdict="unknown",
        reasons=(Reason(code="over_time", args=()),),
        columns=(),
        rows=(),
        row_count=0,
        rows_digest=Digest(sha256=hashlib.sha256(b"").hexdigest()),
    )


def _too_large(tables: dict[str, tuple[TableEntry, bytes]]) -> list[TableEntry]:
    """Entries in place of the largest tables, until the rest is no more than `MAX_TABLES`."""
    found = []
    total = sum(len(data) for _, data in tables.values())
    for entry, data in sorted(tables.values(), key=lambda table: len(table[1]), reverse=True):
        if total <= MAX_TABLES:
            break
        total -= len(data)
        reason = Reason(code="too_large", args=(entry.name,))
        found.append(
            msgspec.structs.replace(
                entry,
                row_count=0,
                condition=Condition(status="over_budget", reason=reason),
                column_conditions={},
                keys=(),
            )
        )
    return found


def _missing(
    planned: Planned | None,
    tables: dict[str, tuple[TableEntry, bytes]],
    why: str,
    now: str,
) -> list[TableEntry]:
    """Entries for the tables that were to be recorded and did not come."""
    from facts.tables import SPECS  # noqa: PLC0415  # a whole scan has no use for it

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
