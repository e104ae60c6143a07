"""One scan: a job for the limited child, and from what it sent a report in its place in the chain.

On an enrolled host one scan waits for another, and takes its place in the chain when it is done:
what is plugged in meanwhile is reported before it. A host without a server gets the same report,
unsigned.
"""

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias

import msgspec

from agent import build, clock, roots
from agent.basis import Basis
from agent.collect import Collected, collect
from agent.config import Config
from agent.job import Limits, OwnState, Register, ScanJob
from agent.own import own_tables
from agent.sealing import boot_id, check_head, seal
from agent.spool import Spool
from agent.standing import Standing, standing
from agent.state import LOCK_WAIT_S, State, new_host_id, this_host
from agent.view import view
from evidence import __version__
from evidence.statement import (
    Chain,
    Cost,
    Digest,
    Engine,
    Host,
    Report,
    Scan,
    Statement,
    Subject,
    decode_statement,
    encode_statement,
)
from facts.pseudonym import KEY_BYTES

Trigger: TypeAlias = Literal["manual", "schedule", "enrolment"]

_LOCK_MARGIN_S = 30
"""How much longer than a scan may last another one is waited for, in seconds."""


class Scanned(msgspec.Struct, frozen=True):
    """A finished scan."""

    statement: Statement[Report]
    payload: bytes
    tables: dict[str, bytes]
    """Canonical table bytes, by digest."""
    pending: int | None
    """Reports without a receipt, this one included; None: it was not signed."""


def scan_signed(
    state: State,
    config: Config,
    basis_of: Callable[[Standing], Basis],
    *,
    root: str,
    trigger: Trigger,
) -> tuple[Scanned, Basis]:
    """Scan, sign, and take the next place in the chain.

    `basis_of` is asked under the lock, when the assignment can no longer change.

    Raises:
        NotEnrolledError: no server has taken this host on.
        StateError, BusyError: the state directory cannot be used.
    """
    with state.locked(config.scan_wall_s + _LOCK_MARGIN_S, "scan.lock"):
        with state.locked(LOCK_WAIT_S):
            stands = standing(state)
            host = state.require_enrolled()
            check_head(Spool(state), state.signing_key())
            basis = basis_of(stands)
            key_hex = state.pseudonym_key or secrets.token_hex(KEY_BYTES)
        job = scan_job(config, basis, stands, root=root, pseudonym_key=key_hex)
        made = _made(job, basis, host=this_host(host.id), trigger=trigger)
        assigned = stands.assigned
        with state.locked(LOCK_WAIT_S):
            payload = seal(
                state,
                made.payload,
                {**basis.blobs, **made.tables},
                interval_s=None if assigned is None else assigned.assignment.interval_s,
            )
            pending = len(Spool(state).pending())
    return Scanned(decode_statement(payload, Report), payload, made.tables, pending), basis


def scan_unsigned(config: Config, basis: Basis, stands: Standing | None, *, root: str) -> Scanned:
    """Scan without a place in any chain; `stands` is None where the state may not be read."""
    chain = Chain(sequence=1, previous=None, boot_id=boot_id(), last_seen=None, interval_s=None)
    job = scan_job(config, basis, stands, root=root, pseudonym_key=secrets.token_hex(KEY_BYTES))
    head = roots.recorded(root)
    host = this_host(new_host_id()) if head is None else Host(new_host_id(), head.hostname)
    made = _made(job, basis, host=host, trigger="manual")
    payload = made.payload(chain)
    return Scanned(decode_statement(payload, Report), payload, made.tables, None)


def scan_job(
    config: Config, basis: Basis, stands: Standing | None, *, root: str, pseudonym_key: str
) -> ScanJob:
    """What the child is told, the chain as it `stands` included, unless that may not be read."""
    return ScanJob(
        parent=os.getpid(),
        limits=Limits(
            cpu_s=config.scan_cpu_s,
            wall_s=config.scan_wall_s,
            memory_mib=config.scan_memory_mib,
        ),
        now=roots.now(root),
        root=root,
        policies=tuple(data.decode("utf-8") for data in basis.compiled),
        registers=tuple(
            Register(ref.name, ref.columns, ref.digest.sha256, data.decode("utf-8"))
            for ref, data in basis.registers
        ),
        parameters=dict(basis.parameters),
        own=OwnState(config.state, None if stands is None else own_tables(stands, config)),
        pseudonym_key=pseudonym_key,
    )


class _Made(msgspec.Struct, frozen=True):
    """A scan that has no place yet."""

    report: Callable[[Chain], Report]
    subjects: tuple[Subject, ...]
    tables: dict[str, bytes]

    def payload(self, chain: Chain) -> bytes:
        """What is to be signed at the place `chain`."""
        return encode_statement(self.subjects, self.report(chain))


def _made(job: ScanJob, basis: Basis, *, host: Host, trigger: Trigger) -> _Made:
    began, own = time.monotonic(), time.process_time()
    collected = collect(job, basis.policies)
    subjects, tables = _subjects(collected)
    report = partial(
        Report,
        host=host,
        scan=Scan(
            id=secrets.token_hex(16),
            started=job.now,
            ended=clock.now(),
            clock=collected.clock,
            trigger=trigger,
        ),
        assignment=None if basis.assigned is None else Digest(sha256=basis.assigned.digest),
        policies=basis.references,
        registers=tuple(ref for ref, _ in basis.registers),
        parameters=dict(basis.parameters),
        tables=tuple(entry for entry, _ in collected.tables),
        verdicts=collected.verdicts,
        score=collected.score,
        engine=Engine(
            anfang=__version__,
            sqlite=collected.sqlite,
            python="{}.{}.{}".format(*sys.version_info),
        ),
        agent=Digest(sha256=build.digest()),
        view=view(job.root),
        cost=Cost(
            cpu_ms=collected.cpu_ms + round((time.process_time() - own) * 1000),
            wall_ms=round((time.monotonic() - began) * 1000),
            peak_kib=collected.peak_kib,
        ),
    )
    return _Made(lambda chain: report(chain=chain), subjects, tables)


def _subjects(
    collected: Collected,
) -> tuple[tuple[Subject, ...], dict[str, bytes]]:
    """The tables as a statement names them, and their bytes by digest."""
    subjects, tables = [], {}
    for entry, data in collected.tables:
        digest = hashlib.sha256(data).hexdigest()
        subjects.append(Subject(name=f"tables/{entry.name}", digest=Digest(sha256=digest)))
        tables[digest] = data
    return tuple(subjects), tables
