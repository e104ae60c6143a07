"""How one host's reports follow each other in time, and under which assignments.

`evidence.chain` holds their digests together; here it is what they say: no report scanned before
the one it follows, none later than that one promised, none under an older assignment again. All
of it rests on the host's own clock and word, so what is wrong here contradicts no signature.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from evidence.agreement import MAX_CLOCK_AHEAD_S, seconds
from evidence.finding import Code, Finding, not_checked
from evidence.statement import Digest, Report

MIN_GRACE_S = 300
"""How late a report may be at least, in seconds; a quarter of the interval if that is more."""


@dataclass(frozen=True)
class Step:
    """One report, its signer, and the serial of the assignment it names, if that is known."""

    key_id: str
    report: Report
    serial: int | None


def examine(steps: Iterable[Step]) -> Iterator[Finding]:
    """What is wrong with the way `steps` follow each other; in any order."""
    by_key: dict[str, dict[int, list[Step]]] = {}
    for step in steps:
        places = by_key.setdefault(step.key_id, {})
        places.setdefault(step.report.chain.sequence, []).append(step)
    for places in by_key.values():
        # In a fork nobody knows which one is followed; that there is one is said elsewhere.
        way = [places[sequence][0] for sequence in sorted(places) if len(places[sequence]) == 1]
        for stretch in _stretches(way):
            yield from _forwards(stretch)
            # Events are reported whenever they happen; only the next scan keeps a promise.
            yield from _kept([step for step in stretch if not step.report.is_of_events])
        yield from _assigned(way)


def _stretches(way: Iterable[Step]) -> Iterator[list[Step]]:
    """The parts of `way` in which no report is missing."""
    stretch: list[Step] = []
    for step in way:
        if stretch and step.report.chain.sequence != stretch[-1].report.chain.sequence + 1:
            yield stretch
            stretch = []
        stretch.append(step)
    yield stretch


def _forwards(stretch: Iterable[Step]) -> Iterator[Finding]:
    for before, after in pairwise(stretch):
        passed = _passed(before, after)
        if passed is not None and passed < -MAX_CLOCK_AHEAD_S:
            yield not_checked(Code.CHAIN_BACKWARDS, before.key_id, *_places(before, after))


def _kept(scans: Iterable[Step]) -> Iterator[Finding]:
    for before, after in pairwise(scans):
        passed, promised = _passed(before, after), before.report.chain.interval_s
        if passed is None or promised is None:
            continue
        if passed > promised + max(promised // 4, MIN_GRACE_S):
            times = (before.report.scan.ended, after.report.scan.started)
            places = _places(before, after)
            yield not_checked(Code.CHAIN_SILENT, before.key_id, *places, *times)


def _passed(before: Step, after: Step) -> int | None:
    """The seconds between the two; None where a time is none."""
    ended, started = seconds(before.report.scan.ended), seconds(after.report.scan.started)
    return None if ended is None or started is None else started - ended


def _places(before: Step, after: Step) -> tuple[str, str]:
    return str(before.report.chain.sequence), str(after.report.chain.sequence)


def _assigned(way: Iterable[Step]) -> Iterator[Finding]:
    newest: tuple[int, Digest | None] | None = None
    for step in way:
        if step.serial is None:
            continue
        named = (step.serial, step.report.assignment)
        if newest is not None and named != newest and named[0] <= newest[0]:
            places = (step.report.chain.sequence, step.serial, newest[0])
            yield not_checked(Code.ASSIGNMENT_ROLLED_BACK, step.key_id, *map(str, places))
        else:
            newest = named
