"""`anfang verify`: integrity from `evidence`, verdicts and score from `policies`, one answer.

Trust comes from a directory and never from what is verified. Nothing here asks a server or the
clock, and nothing is judged in this process: that is done by a program that cannot import what
reads hosts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.errors import InputError
from evidence import parcel
from evidence.errors import EvidenceError
from evidence.finding import Finding, Outcome, worst
from evidence.parcel import MAX_PARCEL
from evidence.trust import Trust
from evidence.verification import Checked, CheckedReport, Verification
from evidence.verify import verify_parcel, verify_together
from policies.errors import RecomputeError
from policies.recompute import Difference, Recomputed, Recomputer


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """One signed statement, and what was found."""

    checked: Checked
    recomputed: Recomputed | None
    """For a report: its verdicts and score judged again; None if that broke off."""

    @property
    def outcome(self) -> Outcome:
        """The worst of it."""
        outcomes = [self.checked.outcome]
        if isinstance(self.checked, CheckedReport):
            if self.recomputed is None or self.recomputed.unchecked:
                outcomes.append(Outcome.NOT_CHECKED)
            if self.recomputed is not None and self.recomputed.differences:
                outcomes.append(Outcome.FAILED)
        return max(outcomes)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the report says that is not so."""
        return () if self.recomputed is None else self.recomputed.differences


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """One file, and what was found in it."""

    path: Path
    damaged: str | None
    """Why it is no intact parcel; None if it is one."""
    statements: tuple[VerifiedStatement, ...]
    integrity: Verification | None
    """What `evidence` found; None if it is damaged."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About the file as a whole."""
        return () if self.integrity is None else self.integrity.findings

    @property
    def outcome(self) -> Outcome:
        """The worst of it."""
        if self.damaged is not None:
            return Outcome.FAILED
        return max([worst(self.findings), *(each.outcome for each in self.statements)])


def verify_files(paths: Sequence[Path], trust: Trust) -> list[VerifiedFile]:
    """What can be said about each file by whoever trusts `trust`.

    Raises:
        InputError: a file cannot be read.
    """
    with Recomputer() as recomputer:
        return [_verify(path, trust, recomputer) for path in paths]


def laid_together(files: Sequence[VerifiedFile]) -> tuple[Finding, ...]:
    """What is wrong with `files` although each may be right by itself."""
    return verify_together([file.integrity for file in files if file.integrity is not None])


def _verify(path: Path, trust: Trust, recomputer: Recomputer) -> VerifiedFile:
    try:
        with path.open("rb") as f:
            data = f.read(MAX_PARCEL + 1)
    except OSError as e:
        raise InputError(
            f"{path}: 无法读取：{e.strerror}", f"{path}: cannot read: {e.strerror}"
        ) from e
    try:
        read = parcel.read(data, limit=MAX_PARCEL)
    except EvidenceError as e:
        return VerifiedFile(path, str(e), (), None)
    verified = verify_parcel(read, trust)
    statements = tuple(_judged(checked, recomputer) for checked in verified.checked)
    return VerifiedFile(path, None, statements, verified)


def _judged(checked: Checked, recomputer: Recomputer) -> VerifiedStatement:
    if not isinstance(checked, CheckedReport):
        return VerifiedStatement(checked, None)
    try:
        recomputed = recomputer.recompute(
            checked.report, checked.tables, checked.policies, checked.registers
        )
    except RecomputeError:
        return VerifiedStatement(checked, None)
    return VerifiedStatement(checked, recomputed)
