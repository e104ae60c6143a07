"""What verification hands back: each statement with its findings, and reports with what they rest
on, so that whoever wants can recompute their verdicts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.chain import Link
from evidence.checkpoint import Checkpoint
from evidence.finding import Finding, Outcome, worst
from evidence.statement import Assignment, Report


@dataclass(frozen=True)
class Checked:
    """One envelope of the parcel, and what was found about it."""

    position: int
    """Its place among the parcel's envelopes, from 0."""
    payload_digest: str
    predicate: str
    """The predicate type that it says it carries; empty if it is no statement."""
    signer: str | None
    """The key id of whoever is established to say this."""
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of the findings."""
        return worst(self.findings)


@dataclass(frozen=True)
class CheckedReport(Checked):
    """A report, and as much of what it rests on as is here."""

    report: Report
    tables: Mapping[str, bytes]
    """Canonical table bytes by name; those that are missing or wrong are not in it."""
    policies: Mapping[str, bytes]
    """Compiled policies by name."""
    registers: Mapping[str, bytes]
    """Adopted registers by name."""
    assignment: Assignment | None
    """The assignment that the report names, if a trusted server signed it."""
    received_at: str | None
    """When a trusted log received the report."""


@dataclass(frozen=True)
class Verification:
    """What was found about a parcel."""

    checked: tuple[Checked, ...]
    """In the order of the parcel's envelopes."""
    findings: tuple[Finding, ...]
    """About the parcel as a whole: chains, logs, and what no statement names."""
    links: tuple[Link, ...]
    """The places of its reports in their chains."""
    heads: frozenset[Checkpoint]
    """The checkpoints in it that trusted logs signed."""

    @property
    def reports(self) -> tuple[CheckedReport, ...]:
        """The reports among `checked`."""
        return tuple(each for each in self.checked if isinstance(each, CheckedReport))

    @property
    def outcome(self) -> Outcome:
        """The worst of all; `HELD` only if everything was checked and is as it must be."""
        return max(worst(self.findings), *(each.outcome for each in self.checked), Outcome.HELD)
