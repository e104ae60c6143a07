"""How reports follow each other: in time, as promised, never back to an older assignment."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from evidence.finding import Code, Finding, Outcome
from evidence.statement import Report
from evidence.succession import Step, examine
from evidence.verify import verify_parcel
from tests.evidence.world import World, payload_digest

FIRST_ENDED = "2026-11-23T08:00:02Z"


def after(world: World, sequence: int, started: str, **changes: Any) -> Report:
    """A report that was scanned in the moment `started`."""
    report = world.report(sequence)
    scan = msgspec.structs.replace(report.scan, started=started, ended=started)
    return msgspec.structs.replace(report, scan=scan, **changes)


def found(*reports: Report, serials: tuple[int | None, ...] = ()) -> list[Finding]:
    """What is wrong with `reports` of one key, made under assignments with these `serials`."""
    given = serials or (None,) * len(reports)
    return [*examine(Step("k", each, serial) for each, serial in zip(reports, given, strict=True))]


@pytest.mark.parametrize(
    ("started", "codes"),
    [
        ("2026-11-23T09:00:02Z", []),
        ("2026-11-23T09:15:02Z", []),
        ("2026-11-23T09:15:03Z", [Code.CHAIN_SILENT]),
        ("2027-06-23T08:00:00Z", [Code.CHAIN_SILENT]),
        ("2026-11-23T07:55:02Z", []),
        ("2026-11-23T07:55:01Z", [Code.CHAIN_BACKWARDS]),
    ],
)
def test_the_next_report_comes_within_what_was_promised(
    world: World, started: str, codes: list[Code]
) -> None:
    """An hour was promised: a quarter more is forgiven, and a clock set right by five minutes."""
    told = found(world.report(1), after(world, 2, started))

    assert [each.code for each in told] == codes
    assert all(each.outcome is Outcome.NOT_CHECKED for each in told)


def test_silence_names_its_beginning_and_its_end(world: World) -> None:
    """Who, between which reports, and from when to when."""
    (told,) = found(after(world, 2, "2026-11-25T08:00:00Z"), world.report(1))

    assert told.args == ("k", "1", "2", FIRST_ENDED, "2026-11-25T08:00:00Z")


def test_where_nothing_was_promised_or_something_is_missing_nothing_is_late(world: World) -> None:
    """A gap is told as a gap, and a host without an interval promised no next report."""
    chain = msgspec.structs.replace(world.report(1).chain, interval_s=None)
    free = msgspec.structs.replace(world.report(1), chain=chain)
    late = "2027-06-23T08:00:00Z"

    assert found(free, after(world, 2, late)) == []
    assert found(world.report(1), after(world, 3, late)) == []
    assert found(world.report(1), after(world, 2, "no time")) == []


def test_nobody_goes_back_to_an_older_assignment(world: World) -> None:
    """A host that judges by yesterday's easier policy again is told, with both serials."""
    newer = world.report().agent
    first, third, fourth = (world.report(sequence) for sequence in (1, 3, 4))
    reports = [first, world.report(2, assignment=newer), third, fourth]

    (told,) = found(*reports, serials=(1, 2, None, 1))

    assert (told.code, told.args) == (Code.ASSIGNMENT_ROLLED_BACK, ("k", "4", "1", "2"))
    assert found(first, *reports[1:3], serials=(1, 2, None)) == []


def test_one_serial_is_one_assignment(world: World) -> None:
    """A second assignment under a serial already used is no newer one."""
    other = world.report(2, assignment=world.report().agent)

    (told,) = found(world.report(1), other, serials=(1, 1))

    assert told.code is Code.ASSIGNMENT_ROLLED_BACK
    assert found(world.report(1), world.report(2), serials=(1, 1)) == []


def test_a_parcel_shows_it(world: World) -> None:
    """Through the verifier: the old assignment is signed and agrees, and is told all the same."""
    first = world.sealed(world.report())
    old = world.sealed_assignment(serial=0)
    digest = msgspec.structs.replace(world.report().agent, sha256=payload_digest(old))
    second = world.sealed(world.report(2, payload_digest(first), assignment=digest))
    packed = world.parcel(first, second)
    envelopes = (packed.envelopes[0], old, *packed.envelopes[1:])

    verification = verify_parcel(replace(packed, envelopes=envelopes), world.trust)

    assert [each.outcome for each in verification.checked] == [Outcome.HELD] * 5
    assert Code.ASSIGNMENT_ROLLED_BACK in {each.code for each in verification.findings}


def of_events(world: World, sequence: int, started: str) -> Report:
    """A report of events."""
    report = after(world, sequence, started)
    chain = msgspec.structs.replace(report.chain, interval_s=None)
    scan = msgspec.structs.replace(report.scan, trigger="event")
    return msgspec.structs.replace(report, scan=scan, chain=chain)


def test_a_report_of_events_keeps_no_promise(world: World) -> None:
    """A host that tells what is plugged in, and does not scan, is late all the same."""
    events = [of_events(world, n, f"2026-11-23T08:{n}0:00Z") for n in (2, 3)]

    on_time = found(world.report(1), *events, after(world, 4, "2026-11-23T09:00:00Z"))
    late = found(world.report(1), *events, after(world, 4, "2026-11-23T10:00:00Z"))

    assert on_time == []
    assert [(each.code, each.args[1:3]) for each in late] == [(Code.CHAIN_SILENT, ("1", "4"))]


def test_a_report_of_events_has_its_time(world: World) -> None:
    """It, too, cannot be older than what it follows."""
    (told,) = found(world.report(1), of_events(world, 2, "2026-11-23T07:00:00Z"))

    assert told.code is Code.CHAIN_BACKWARDS
