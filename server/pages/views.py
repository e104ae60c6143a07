"""What the host page and the table page show, put in order: values for templates, no markup."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from evidence.canonical import Cell
from evidence.statement import KeyEntry, Report, Score, Statement, TableEntry, Verdict
from facts.errors import MalformedTableError
from facts.snapshot import from_wire
from facts.spec import TableSpec
from facts.tables import SPECS
from policies import judge
from policies.errors import ConflictError
from policies.model import Check, Family, Outcome, Severity, Text
from policies.score import Grade, ScoreLine, score_lines
from policies.shown import cell, sentences
from policies.words import FAMILIES
from server.store.queries import HostDetail

PAGE_ROWS = 200
"""Rows of a table on one page."""
MAX_KEYS = 200
"""Keys of a table that are listed."""
MAX_SENTENCES = 5
"""Evidence rows of one check that are written out, as in the terminal."""
SKEW_S = 300
"""From here on a host's clock is worth a word, in seconds."""

Damage: TypeAlias = Literal["missing", "damaged", "malformed"]
"""Of a stored table: it is not there, not what was received, or not what the report describes."""

_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_OUTCOMES: tuple[Outcome, ...] = ("fail", "unknown", "pass", "not_applicable")


@dataclass(frozen=True, slots=True)
class Gain:
    """What a fix alone would add."""

    points: int
    """In a hundred."""
    grade: Grade | None
    """The new grade, if it changes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One check with its verdict on this host."""

    check: Check
    verdict: Verdict
    line: ScoreLine
    gain: Gain | None
    """None where there is nothing to fix."""
    since: str | None
    sentences: tuple[Text, ...]
    """The first evidence rows."""
    tables: tuple[str, ...]
    """The tables its SQL reads."""

    @property
    def rank(self) -> tuple[int, int, str]:
        """Gravest first."""
        return (
            _SEVERITIES.index(self.check.severity),
            _OUTCOMES.index(self.verdict.verdict),
            self.check.id,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one family."""

    family: Family
    checks: tuple[Judged, ...]

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many of them have each verdict."""
        return Counter(judged.verdict.verdict for judged in self.checks)


@dataclass(frozen=True, slots=True)
class HostView:
    """A host's latest report, put in order."""

    report: Report
    system: str | None
    """Name and version of the operating system, if they were recorded."""
    open: tuple[Judged, ...]
    """Failed checks, the gravest first."""
    unknown: tuple[Judged, ...]
    groups: tuple[Group, ...]
    links: Mapping[str, int]
    """How many of the last reports did not follow on, by how (see `server.places`)."""
    skew_s: int
    """How far the host's clock was ahead when it last reported, if that is worth a word."""
    on_registers: int
    """Passes that rest on what the unit itself registered."""
    unread: int
    """Verdicts whose policy is not here."""


@dataclass(frozen=True, slots=True)
class TableView:
    """One recorded table."""

    entry: TableEntry
    spec: TableSpec | None
    rows: tuple[tuple[Cell, ...], ...]
    """Of this page."""
    page: int
    pages: int
    keys: tuple[KeyEntry, ...]
    """The first keys it was asked for."""
    damage: Damage | None
    """Why the rows cannot be shown."""


def percent(score: Score) -> int:
    """The score in a hundred, rounded down as the grade is."""
    return score.pass_weight * 100 // score.applicable_weight if score.applicable_weight else 0


def table_digest(statement: Statement[Report], name: str) -> str | None:
    """The digest of the recorded table `name`; None if it was not recorded."""
    wanted = f"tables/{name}"
    return next((s.digest.sha256 for s in statement.subject if s.name == wanted), None)


def host_view(
    detail: HostDetail, statement: Statement[Report], system: bytes | None = None
) -> HostView:
    """The latest report of `detail`, which is `statement`, in the order a reader needs.

    `system` are the bytes of its table `os_version`.
    """
    report = statement.predicate
    judged = sorted(_judged(detail, report), key=lambda each: each.rank)
    links = [point.link for point in detail.history if point.link not in {"first", "unbroken"}]
    newest = next((p for p in detail.history if p.digest == detail.host.head), None)
    skew_s = newest.skew_s if newest else 0
    return HostView(
        report=report,
        system=_system(report, system),
        open=tuple(each for each in judged if each.verdict.verdict == "fail"),
        unknown=tuple(each for each in judged if each.verdict.verdict == "unknown"),
        groups=_groups(judged),
        links=Counter(links),
        skew_s=skew_s if abs(skew_s) >= SKEW_S else 0,
        on_registers=sum(
            each.verdict.verdict == "pass" and bool(each.check.registers) for each in judged
        ),
        unread=len(report.verdicts) - len(judged),
    )


def table_view(
    statement: Statement[Report],
    name: str,
    data: bytes | None,
    page: int,
    damage: Damage | None = None,
) -> TableView:
    """One page of the recorded table `name`, whose stored bytes are `data` unless there is
    `damage`.
    """
    entry = next(entry for entry in statement.predicate.tables if entry.name == name)
    rows: tuple[tuple[Cell, ...], ...] = ()
    if data is not None:
        try:
            rows = from_wire(entry, data).rows
        except MalformedTableError:
            damage = "malformed"
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    return TableView(
        entry=entry,
        spec=SPECS.get(name),
        rows=rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        page=page,
        pages=pages,
        keys=entry.keys[:MAX_KEYS],
        damage=damage,
    )


def _judged(detail: HostDetail, report: Report) -> Iterable[Judged]:
    checks = detail.checks
    known = [v for v in report.verdicts if (v.policy, v.check) in checks]
    lines = {
        (line.policy, line.check): line
        for line in score_lines(detail.policies, known, report.score.oldest_fact)
    }
    reads = _reads(detail)
    for verdict in known:
        key = (verdict.policy, verdict.check)
        yield Judged(
            check=checks[key],
            verdict=verdict,
            line=lines[key],
            gain=_gain(lines[key], report.score),
            since=detail.since.get(key),
            sentences=sentences(checks[key], verdict)[:MAX_SENTENCES],
            tables=reads.get(key, ()),
        )


def _gain(line: ScoreLine, now: Score) -> Gain | None:
    after = line.after_fix
    if after is None or not now.applicable_weight:
        return None
    better = after.grade if after.grade != now.grade else None
    return Gain(percent(after) - percent(now), better)


def _groups(judged: Iterable[Judged]) -> tuple[Group, ...]:
    families: dict[Family, list[Judged]] = {family: [] for family in FAMILIES}
    for each in judged:
        families[each.check.family].append(each)
    return tuple(Group(family, tuple(found)) for family, found in families.items() if found)


def _reads(detail: HostDetail) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The tables that each check reads, as planned here; a check that does not plan reads none."""
    try:
        planned = judge.reads(detail.policies)
    except ConflictError:
        return {}
    return {key: tuple(name for name in needs if name in SPECS) for key, needs in planned.items()}


def _system(report: Report, data: bytes | None) -> str | None:
    entry = next((entry for entry in report.tables if entry.name == "os_version"), None)
    if entry is None or data is None:
        return None
    try:
        rows = from_wire(entry, data).rows
    except MalformedTableError:
        return None
    cells = dict(zip(entry.columns, rows[0], strict=True)) if rows else {}
    said = [cell(cells[name]) for name in ("name", "version") if cells.get(name)]
    return " ".join(said) or None
