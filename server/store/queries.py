"""What the pages show, read in one state of the store; values only, no words and no markup.

    with store.read() as connection:
        overview = unit_overview(connection, "某单位", clock.now())

Everything here is what hosts signed and the server counted. Times are RFC 3339 in UTC.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, RowMapping, select, true
from sqlalchemy.sql.expression import ColumnElement

from evidence.statement import (
    Assignment,
    Reason,
    Report,
    Score,
    Statement,
    decode_statement,
)
from policies.model import Check, Family, Outcome, Policy, Severity
from server import clock
from server.errors import DataError
from server.rejudging.once import Difference
from server.store import assigned, envelopes
from server.store.schema import (
    DIFFERING,
    IRREGULAR,
    assignments,
    hosts,
    rejudgings,
    reports,
    statements,
    units,
    verdicts,
)
from server.units import read_assignment

Cell: TypeAlias = str | int | None

MAJOR: tuple[Severity, ...] = ("critical", "high")
"""The severities of major risks (重大风险隐患)."""

NOT_REJUDGED = frozenset({"failed", "unchecked"})
"""Results of judging again by which a report neither holds nor does not."""

MAX_CONTRADICTIONS = 5
"""How many contradictions of one host are shown."""

RECENT = timedelta(days=1)
"""What counts as since yesterday."""


@dataclass(frozen=True, slots=True)
class HostLine:
    """One host in a list."""

    id: str
    name: str
    zone: str
    enrolled_at: str
    reported_at: str | None
    """When it was last heard of; None: never."""
    silent: bool
    """Whether it should have been heard of since (失联)."""
    head: str | None
    """Digest of the report that counts; None: none yet."""
    score: Score | None
    """As in that report."""
    assignment: str | None
    """Digest of the assignment that it was made under."""
    rejudged: str | None
    """What came of judging it again; `waiting`: nothing yet."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A report that says what its own facts do not."""

    host: HostLine
    digest: str
    sequence: int
    received_at: str
    different: int
    """How many differences there are."""
    differences: tuple[Difference, ...]
    """The first of them."""

    @property
    def whats(self) -> tuple[str, ...]:
        """What differs: ids of checks, `score`, parts that are malformed."""
        return tuple(dict.fromkeys(difference.what for difference in self.differences))


@dataclass(frozen=True, slots=True)
class Cluster:
    """Like findings on one or more hosts: the same check, the same evidence row."""

    policy: str
    check_id: str
    check: Check | None
    """None: the policy that has it is not here."""
    row: Mapping[str, Cell]
    """The evidence row, by column; empty for a check that failed without rows."""
    hosts: tuple[HostLine, ...]
    since: str
    """When the first of these hosts first failed this check without a break."""


@dataclass(frozen=True, slots=True)
class Change:
    """A check that began or ceased to fail on a host."""

    host: HostLine
    policy: str
    check_id: str
    check: Check | None
    at: str


@dataclass(frozen=True, slots=True)
class Unknowns:
    """How many verdicts could not be reached for one reason."""

    code: str
    count: int
    """Verdicts, over all hosts."""
    hosts: int
    example: Reason


@dataclass(frozen=True, slots=True)
class UnitOverview:
    """The first screen of a unit."""

    unit: str
    now: str
    assignment: Assignment | None
    checks: int
    """How many checks the assignment asks for."""
    hosts: tuple[HostLine, ...]
    """By name."""
    clusters: tuple[Cluster, ...]
    """Open major findings: the gravest first, then those on most hosts, then the oldest."""
    opened: tuple[Change, ...]
    """Checks that fail since less than a day, the newest first."""
    closed: tuple[Change, ...]
    """Checks that failed and ceased to within a day, the newest first."""
    unknowns: tuple[Unknowns, ...]
    """The commonest reason first."""
    failed: Mapping[Severity, int]
    """Failing verdicts over all hosts, by severity."""
    matrix: Mapping[tuple[str, Family], Mapping[Outcome, int]]
    """Verdicts over all hosts, by zone and family of the check, and by outcome."""
    tally: Mapping[str, Mapping[Outcome, int]]
    """Verdicts of each host, by its id, and by outcome."""
    irregular: Mapping[str, tuple[HostLine, ...]]
    """Hosts with reports that did not follow on, by how: gap, fork, broken (`server.places`)."""
    contradictions: tuple[Contradiction, ...]
    """The newest of each host that has sent any, the newest first."""
    outdated: tuple[HostLine, ...]
    """Hosts whose report that counts was not made under the assignment in force."""

    @property
    def not_rejudged(self) -> tuple[HostLine, ...]:
        """Hosts whose report that counts could not be judged again, or not all of it."""
        return tuple(host for host in self.hosts if host.rejudged in NOT_REJUDGED)

    @property
    def reporting(self) -> int:
        """Hosts heard of in time."""
        return sum(host.reported_at is not None and not host.silent for host in self.hosts)

    @property
    def silent(self) -> tuple[HostLine, ...]:
        """Hosts that are overdue, also those that never reported."""
        return tuple(host for host in self.hosts if host.silent)

    @property
    def grades(self) -> Mapping[str, int]:
        """How many hosts have each grade; those without one are not counted."""
        return Counter(h.score.grade for h in self.hosts if h.score and h.score.grade)

    @property
    def pooled(self) -> tuple[int, int]:
        """Pass weight and applicable weight over all hosts."""
        scores = [host.score for host in self.hosts if host.score]
        return sum(s.pass_weight for s in scores), sum(s.applicable_weight for s in scores)

    @property
    def oldest_fact(self) -> str | None:
        """The oldest fact that any host's score rests on."""
        return min(
            (h.score.oldest_fact for h in self.hosts if h.score and h.score.oldest_fact),
            default=None,
        )


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """One report in a host's history."""

    digest: str
    sequence: int
    link: str
    """How it follows on: first, unbroken, gap, fork, broken (see `server.places`)."""
    received_at: str
    scan_ended: str
    skew_s: int
    """The host's clock minus the server's when it was sent."""
    score: Score
    scored: bool
    """Whether it counts; see `server.places`, `server.counting` and `server.rejudging`."""
    rejudged: str
    """What came of judging it again; `waiting`: nothing yet."""


@dataclass(frozen=True, slots=True)
class HostDetail:
    """One host."""

    host: HostLine
    unit: str
    key_id: str
    latest: Statement[Report] | None
    """The report that counts."""
    outdated: bool
    """Whether that report was made under another assignment than the one in force now."""
    received_at: str | None
    """When that report was received."""
    leaf_index: int | None
    """Its place in the log."""
    policies: tuple[Policy, ...]
    """Its policies, those that are here and can be read."""
    since: Mapping[tuple[str, str], str]
    """Since when each check has its verdict, by policy and id."""
    history: tuple[ScorePoint, ...]
    """The newest first."""
    contradictions: tuple[Contradiction, ...]
    """The newest first."""
    unchecked: tuple[str, ...]
    """What of the report that counts could not be judged again, or why."""

    @property
    def checks(self) -> Mapping[tuple[str, str], Check]:
        """The checks of its policies, by policy and id."""
        return {(p.policy, check.id): check for p in self.policies for check in p.checks}


def unit_names(connection: Connection) -> tuple[str, ...]:
    """All units, by name."""
    return tuple(connection.scalars(select(units.c.name).order_by(units.c.name)))


def unit_overview(connection: Connection, unit: str, now: datetime) -> UnitOverview | None:
    """The first screen of `unit`; None if there is no such unit."""
    unit_id = connection.scalar(select(units.c.id).where(units.c.name == unit))
    if unit_id is None:
        return None
    lines = {line.id: line for line in _host_lines(connection, hosts.c.unit_id == unit_id, now)}
    newest = _newest_assignment(connection, unit_id)
    assignment = None if newest is None else read_assignment(connection, newest)
    checks = assigned.checks(connection, assignment.policies) if assignment else {}
    holding = [
        row
        for row in connection.execute(
            select(verdicts)
            .join(hosts, hosts.c.id == verdicts.c.host_id)
            .where(hosts.c.unit_id == unit_id, verdicts.c.until.is_(None))
        )
        if row.host_id in lines
    ]
    failing = [row for row in holding if row.verdict == "fail"]
    since = clock.stamp(now - RECENT)
    return UnitOverview(
        unit=unit,
        now=clock.stamp(now),
        assignment=assignment,
        checks=len(checks),
        hosts=tuple(sorted(lines.values(), key=lambda line: (line.name, line.id))),
        clusters=_clusters(failing, lines, checks),
        opened=_changes(
            [(row, row.verdict_since) for row in failing if row.verdict_since >= since],
            lines,
            checks,
        ),
        closed=_closed(connection, unit_id, failing, since=since, lines=lines, checks=checks),
        unknowns=_unknowns(row for row in holding if row.verdict == "unknown"),
        failed=Counter(
            checks[row.policy, row.check_id].severity
            for row in failing
            if (row.policy, row.check_id) in checks
        ),
        matrix=_matrix(holding, lines, checks),
        tally=_tally(holding),
        irregular=_irregular(connection, unit_id, lines),
        contradictions=_newest_of_each(_contradictions(connection, lines)),
        outdated=tuple(
            line
            for line in sorted(lines.values(), key=lambda line: (line.name, line.id))
            if line.head is not None and line.assignment != newest
        ),
    )


def host_detail(connection: Connection, host_id: str, now: datetime) -> HostDetail | None:
    """The host with this id; None if there is none. Its history is the last 100 reports."""
    line = next(_host_lines(connection, hosts.c.id == host_id, now), None)
    if line is None:
        return None
    row = connection.execute(
        select(units.c.name, hosts.c.unit_id, hosts.c.key_id)
        .join(units, units.c.id == hosts.c.unit_id)
        .where(hosts.c.id == host_id)
    ).one()
    latest = received_at = leaf_index = None
    if line.head is not None:
        latest = decode_statement(envelopes.payload(connection, line.head), Report)
        received_at, leaf_index = connection.execute(
            select(statements.c.received_at, statements.c.leaf_index).where(
                statements.c.digest == line.head
            )
        ).one()
    holding = connection.execute(
        select(verdicts.c.policy, verdicts.c.check_id, verdicts.c.verdict_since).where(
            verdicts.c.host_id == host_id, verdicts.c.until.is_(None)
        )
    )
    history = connection.execute(
        select(reports)
        .join(statements, statements.c.digest == reports.c.digest)
        .where(reports.c.host_id == host_id)
        .order_by(statements.c.leaf_index.desc())
        .limit(100)
    )
    return HostDetail(
        host=line,
        unit=row.name,
        key_id=row.key_id,
        latest=latest,
        outdated=latest is not None
        and line.assignment != _newest_assignment(connection, row.unit_id),
        received_at=received_at,
        leaf_index=leaf_index,
        policies=assigned.policies(connection, latest.predicate.policies) if latest else (),
        since={(policy, check): since for policy, check, since in holding},
        history=tuple(map(_point, history.mappings())),
        contradictions=_contradictions(connection, {host_id: line})[:MAX_CONTRADICTIONS],
        unchecked=_unchecked(connection, line),
    )


def contradictions(
    connection: Connection, unit_id: int | None, now: datetime
) -> tuple[Contradiction, ...]:
    """What the hosts of that unit, or of all, said that was not so; the newest first."""
    which = true() if unit_id is None else hosts.c.unit_id == unit_id
    return _contradictions(
        connection, {line.id: line for line in _host_lines(connection, which, now)}
    )


def report(connection: Connection, digest: str) -> Statement[Report] | None:
    """The report with this payload digest, whichever host said it; None if there is none."""
    known = connection.scalar(select(reports.c.digest).where(reports.c.digest == digest))
    if known is None:
        return None
    return decode_statement(envelopes.payload(connection, digest), Report)


def table_bytes(connection: Connection, digest: str) -> bytes | None:
    """The canonical bytes of the table with this digest; None if it is not stored.

    They are as the host sent them: only their digest was checked, so decoding may fail.

    Raises:
        DataError: what is stored is not what was received.
    """
    try:
        data = envelopes.blob_contents(connection, [digest]).get(digest)
    except zlib.error as e:
        raise _damaged(digest) from e
    if data is not None and hashlib.sha256(data).hexdigest() != digest:
        raise _damaged(digest)
    return data


def _damaged(digest: str) -> DataError:
    return DataError(
        f"数据块 {digest} 已损坏；请从备份恢复", f"the blob {digest} is damaged; restore it"
    )


def _host_lines(
    connection: Connection, which: ColumnElement[bool], now: datetime
) -> Iterator[HostLine]:
    found = connection.execute(
        select(hosts, reports).outerjoin(reports, reports.c.digest == hosts.c.head).where(which)
    )
    moment = clock.stamp(now)
    for row in found.mappings():
        head = row[hosts.c.head]
        yield HostLine(
            id=row[hosts.c.id],
            name=row[hosts.c.name],
            zone=row[hosts.c.zone],
            enrolled_at=row[hosts.c.enrolled_at],
            reported_at=row[hosts.c.reported_at],
            silent=row[hosts.c.due_at] <= moment,
            head=head,
            score=None if head is None else _score(row),
            assignment=row[reports.c.assignment],
            rejudged=row[reports.c.rejudged],
        )


def _newest_assignment(connection: Connection, unit_id: int) -> str | None:
    """The digest of the assignment in force; None if the unit has none."""
    digest: str | None = connection.scalar(
        select(assignments.c.digest)
        .where(assignments.c.unit_id == unit_id)
        .order_by(assignments.c.serial.desc())
        .limit(1)
    )
    return digest


def _clusters(
    failing: Iterable[Row[Any]],
    lines: Mapping[str, HostLine],
    checks: Mapping[tuple[str, str], Check],
) -> tuple[Cluster, ...]:
    """Failing major verdicts, evidence row by evidence row, like ones together."""
    found: dict[tuple[str, str, str], tuple[Mapping[str, Cell], dict[str, str]]] = {}
    for verdict in failing:
        check = checks.get((verdict.policy, verdict.check_id))
        if check is not None and check.severity not in MAJOR:
            continue
        evidence = _evidence.decode(verdict.evidence)
        for row in evidence.rows or ((),):
            cells = dict(zip(evidence.columns, row, strict=False))
            key = (verdict.policy, verdict.check_id, msgspec.json.encode(cells).decode())
            _, since = found.setdefault(key, (cells, {}))
            since[verdict.host_id] = verdict.verdict_since
    clusters = [
        Cluster(
            policy=policy,
            check_id=check_id,
            check=checks.get((policy, check_id)),
            row=cells,
            hosts=tuple(sorted((lines[host_id] for host_id in since), key=lambda h: h.name)),
            since=min(since.values()),
        )
        for (policy, check_id, _), (cells, since) in found.items()
    ]
    return tuple(sorted(clusters, key=_gravest_first))


def _gravest_first(cluster: Cluster) -> tuple[int, int, str, str]:
    # A check that is not known here may be anything, so it stands with the gravest.
    severity = MAJOR.index(cluster.check.severity) if cluster.check else 0
    return severity, -len(cluster.hosts), cluster.since, cluster.check_id


def _closed(
    connection: Connection,
    unit_id: int,
    failing: Iterable[Row[Any]],
    *,
    since: str,
    lines: Mapping[str, HostLine],
    checks: Mapping[tuple[str, str], Check],
) -> tuple[Change, ...]:
    still = {(row.host_id, row.policy, row.check_id) for row in failing}
    ended = connection.execute(
        select(verdicts)
        .join(hosts, hosts.c.id == verdicts.c.host_id)
        .where(hosts.c.unit_id == unit_id, verdicts.c.verdict == "fail", verdicts.c.until >= since)
        .order_by(verdicts.c.until)
    )
    last = {(row.host_id, row.policy, row.check_id): row for row in ended}
    return _changes(
        [(row, row.until) for key, row in last.items() if key not in still], lines, checks
    )


def _changes(
    rows: Iterable[tuple[Row[Any], str]],
    lines: Mapping[str, HostLine],
    checks: Mapping[tuple[str, str], Check],
) -> tuple[Change, ...]:
    changes = [
        Change(
            host=lines[row.host_id],
            policy=row.policy,
            check_id=row.check_id,
            check=checks.get((row.policy, row.check_id)),
            at=at,
        )
        for row, at in rows
    ]
    return tuple(sorted(changes, key=lambda change: change.at, reverse=True))


def _matrix(
    holding: Iterable[Row[Any]],
    lines: Mapping[str, HostLine],
    checks: Mapping[tuple[str, str], Check],
) -> Mapping[tuple[str, Family], Mapping[Outcome, int]]:
    """The verdicts that hold, counted; those of checks that are not known here are left out."""
    counted: dict[tuple[str, Family], Counter[Outcome]] = {}
    for row in holding:
        check = checks.get((row.policy, row.check_id))
        if check is not None:
            place = counted.setdefault((lines[row.host_id].zone, check.family), Counter())
            place[row.verdict] += 1
    return counted


def _tally(holding: Iterable[Row[Any]]) -> Mapping[str, Mapping[Outcome, int]]:
    counted: dict[str, Counter[Outcome]] = {}
    for row in holding:
        counted.setdefault(row.host_id, Counter())[row.verdict] += 1
    return counted


def _irregular(
    connection: Connection, unit_id: int, lines: Mapping[str, HostLine]
) -> Mapping[str, tuple[HostLine, ...]]:
    found = connection.execute(
        select(reports.c.link, reports.c.host_id)
        .join(hosts, hosts.c.id == reports.c.host_id)
        .where(hosts.c.unit_id == unit_id, IRREGULAR)
        .distinct()
    )
    by_link: dict[str, list[HostLine]] = {}
    for link, host_id in found:
        by_link.setdefault(link, []).append(lines[host_id])
    return {
        link: tuple(sorted(those, key=lambda host: (host.name, host.id)))
        for link, those in by_link.items()
    }


def _contradictions(
    connection: Connection, lines: Mapping[str, HostLine]
) -> tuple[Contradiction, ...]:
    """What the hosts in `lines` said that was not so, the newest first."""
    found = [
        row
        for some in envelopes.in_parts(lines)
        for row in connection.execute(
            select(reports, rejudgings)
            .join(rejudgings, rejudgings.c.report == reports.c.digest)
            .where(DIFFERING, reports.c.host_id.in_(some))
        )
    ]
    found.sort(key=lambda row: (row.received_at, row.sequence), reverse=True)
    return tuple(
        Contradiction(
            host=lines[row.host_id],
            digest=row.digest,
            sequence=row.sequence,
            received_at=row.received_at,
            different=row.different,
            differences=_differences.decode(row.differences),
        )
        for row in found
    )


def _newest_of_each(every: Iterable[Contradiction]) -> tuple[Contradiction, ...]:
    """The first of each host in `every`."""
    first: dict[str, Contradiction] = {}
    for one in every:
        first.setdefault(one.host.id, one)
    return tuple(first.values())


def _unchecked(connection: Connection, line: HostLine) -> tuple[str, ...]:
    kept = connection.scalar(select(rejudgings.c.unchecked).where(rejudgings.c.report == line.head))
    return () if kept is None else _texts.decode(kept)


def _unknowns(rows: Iterable[Row[Any]]) -> tuple[Unknowns, ...]:
    """Counted by the first reason of each verdict, which is the one to begin with."""
    found: dict[str, tuple[list[str], Reason]] = {}
    for row in rows:
        for reason in _reasons.decode(row.reasons)[:1]:
            found.setdefault(reason.code, ([], reason))[0].append(row.host_id)
    counted = [
        Unknowns(code, len(host_ids), len(set(host_ids)), example)
        for code, (host_ids, example) in found.items()
    ]
    return tuple(sorted(counted, key=lambda unknowns: (-unknowns.count, unknowns.code)))


def _point(row: RowMapping) -> ScorePoint:
    return ScorePoint(
        digest=row[reports.c.digest],
        sequence=row[reports.c.sequence],
        link=row[reports.c.link],
        received_at=row[reports.c.received_at],
        scan_ended=row[reports.c.scan_ended],
        skew_s=row[reports.c.skew_s],
        score=_score(row),
        scored=row[reports.c.scored],
        rejudged=row[reports.c.rejudged],
    )


def _score(row: RowMapping) -> Score:
    """The score in a row of `reports`."""
    return Score(
        pass_weight=row[reports.c.pass_weight],
        applicable_weight=row[reports.c.applicable_weight],
        not_applicable_weight=row[reports.c.not_applicable_weight],
        evaluated=row[reports.c.evaluated],
        expected=row[reports.c.expected],
        oldest_fact=row[reports.c.oldest_fact],
        grade=row[reports.c.grade],
    )


class _Evidence(msgspec.Struct, frozen=True):
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


_evidence = msgspec.json.Decoder(_Evidence)
_reasons = msgspec.json.Decoder(tuple[Reason, ...])
_differences = msgspec.json.Decoder(tuple[Difference, ...])
_texts = msgspec.json.Decoder(tuple[str, ...])
