"""Device events exist only for an agent that watches; a single scan has nobody to ask."""

from collectors.host import Host
from collectors.interface import Observed
from facts.status import Status, condition


def hardware_events(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # the protocol's
    """Nothing, and says so: what came and went before could only be seen while it happened."""
    return Observed((), condition(Status.UNSUPPORTED, "not_watching"))
