"""Device events exist only where somebody watches: then the agent has the table from its watcher
(`agent.watched`). A host that is read without an agent's state has nobody to ask.
"""

from collectors.host import Host
from collectors.interface import Observed
from facts.status import Status, condition


def hardware_events(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # the protocol's
    """Nothing, and says so: what came and went before could only be seen while it happened."""
    return Observed((), condition(Status.UNSUPPORTED, "not_watching"))
