"""Reports of events: they answer to no assignment, and can say nothing else."""

from typing import Any

import msgspec
import pytest

from evidence import dsse
from evidence.agreement import NOTHING_JUDGED
from evidence.finding import Code, Outcome
from evidence.parcel import Parcel
from evidence.statement import Report, Subject, encode_statement
from evidence.verify import verify_parcel
from tests.evidence.world import (
    TABLES,
    World,
    blobs,
    digest,
    payload_digest,
    table_bytes,
)


def _report(world: World, **changes: Any) -> Report:
    """A report of events: what is attached, and nothing judged."""
    report = world.report()
    said: dict[str, Any] = {
        "scan": msgspec.structs.replace(report.scan, trigger="event"),
        "assignment": None,
        "policies": (),
        "registers": (),
        "parameters": {},
        "verdicts": (),
        "score": NOTHING_JUDGED,
        "tables": tuple(entry for entry in report.tables if entry.name == "usb_devices"),
    }
    return msgspec.structs.replace(report, **(said | changes))


def _parcel(world: World, report: Report) -> Parcel:
    named = tuple(
        Subject(name=f"tables/{entry.name}", digest=digest(table_bytes(entry.name)))
        for entry in report.tables
    )
    envelope = dsse.seal(encode_statement(named, report), world.host)
    sha256s = {subject.digest.sha256 for subject in named}
    return Parcel(
        (world.sealed_enrolment(), envelope),
        {d: data for d, data in blobs().items() if d in sha256s},
        {payload_digest(envelope): world.log.receive(envelope)},
    )


def test_a_report_of_events_holds_without_an_assignment(world: World) -> None:
    """Nobody had to ask for it; signature, tables, times, receipt and place are checked."""
    verification = verify_parcel(_parcel(world, _report(world)), world.trust)

    assert verification.outcome is Outcome.HELD


@pytest.mark.parametrize(
    "changed",
    ["assignment", "policies", "registers", "parameters", "verdicts", "score", "tables"],
)
def test_it_is_no_way_around_the_assignment(world: World, changed: str) -> None:
    """A scan that calls itself a report of events is found out, whatever it tries to say."""
    whole = world.report()

    verification = verify_parcel(
        _parcel(world, _report(world, **{changed: getattr(whole, changed)})), world.trust
    )

    assert len(TABLES) > 1
    assert verification.outcome is Outcome.FAILED
    findings = [f for each in verification.reports for f in each.findings]
    assert ("trigger", changed) in [f.args for f in findings if f.code is Code.REPORT_INCONSISTENT]
