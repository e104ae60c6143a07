"""What a report says, held against everything it names: tables, policies, assignment, times.

Nothing here asks who signed; that is settled before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from evidence import canonical
from evidence.errors import NotCanonicalError
from evidence.finding import Code, Finding, failed, held, not_checked
from evidence.parcel import MAX_BLOB
from evidence.statement import (
    MAX_EVIDENCE_ROWS,
    Assignment,
    PolicyRef,
    RegisterRef,
    Report,
    Score,
    Statement,
)

MAX_CLOCK_AHEAD_S = 300
"""By how much a host's clock may be ahead of the server's before its times are in doubt."""

OF_EVENTS = frozenset({"hardware_events", "usb_devices"})
"""The tables of a report of events."""
NOTHING_JUDGED = Score(
    pass_weight=0,
    applicable_weight=0,
    not_applicable_weight=0,
    evaluated=0,
    expected=0,
    oldest_fact=None,
    grade=None,
)
"""The score of a report of events."""

_TABLES = "tables/"
_TIME_LENGTH = len("2026-11-23T08:00:00Z")


@dataclass
class Blobs:
    """The blobs of one parcel, each looked at once however many reports name it."""

    blobs: Mapping[str, bytes]
    named: set[str] = field(default_factory=set)
    """Which of them some statement names."""
    _row_counts: dict[tuple[str, int], int | str | None] = field(default_factory=dict)

    def get(self, digest: str) -> bytes | None:
        """The blob under `digest`, if it is here."""
        blob = self.blobs.get(digest)
        if blob is not None:
            self.named.add(digest)
        return blob

    def row_count(self, digest: str, width: int) -> int | str | None:
        """How many rows of `width` cells the canonical table under `digest` has, why it is no
        such table, or None if it is not here.
        """
        key = (digest, width)
        if key not in self._row_counts:
            self._row_counts[key] = self._counted(digest, width)
        return self._row_counts[key]

    def _counted(self, digest: str, width: int) -> int | str | None:
        table = self.get(digest)
        if table is None:
            return None
        try:
            return len(canonical.decode_table(table, width=width, limit=MAX_BLOB))
        except NotCanonicalError as e:
            return str(e)


def tables(statement: Statement[Report], blobs: Blobs) -> tuple[dict[str, bytes], list[Finding]]:
    """The recorded tables that are here, by name, and what was found about all of them."""
    found: list[Finding] = []
    here: dict[str, bytes] = {}
    digests = {each.name: each.digest.sha256 for each in statement.subject}
    entries = statement.predicate.tables
    if digests.keys() != {_TABLES + entry.name for entry in entries} or not (
        len(digests) == len(entries) == len(statement.subject)
    ):
        return {}, [failed(Code.REPORT_INCONSISTENT, "subject", "tables")]
    for entry in entries:
        digest = digests[_TABLES + entry.name]
        rows = blobs.row_count(digest, len(entry.columns))
        if rows == entry.row_count:
            here[entry.name] = blobs.blobs[digest]
        elif rows is None:
            found.append(not_checked(Code.TABLE_MISSING, entry.name, digest))
        elif isinstance(rows, str):
            found.append(failed(Code.TABLE_WRONG, entry.name, rows))
        else:
            detail = f"{rows} rows, where the report says {entry.row_count}"
            found.append(failed(Code.TABLE_WRONG, entry.name, detail))
    return here, found or [held(Code.TABLES_HELD, str(len(here)))]


def policies(refs: tuple[PolicyRef, ...], blobs: Blobs) -> tuple[dict[str, bytes], list[Finding]]:
    """The compiled policies that are here, by name, and what was found about all of them."""
    here = {ref.policy: blobs.get(ref.digest.sha256) for ref in refs}
    missing = [
        not_checked(Code.POLICY_MISSING, ref.policy, ref.digest.sha256)
        for ref in refs
        if blobs.get(ref.digest.sha256) is None
    ]
    return _present(here), missing or [held(Code.POLICIES_HELD, str(len(refs)))]


def registers(
    refs: tuple[RegisterRef, ...], blobs: Blobs
) -> tuple[dict[str, bytes], list[Finding]]:
    """The adopted registers that are here, by name, and what was found about all of them."""
    here = {ref.name: blobs.get(ref.digest.sha256) for ref in refs}
    missing = [
        not_checked(Code.REGISTER_MISSING, ref.name, ref.digest.sha256)
        for ref in refs
        if blobs.get(ref.digest.sha256) is None
    ]
    return _present(here), missing or [held(Code.REGISTERS_HELD, str(len(refs)))]


def assignment(
    report: Report, established: Mapping[str, Assignment], others: set[str], units: set[str]
) -> tuple[Assignment | None, list[Finding]]:
    """The assignment that `report` names, and what was found about it.

    `established` are those that a trusted server signed, by digest of the payload; `others` the
    digests of those that are here as well; `units` the units that the host is enrolled in, empty
    if that is not known.
    """
    if report.assignment is None:
        return None, []
    digest = report.assignment.sha256
    named = established.get(digest)
    if named is None:
        code = Code.ASSIGNMENT_NOT_ESTABLISHED if digest in others else Code.ASSIGNMENT_MISSING
        return None, [not_checked(code, digest)]
    differences = {
        "policies": set(named.policies) != set(report.policies),
        "registers": set(named.registers) != set(report.registers),
        "parameters": named.parameters != report.parameters,
        "interval": named.interval_s != report.chain.interval_s,
        "unit": bool(units) and named.unit not in units,
    }
    found = [
        failed(Code.ASSIGNMENT_DISAGREES, digest, what)
        for what, differs in differences.items()
        if differs
    ]
    return named, found or [held(Code.ASSIGNMENT_HELD, digest)]


def contradictions(report: Report) -> list[Finding]:
    """Where `report` contradicts itself, as far as that shows without judging again."""
    return [failed(Code.REPORT_INCONSISTENT, *parts) for parts in _contradictions(report)]


def view(report: Report) -> list[Finding]:
    """What was found about the view that `report` had of the host that signs it."""
    live = report.view.root == "/"
    return [] if live else [not_checked(Code.VIEW_NOT_LIVE, report.view.root)]


def times(report: Report, received_at: str | None) -> list[Finding]:
    """What was found about the times in `report`, which a log received at `received_at`."""
    scan = report.scan
    named = [("scan.started", scan.started), ("scan.ended", scan.ended)]
    named += [(f"{_TABLES}{entry.name}.read_at", entry.read_at) for entry in report.tables]
    if report.score.oldest_fact is not None:
        named.append(("score.oldest_fact", report.score.oldest_fact))
    if received_at is not None:
        named.append(("received_at", received_at))
    malformed = [(field, value) for field, value in named if seconds(value) is None]
    if malformed:
        return [failed(Code.TIME_MALFORMED, field, value) for field, value in malformed]
    found: list[Finding] = []
    # In this form, the order of times is the order of texts.
    if scan.started > scan.ended:
        found.append(not_checked(Code.TIMES_DISORDERED, "scan.started", "scan.ended"))
    read = [(field, value) for field, value in named[2:] if field != "received_at"]
    found += [
        not_checked(Code.TIMES_DISORDERED, field, "scan.ended")
        for field, value in read
        if value > scan.ended
    ]
    found += [
        not_checked(Code.TIMES_DISORDERED, "scan.started", field)
        for field, value in read
        if value < scan.started
    ]
    if received_at is not None:
        ahead = (seconds(scan.ended) or 0) - (seconds(received_at) or 0)
        if ahead > MAX_CLOCK_AHEAD_S:
            found.append(not_checked(Code.CLOCK_AHEAD, str(ahead)))
    return found or [held(Code.TIMES_HELD, scan.started, scan.ended)]


def _present(found: Mapping[str, bytes | None]) -> dict[str, bytes]:
    return {name: blob for name, blob in found.items() if blob is not None}


def _contradictions(report: Report) -> Iterator[tuple[str, str]]:
    if report.is_of_events:
        # It answers to no assignment, so it must not be a way to say more than it may.
        for part in ("assignment", "policies", "registers", "parameters", "verdicts"):
            if getattr(report, part):
                yield "trigger", part
        if not {entry.name for entry in report.tables} <= OF_EVENTS:
            yield "trigger", "tables"
        if report.score != NOTHING_JUDGED:
            yield "trigger", "score"
    names = {ref.policy for ref in report.policies}
    if len(names) != len(report.policies):
        yield "policies", "policies"
    if len({ref.name for ref in report.registers}) != len(report.registers):
        yield "registers", "registers"
    if len({(v.policy, v.check) for v in report.verdicts}) != len(report.verdicts):
        yield "verdicts", "verdicts"
    for verdict in report.verdicts:
        if verdict.policy not in names:
            yield f"verdicts/{verdict.check}", "policies"
        if (verdict.verdict == "unknown") is not bool(verdict.reasons):
            yield f"verdicts/{verdict.check}", "reasons"
        if len(verdict.rows) != min(verdict.row_count, MAX_EVIDENCE_ROWS):
            yield f"verdicts/{verdict.check}", "rows"
        if verdict.rows and {len(row) for row in verdict.rows} != {len(verdict.columns)}:
            yield f"verdicts/{verdict.check}", "columns"
    score = report.score
    if not (
        0 <= score.pass_weight <= score.applicable_weight
        and score.not_applicable_weight >= 0
        and 0 <= score.evaluated <= score.expected
    ):
        yield "score", "score"


@lru_cache(maxsize=65536)
def seconds(time: str) -> int | None:
    """Seconds since 1970 of an RFC 3339 time in UTC with whole seconds; None if it is none."""
    if len(time) != _TIME_LENGTH or time[-1] != "Z":
        return None
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    # Python reads more spellings (week dates), whose order as text is another.
    return int(moment.timestamp()) if moment.isoformat()[:-6] == time[:-1] else None
