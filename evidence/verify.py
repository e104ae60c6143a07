"""Verification of a parcel's integrity: who signed what, and whether all of it fits together.

Trust comes from the trust directory only; what a parcel brings is evidence at best. Whatever is
in a parcel, this answers: it says of each statement what it checked, what it could not, and what
is false. It judges nothing on the host; whoever wants the verdicts recomputed finds the reports
with their tables, policies and registers in the result.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence import agreement, canonical, chain, logs, statement, succession
from evidence.agreement import Blobs
from evidence.chain import Fault, Link
from evidence.checkpoint import Checkpoint
from evidence.dsse import Envelope
from evidence.errors import EvidenceError, MalformedError
from evidence.finding import Code, Finding, Outcome, failed, held, not_checked, worst
from evidence.keys import PublicKey
from evidence.logs import Logs
from evidence.parcel import Parcel
from evidence.receipt import Logged
from evidence.signers import Role, Signers, offered_key
from evidence.statement import (
    MAX_PAYLOAD,
    Assignment,
    Enrolment,
    EnrolmentRequest,
    Report,
    Statement,
)
from evidence.succession import Step
from evidence.trust import Trust
from evidence.verification import Checked, CheckedReport, Verification


def verify_parcel(parcel: Parcel, trust: Trust) -> Verification:
    """What can be said about the integrity of `parcel` by whoever trusts `trust`.

    Raises nothing for what the parcel holds, except for envelopes that `parcel.read` refuses.
    """
    return _Verifier(parcel, trust).verify()


def verify_together(several: Sequence[Verification]) -> tuple[Finding, ...]:
    """What only shows when `several` parcels are laid side by side.

    A copy of a machine, or a server with two faces, hands each audience a parcel that holds. What
    is missing between parcels is not held against them.
    """
    alone = {finding for each in several for finding in each.findings}
    links = [link for each in several for link in each.links]
    heads = frozenset[Checkpoint]().union(*(each.heads for each in several))
    found = [_of_the_chain(f) for f in chain.examine(links).faults if f.kind != "gap"]
    return tuple(f for f in (*found, *logs.forks(heads)) if f not in alone)


_KINDS: Mapping[str, tuple[type[Any], Role]] = {
    statement.REPORT: (Report, Role.HOST),
    statement.ENROLMENT_REQUEST: (EnrolmentRequest, Role.HOST),
    statement.ENROLMENT: (Enrolment, Role.SERVER),
    statement.ASSIGNMENT: (Assignment, Role.SERVER),
}
"""What each predicate is decoded as, and who may say it."""


@dataclass(frozen=True)
class _Opened:
    """An envelope whose payload is a statement of ours."""

    position: int
    predicate: str
    envelope: Envelope
    statement: Statement[Any]


class _Verifier:
    """One run: opens all, settles who may say what, then holds everything against the rest."""

    def __init__(self, parcel: Parcel, trust: Trust) -> None:
        self._parcel = parcel
        self._logs = Logs(trust)
        self._served = bool(trust.servers)
        sound = {d: b for d, b in parcel.blobs.items() if hashlib.sha256(b).hexdigest() == d}
        self._blobs = Blobs(sound)
        self._checked: dict[int, Checked] = {}
        self._opened = [
            each
            for position, envelope in enumerate(parcel.opened)
            if (each := self._open(position, envelope)) is not None
        ]
        self._signers = Signers(trust, self._offered_keys())
        self._assignments: dict[str, Assignment] = {}
        self._other_assignments: set[str] = set()
        self._host_of: dict[str, str] = {}
        self._links: list[Link] = []
        self._steps: list[Step] = []

    def verify(self) -> Verification:
        """Check all, those first on which others rest."""
        checks = {
            statement.ENROLMENT: self._check_enrolment,
            statement.ASSIGNMENT: self._check_assignment,
            statement.ENROLMENT_REQUEST: self._check_request,
            statement.REPORT: self._check_report,
        }
        for predicate, check in checks.items():
            for each in self._opened:
                if each.predicate == predicate:
                    self._checked[each.position] = check(each)
        checked = tuple(self._checked[position] for position in sorted(self._checked))
        found = tuple(self._of_the_parcel())
        return Verification(checked, found, tuple(self._links), self._logs.heads)

    def _open(self, position: int, envelope: Envelope) -> _Opened | None:
        """The statement in `envelope`; None, and something found, if there is none of ours."""
        predicate = ""
        try:
            predicate = statement.predicate_type(envelope.payload)
            if predicate in _KINDS:
                kind, _ = _KINDS[predicate]
                opened = statement.decode_statement(envelope.payload, kind)
                return _Opened(position, predicate, envelope, opened)
            canonical.decode(envelope.payload, limit=MAX_PAYLOAD)
            found = not_checked(Code.STATEMENT_UNKNOWN, predicate)
        except EvidenceError as e:
            found = failed(Code.STATEMENT_MALFORMED, str(e))
        self._checked[position] = Checked(
            position, envelope.payload_digest, predicate, None, (found,)
        )
        return None

    def _offered_keys(self) -> list[PublicKey]:
        """The hosts' keys that the parcel brings, whoever brings them."""
        keys = []
        for each in self._opened:
            if each.predicate in {statement.ENROLMENT, statement.ENROLMENT_REQUEST}:
                # One that is no key is reported where its statement is checked.
                with contextlib.suppress(MalformedError):
                    keys.append(offered_key(each.statement))
        return keys

    def _check_enrolment(self, each: _Opened) -> Checked:
        signer, found = self._judge(each)
        try:
            offered_key(each.statement)
        except MalformedError as e:
            found.append(failed(Code.STATEMENT_MALFORMED, str(e)))
        else:
            if signer is not None:
                self._signers.bind(each.statement.predicate)
        return self._conclude(each, signer, found)

    def _check_assignment(self, each: _Opened) -> Checked:
        signer, found = self._judge(each)
        named: Assignment = each.statement.predicate
        digest = each.envelope.payload_digest
        if signer is None:
            self._other_assignments.add(digest)
        else:
            self._assignments[digest] = named
        found += agreement.policies(named.policies, self._blobs)[1]
        found += agreement.registers(named.registers, self._blobs)[1]
        return self._conclude(each, signer, found)

    def _check_request(self, each: _Opened) -> Checked:
        signer, found = self._judge(each)
        try:
            key = offered_key(each.statement)
        except MalformedError as e:
            found.append(failed(Code.STATEMENT_MALFORMED, str(e)))
        else:
            if signer is not None and signer != key.key_id:
                found.append(failed(Code.HOST_MISMATCH, signer, each.statement.predicate.host.id))
        return self._conclude(each, signer, found)

    def _check_report(self, each: _Opened) -> Checked:
        report: Report = each.statement.predicate
        digest = each.envelope.payload_digest
        signer, found = self._judge(each)
        claimed = signer or each.envelope.signatures[0].keyid
        bindings = self._signers.bindings(claimed)
        signed = worst(found) is not Outcome.FAILED
        if signed:
            found += self._host(claimed, report.host.id, {bound.host_id for bound in bindings})
        tables, about_tables = agreement.tables(each.statement, self._blobs)
        policies, about_policies = agreement.policies(report.policies, self._blobs)
        registers, about_registers = agreement.registers(report.registers, self._blobs)
        assignment, about_assignment = agreement.assignment(
            report,
            self._assignments,
            self._other_assignments,
            {bound.unit for bound in bindings},
        )
        if signed:
            # What was not signed by its claimed key must not count against that key.
            self._links.append(Link(digest, report.chain, claimed))
            serial = None if assignment is None else assignment.serial
            self._steps.append(Step(claimed, report, serial))
        if report.assignment is None and self._served and not report.is_of_events:
            # Whoever trusts a server expects it to say what is run; a host must not choose unseen.
            found.append(not_checked(Code.ASSIGNMENT_NONE))
        logged, about_receipt = self._receipt(digest, claimed)
        received_at = logged.leaf.received_at if logged else None
        found += [
            *about_tables,
            *about_policies,
            *about_registers,
            *about_assignment,
            *agreement.contradictions(report),
            *agreement.view(report),
            *about_receipt,
            *agreement.times(report, received_at),
        ]
        if report.chain.last_seen is not None:
            found += self._logs.last_seen(report.chain.last_seen, logged)
        return CheckedReport(
            position=each.position,
            payload_digest=digest,
            predicate=each.predicate,
            signer=signer,
            findings=tuple(found),
            report=report,
            tables=tables,
            policies=policies,
            registers=registers,
            assignment=assignment,
            received_at=received_at,
        )

    def _judge(self, each: _Opened) -> tuple[str | None, list[Finding]]:
        _, role = _KINDS[each.predicate]
        return self._signers.judge(each.envelope, role)

    def _conclude(self, each: _Opened, signer: str | None, found: list[Finding]) -> Checked:
        """What is checked of everything but a report: the receipt, where there is one."""
        digest = each.envelope.payload_digest
        if digest in self._parcel.receipts:
            claimed = signer or each.envelope.signatures[0].keyid
            found += self._receipt(digest, claimed)[1]
        return Checked(each.position, digest, each.predicate, signer, tuple(found))

    def _receipt(self, digest: str, key_id: str) -> tuple[Logged | None, list[Finding]]:
        text = self._parcel.receipts.get(digest)
        if text is None and not self._served:
            return None, []
        logged, found = self._logs.receipt(text, digest, key_id)
        return logged, [found]

    def _host(self, key_id: str, host_id: str, bound: set[str]) -> list[Finding]:
        """A key speaks for one host: the one a server bound it to, or else the first it named."""
        allowed = bound or {self._host_of.setdefault(key_id, host_id)}
        return [] if host_id in allowed else [failed(Code.HOST_MISMATCH, key_id, host_id)]

    def _of_the_parcel(self) -> Iterator[Finding]:
        """What is found when all statements have been checked."""
        if not self._parcel.envelopes:
            yield not_checked(Code.NOTHING_SIGNED)
        elif all(each.predicate != statement.REPORT for each in self._checked.values()):
            yield not_checked(Code.NO_REPORT)
        examined = chain.examine(self._links)
        faulty = {fault.key_id for fault in examined.faults}
        for part in examined.stretches:
            if part.key_id not in faulty:
                yield held(Code.CHAIN_HELD, part.key_id, str(part.first), str(part.last))
        yield from map(_of_the_chain, examined.faults)
        yield from succession.examine(self._steps)
        yield from logs.forks(self._logs.heads)
        for digest in self._parcel.blobs:
            if digest not in self._blobs.blobs:
                yield failed(Code.BLOB_WRONG, digest)
            elif digest not in self._blobs.named:
                yield not_checked(Code.BLOB_UNSIGNED, digest)
        present = {each.payload_digest for each in self._checked.values()}
        for digest in self._parcel.receipts:
            if digest not in present:
                yield not_checked(Code.RECEIPT_UNUSED, digest)


def _of_the_chain(fault: Fault) -> Finding:
    outcome, code = _CHAIN_FAULTS[fault.kind]
    return Finding(outcome, code, (fault.key_id, str(fault.first), str(fault.last)))


_CHAIN_FAULTS: Mapping[str, tuple[Outcome, Code]] = {
    "gap": (Outcome.NOT_CHECKED, Code.CHAIN_GAP),
    "fork": (Outcome.NOT_CHECKED, Code.CHAIN_FORK),
    "broken": (Outcome.FAILED, Code.CHAIN_BROKEN),
}
"""A gap and a fork contradict no signature: which of two is the host's, nobody can tell from here.
A link that names another report than the one that is here is false."""
