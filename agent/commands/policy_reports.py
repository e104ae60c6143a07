"""The reports in parcels, for commands that ask what would have been."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import InputError
from agent.exchange import read_parcel
from evidence.errors import EvidenceError
from evidence.parcel import MAX_PARCEL
from evidence.statement import REPORT, Report, decode_statement, predicate_type
from policies.rejudge import GivenRegister, GivenTable, Job


@dataclass(frozen=True, slots=True)
class Carried:
    """One report, and what is here of what it names."""

    report: Report
    tables: Mapping[str, bytes]
    """Canonical bytes by name."""
    registers: Mapping[str, bytes]

    def job(self) -> Job:
        """Its facts, to be judged by some policies."""
        report = self.report
        return Job(
            now=report.scan.started,
            tables=tuple(GivenTable(entry, self.tables.get(entry.name)) for entry in report.tables),
            policies=(),
            registers=tuple(
                GivenRegister(ref, self.registers.get(ref.name)) for ref in report.registers
            ),
            parameters=report.parameters,
        )


def carried(paths: Iterable[Path]) -> Iterator[Carried]:
    """The reports in the parcels at `paths`, whoever signed them.

    Raises:
        InputError: one cannot be read, or is no parcel.
    """
    for path in paths:
        try:
            with path.open("rb") as file:
                parcel = read_parcel(file.read(MAX_PARCEL + 1))
        except OSError as e:
            raise InputError(
                f"{path}: 无法读取：{e.strerror}", f"{path}: cannot be read: {e.strerror}"
            ) from e
        for envelope in parcel.opened:
            try:
                if predicate_type(envelope.payload) != REPORT:
                    continue
                statement = decode_statement(envelope.payload, Report)
            except EvidenceError as e:
                raise InputError(f"{path}: {e}", f"{path}: {e}") from e
            named = {subject.name: subject.digest.sha256 for subject in statement.subject}
            report, blobs = statement.predicate, parcel.blobs
            tables = {
                entry.name: blobs[digest]
                for entry in report.tables
                if (digest := named.get(f"tables/{entry.name}", "")) in blobs
            }
            registers = {
                ref.name: blobs[ref.digest.sha256]
                for ref in report.registers
                if ref.digest.sha256 in blobs
            }
            yield Carried(report, tables, registers)


def newest(reports: Iterable[Carried]) -> list[Carried]:
    """The newest scan of each host, by the host's name."""
    scans: dict[str, Carried] = {}
    for each in reports:
        known = scans.get(each.report.host.id)
        if not each.report.is_of_events and (
            known is None or known.report.chain.sequence < each.report.chain.sequence
        ):
            scans[each.report.host.id] = each
    return sorted(scans.values(), key=lambda each: (each.report.host.name, each.report.host.id))
