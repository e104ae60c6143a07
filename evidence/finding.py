"""What a verifier has to say: findings of integrity, in codes and arguments.

Words are made when they are shown. Not to be confused with what a policy finds on a host.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Outcome(IntEnum):
    """How one thing stands, from good to bad; of several, the highest counts."""

    HELD = 0
    """Checked, and as it must be."""
    NOT_CHECKED = 1
    """Something is not here, or contradicts no signature and yet is not what one expects."""
    SIGNER_UNKNOWN = 2
    """Nothing contradicts it, but nobody who is trusted says it: intact, signer not established."""
    FAILED = 3
    """Checked, and false."""


class Code(StrEnum):
    """What was found. Arguments are named in order; times are RFC 3339, digests hex."""

    # of an envelope
    SIGNATURE_VALID = "signature_valid"
    """key id"""
    SIGNATURE_WRONG = "signature_wrong"
    """key id"""
    SIGNER_UNKNOWN = "signer_unknown"
    """key id: the key is not here, so that its signature could not even be checked"""
    SIGNER_NOT_TRUSTED = "signer_not_trusted"
    """key id: right by a key that the parcel itself brings and nobody trusted vouches for"""
    SIGNER_ROLE = "signer_role"
    """key id: trusted, but not to say this (a host that assigns, a server that reports)"""
    COSIGNER_UNKNOWN = "cosigner_unknown"
    """key id of a further signature that could not be checked"""
    STATEMENT_MALFORMED = "statement_malformed"
    """detail"""
    STATEMENT_UNKNOWN = "statement_unknown"
    """predicate type that this version does not know"""
    HOST_MISMATCH = "host_mismatch"
    """key id, host id: the key is another host's"""

    # of a report
    REPORT_INCONSISTENT = "report_inconsistent"
    """which part contradicts which"""
    VIEW_NOT_LIVE = "view_not_live"
    """root: the facts are of a recorded or mounted root, not of the running host"""
    TABLES_HELD = "tables_held"
    """number of tables"""
    TABLE_MISSING = "table_missing"
    """table, digest: withheld or lost"""
    TABLE_WRONG = "table_wrong"
    """table, detail"""
    POLICIES_HELD = "policies_held"
    """number of policies"""
    POLICY_MISSING = "policy_missing"
    """policy, digest"""
    REGISTERS_HELD = "registers_held"
    """number of registers"""
    REGISTER_MISSING = "register_missing"
    """register, digest"""
    ASSIGNMENT_HELD = "assignment_held"
    """digest"""
    ASSIGNMENT_NONE = "assignment_none"
    """no arguments: nobody but the host said what this scan had to run"""
    ASSIGNMENT_MISSING = "assignment_missing"
    """digest"""
    ASSIGNMENT_NOT_ESTABLISHED = "assignment_not_established"
    """digest: it is here, but not signed by a trusted server"""
    ASSIGNMENT_DISAGREES = "assignment_disagrees"
    """digest, what the report has otherwise: policies, registers, parameters, interval or unit"""
    ASSIGNMENT_ROLLED_BACK = "assignment_rolled_back"
    """key id, sequence, serial, serial that an earlier report was made under: not below, or equal
    and of another assignment"""
    TIMES_HELD = "times_held"
    """scan start, scan end"""
    TIME_MALFORMED = "time_malformed"
    """field, value"""
    TIMES_DISORDERED = "times_disordered"
    """earlier field, later field: the host's clock was set back meanwhile, or it lies"""
    CLOCK_AHEAD = "clock_ahead"
    """seconds by which the scan ended after the server had received it"""

    # of the log
    RECEIPT_HELD = "receipt_held"
    """received at, index, origin"""
    RECEIPT_MISSING = "receipt_missing"
    """payload digest"""
    RECEIPT_WRONG = "receipt_wrong"
    """detail"""
    LOG_UNKNOWN = "log_unknown"
    """origin: no trusted server keeps that log"""
    CHECKPOINT_WRONG = "checkpoint_wrong"
    """detail, of a receipt's checkpoint or of the last one that the host had seen"""
    LOG_ROLLED_BACK = "log_rolled_back"
    """index, size: received at an index that the host had seen taken before it scanned"""
    LOG_FORKED = "log_forked"
    """origin, size: the log signed two roots of one size"""

    # of the parcel
    CHAIN_HELD = "chain_held"
    """key id, first sequence, last sequence"""
    CHAIN_GAP = "chain_gap"
    """key id, first missing sequence, last missing sequence"""
    CHAIN_FORK = "chain_fork"
    """key id, sequence, sequence"""
    CHAIN_BROKEN = "chain_broken"
    """key id, sequence, sequence"""
    CHAIN_SILENT = "chain_silent"
    """key id, sequence, next sequence, end of the one, start of the other: later than promised"""
    CHAIN_BACKWARDS = "chain_backwards"
    """key id, sequence, next sequence: scanned before the one it follows, by the host's clock"""
    BLOB_UNSIGNED = "blob_unsigned"
    """digest of a blob that no statement names"""
    BLOB_WRONG = "blob_wrong"
    """digest that a blob is under and does not have"""
    RECEIPT_UNUSED = "receipt_unused"
    """payload digest of a receipt for nothing that is here"""
    NOTHING_SIGNED = "nothing_signed"
    """no arguments: nothing was there to check"""
    NO_REPORT = "no_report"
    """no arguments: signed, but nothing is said of any host"""


@dataclass(frozen=True)
class Finding:
    """One thing a verifier says."""

    outcome: Outcome
    code: Code
    args: tuple[str, ...] = ()


def worst(findings: Iterable[Finding]) -> Outcome:
    """The outcome of several findings together; of none, held."""
    return max((finding.outcome for finding in findings), default=Outcome.HELD)


def held(code: Code, *args: str) -> Finding:
    """Checked, and as it must be."""
    return Finding(Outcome.HELD, code, args)


def not_checked(code: Code, *args: str) -> Finding:
    """Could not be checked, or is not what one expects."""
    return Finding(Outcome.NOT_CHECKED, code, args)


def signer_unknown(code: Code, *args: str) -> Finding:
    """Intact, but nobody who is trusted says it."""
    return Finding(Outcome.SIGNER_UNKNOWN, code, args)


def failed(code: Code, *args: str) -> Finding:
    """Checked, and false."""
    return Finding(Outcome.FAILED, code, args)
