"""The shipped policy on the machine that runs the tests, read by the real collectors."""

from datetime import UTC, datetime

from collectors.host import LiveHost
from collectors.interface import Observed
from collectors.source import HostSource
from evidence.statement import Verdict
from facts.engine import Engine
from facts.pseudonym import Pseudonym
from policies.judge import catalogue, judge, needs
from policies.load import LIBRARY, load

NOT_ENROLLED = Observed([{"enrolled": 0, "pending": 0, "chain_state": "empty", "policy_signed": 0}])

OUR_FAULT = {
    "agent_older_than_policy",
    "collector_failed",
    "column_missing",
    "column_unknown",
    "not_recorded",
    "over_memory",
    "over_rows",
    "over_time",
    "query_failed",
    "table_unknown",
}
"""Reasons that would mean a fault of the policy or the collectors, not a state of the host."""


def verdicts() -> dict[str, Verdict]:
    """What the policy says about this machine, without any register."""
    policy = load(LIBRARY / "cii-host.yaml").policy
    source = HostSource(LiveHost(), Pseudonym(b"0" * 32), given={"anfang_chain": NOT_ENROLLED})
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    engine = Engine(source, catalogue=catalogue([policy]), now=now)
    for _ in engine.load(needs([policy], engine)):
        pass
    return {verdict.check: verdict for verdict in judge([policy], engine, {}, {})}


def test_every_check_comes_to_a_verdict_or_says_what_it_lacks() -> None:
    """Nothing is unknown because of the policy or a collector itself."""
    found = verdicts()
    codes = {reason.code for verdict in found.values() for reason in verdict.reasons}

    assert codes & OUR_FAULT == set()
    assert found["CEP-USB-004"].verdict == "unknown"
    assert found["CEP-AGT-001"].verdict == "not_applicable"
    assert [reason.code for reason in found["CEP-EGR-001"].reasons] == ["register_missing"]
