"""What a unit's first screen shows, put in order: values for the template, no markup."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.model import Check, Text
from policies.shown import sentence
from server.store.queries import MAJOR, Change, Cluster, HostLine, UnitOverview

MAX_RISKS = 7
"""Lines of major risks on the first screen."""
PAGE_HOSTS = 100
"""Hosts on one page of the list."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One line: like findings, or all findings of one check."""

    policy: str
    check_id: str
    check: Check | None
    """None: the policy that has it is not here."""
    sentence: Text
    """The finding on most hosts."""
    findings: int
    """How many unlike findings the line stands for."""
    hosts: tuple[HostLine, ...]
    since: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A check that began or ceased to fail, on some hosts."""

    policy: str
    check_id: str
    check: Check | None
    hosts: tuple[HostLine, ...]
    at: str
    """When it last did."""


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit's first screen."""

    every: bool
    """Whether everything is listed, instead of what fits the first screen."""
    outdated: bool
    """Whether only hosts that were judged under an older assignment are listed."""
    risks: tuple[Risk, ...]
    """Gravest first; a line for each check, or for each finding if all are asked for."""
    more: int
    """How many lines are left out."""
    hosts_at_risk: int
    opened: tuple[Turn, ...]
    closed: tuple[Turn, ...]
    judged: int
    """Hosts of which at least one check was evaluated."""
    evaluated: int
    expected: int
    listing: int
    """How many hosts are listed on all pages."""
    listed: Sequence[HostLine]
    """The hosts on this page of the list."""
    page: int
    pages: int


def unit_view(
    found: UnitOverview, page: int, *, every: bool = False, outdated: bool = False
) -> UnitView:
    """The first screen of the unit in `found`, with `page` of its hosts and `every` finding.

    If `outdated`, only those hosts are listed that were judged under an older assignment.
    """
    hosts = found.outdated if outdated else found.hosts
    clusters = [(cluster,) for cluster in found.clusters] if every else _by_check(found.clusters)
    risks = sorted(map(_risk, clusters), key=_gravest_first)
    scores = [host.score for host in found.hosts if host.score]
    pages = max(1, -(-len(hosts) // PAGE_HOSTS))
    page = min(max(page, 1), pages)
    return UnitView(
        every=every,
        outdated=outdated,
        risks=tuple(risks if every else risks[:MAX_RISKS]),
        more=0 if every else len(risks[MAX_RISKS:]),
        hosts_at_risk=len({host.id for cluster in found.clusters for host in cluster.hosts}),
        opened=_turns(found.opened),
        closed=_turns(found.closed),
        judged=sum(score.evaluated > 0 for score in scores),
        evaluated=sum(score.evaluated for score in scores),
        expected=sum(score.expected for score in scores),
        listing=len(hosts),
        listed=hosts[(page - 1) * PAGE_HOSTS : page * PAGE_HOSTS],
        page=page,
        pages=pages,
    )


def _by_check(clusters: Iterable[Cluster]) -> list[tuple[Cluster, ...]]:
    found: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in clusters:
        found.setdefault((cluster.policy, cluster.check_id), []).append(cluster)
    return [tuple(alike) for alike in found.values()]


def _risk(clusters: tuple[Cluster, ...]) -> Risk:
    first = clusters[0]
    hosts = {host.id: host for cluster in clusters for host in cluster.hosts}
    return Risk(
        policy=first.policy,
        check_id=first.check_id,
        check=first.check,
        sentence=sentence(first.check.finding if first.check else None, first.row),
        findings=len(clusters),
        hosts=tuple(sorted(hosts.values(), key=lambda host: host.name)),
        since=min(cluster.since for cluster in clusters),
    )


def _gravest_first(risk: Risk) -> tuple[int, int, str, str]:
    # A check that is not known here may be anything, so it stands with the gravest.
    severity = MAJOR.index(risk.check.severity) if risk.check else 0
    return severity, -len(risk.hosts), risk.since, risk.check_id


def _turns(changes: Iterable[Change]) -> tuple[Turn, ...]:
    """`changes`, the newest first, those of one check together."""
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        found.setdefault((change.policy, change.check_id), []).append(change)
    return tuple(
        Turn(
            policy=alike[0].policy,
            check_id=alike[0].check_id,
            check=alike[0].check,
            hosts=tuple(change.host for change in alike),
            at=alike[0].at,
        )
        for alike in found.values()
    )
