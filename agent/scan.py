"""One scan: a job for the limited child, and from what it sent a report in its place in the chain.

On an enrolled host scanning, signing and spooling happen under one lock, so that two scans at
once are two places in one chain. A host without a server gets the same report, unsigned.
"""

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from agent import build, clock, roots
from agent.basis import Basis
from agent.collect import Collected, collect
from agent.config import Config
from agent.errors import StateError
from agent.job import Limits, OwnState, Register, ScanJob
from agent.own import own_tables
from agent.spool import Spool, damaged_entry
from agent.standing import Standing, standing
from agent.state import State, new_host_id, this_host
from agent.view import view
from evidence import __version__, dsse
from evidence.errors import NotAuthenticError, UnknownSignerError
from evidence.keys import SigningKey
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
    spool = Spool(state)
    with state.locked(config.scan_wall_s + _LOCK_MARGIN_S):
        stands = standing(state)
        host, key = state.require_enrolled(), state.signing_key()
        _check_head(spool, key)
        basis = basis_of(stands)
        key_hex = state.pseudonym_key or secrets.token_hex(KEY_BYTES)
        assigned = stands.assigned
        chain = Chain(
            sequence=1 if stands.taken is None else stands.taken.sequence + 1,
            previous=None if stands.taken is None else stands.taken.digest,
            boot_id=_boot_id(),
            last_seen=state.last_seen,
            interval_s=None if assigned is None else assigned.assignment.interval_s,
        )
        job = scan_job(config, basis, stands, root=root, pseudonym_key=key_hex)
        made = _report(job, basis, host=this_host(host.id), chain=chain, trigger=trigger)
        envelope = dsse.seal(made.payload, key)
        spool.add(chain.sequence, envelope, {**basis.blobs, **made.tables})
        pending = len(spool.pending())
    return Scanned(made.statement, made.payload, made.tables, pending), basis


def _check_head(spool: Spool, key: SigningKey) -> None:
    """That the report to be followed is as this host's key signed it: the next one names it.

    Raises:
        StateError: it is not.
    """
    head = spool.head()
    if head is None:
        return
    try:
        dsse.verify(dsse.open_envelope(head.envelope), {key.key_id: key.public})
    except UnknownSignerError as e:
        raise StateError(
            f"{spool.state.key_file}: 不是签署本机报告链的密钥（{head.key_id}）。请从备份恢复，"
            "或移走状态目录后重新纳管",
            f"{spool.state.key_file}: not the key that signed this host's chain ({head.key_id}). "
            "Restore it from a backup, or move the state directory away and enrol again",
        ) from e
    except NotAuthenticError as e:
        raise damaged_entry(spool.path(head.sequence), e) from e


def scan_unsigned(config: Config, basis: Basis, stands: Standing | None, *, root: str) -> Scanned:
    """Scan without a place in any chain; `stands` is None where the state may not be read."""
    chain = Chain(sequence=1, previous=None, boot_id=_boot_id(), last_seen=None, interval_s=None)
    job = scan_job(config, basis, stands, root=root, pseudonym_key=secrets.token_hex(KEY_BYTES))
    head = roots.recorded(root)
    host = this_host(new_host_id()) if head is None else Host(new_host_id(), head.hostname)
    return _report(job, basis, host=host, chain=chain, trigger="manual")


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


def _report(job: ScanJob, basis: Basis, *, host: Host, chain: Chain, trigger: Trigger) -> Scanned:
    began, own = time.monotonic(), time.process_time()
    collected = collect(job, basis.policies)
    report = Report(
        host=host,
        scan=Scan(
            id=secrets.token_hex(16),
            started=job.now,
            ended=clock.now(),
            clock=collected.clock,
            trigger=trigger,
        ),
        chain=chain,
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
    subjects, tables = _subjects(collected)
    payload = encode_statement(subjects, report)
    return Scanned(decode_statement(payload, Report), payload, tables, None)


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


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
