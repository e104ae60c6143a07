"""Device events: a scan that did not watch says so."""

from collectors.host import LiveHost
from collectors.source import HostSource
from facts.reasons import REASONS
from facts.status import Status, condition


def test_a_single_scan_never_claims_that_nothing_was_plugged_in() -> None:
    """The table is unsupported, not empty, so that no check passes on it."""
    reading = HostSource(LiveHost(), None).read("hardware_events", ("action", "time"))

    assert reading.rows == ()
    assert reading.condition == condition(Status.UNSUPPORTED, "not_watching")
    assert "not_watching" in REASONS
