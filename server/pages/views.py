"""What the host page and the table page show, put in order: values for templates, no markup."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evidence import canonical
from evidence.canonical import Cell
from evidence.errors import NotCanonicalError
from evidence.statement import Report, Score, Statement, TableEntry, Verdict
from facts.spec import TableSpec
from facts.tables import SPECS
from policies import judge
from policies.errors import ConflictError
from policies.model import Check, Family, Outcome, Severity, Text
from policies.score import ScoreLine, score_lines
from policies.shown import sentences
from policies.words import FAMILIES
from server.store.queries import HostDetail

MAX_TABLE = 64 * 1024 * 1024
"""The longest table that is shown, in bytes."""
PAGE_ROWS = 200
"""Rows of a table on one page."""

_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_OUTCOMES: tuple[Outcome, ...] = ("fail", "unknown", "pass", "not_applicable")


@dataclass(frozen=True, slots=True)
class Judged:
    """One check with its verdict on this host."""

    check: Check
    verdict: Verdict
    line: ScoreLine
    since: str | None
    sentences: tuple[Text, ...]
    tables: tuple[str, ...]
    """The tables its SQL reads."""

    @property
    def gain(self) -> int | None:
        """Points in a hundred that a fix alone would add; None where there is nothing to fix."""
        after = self.line.after_fix
        return None if after is None else percent(after)

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

    def count(self, outcome: Outcome) -> int:
        """How many of them have this verdict."""
        return sum(judged.verdict.verdict == outcome for judged in self.checks)


@dataclass(frozen=True, slots=True)
class HostView:
    """A host's latest report, put in order."""

    detail: HostDetail
    report: Report
    open: tuple[Judged, ...]
    """Failed checks, the gravest first."""
    unknown: tuple[Judged, ...]
    groups: tuple[Group, ...]
    tables: tuple[TableEntry, ...]
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
    damaged: bool
    """Whether the stored bytes are not the table the report describes."""


def percent(score: Score) -> int:
    """The score in a hundred, rounded down as the grade is."""
    return score.pass_weight * 100 // score.applicable_weight if score.applicable_weight else 0


def host_view(detail: HostDetail, statement: Statement[Report]) -> HostView:
    """The latest report of `detail`, which is `statement`, in the order a reader needs."""
    report = statement.predicate
    checks = detail.checks
    known = [v for v in report.verdicts if (v.policy, v.check) in checks]
    lines = {
        (line.policy, line.check): line
        for line in score_lines(detail.policies, known, report.score.oldest_fact)
    }
    reads = _reads(detail)
    judged = [
        Judged(
            check=checks[key],
            verdict=verdict,
            line=lines[key],
            since=detail.since.get(key),
            sentences=sentences(checks[key], verdict),
            tables=reads.get(key, ()),
        )
        for verdict in known
        for key in [(verdict.policy, verdict.check)]
    ]
    judged.sort(key=lambda each: each.rank)
    return HostView(
        detail=detail,
        report=report,
        open=tuple(each for each in judged if each.verdict.verdict == "fail"),
        unknown=tuple(each for each in judged if each.verdict.verdict == "unknown"),
        groups=_groups(judged),
        tables=report.tables,
        on_registers=sum(
            each.verdict.verdict == "pass" and bool(each.check.registers) for each in judged
        ),
        unread=len(report.verdicts) - len(known),
    )


def table_view(entry: TableEntry, data: bytes | None, page: int) -> TableView:
    """One page of the recorded table `entry`, whose stored bytes are `data`."""
    rows: list[tuple[Cell, ...]] = []
    damaged = data is None
    if data is not None:
        try:
            rows = canonical.decode_table(data, width=len(entry.columns), limit=MAX_TABLE)
        except NotCanonicalError:
            damaged = True
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    shown = rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return TableView(entry, SPECS.get(entry.name), tuple(shown), page, pages, damaged)


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
