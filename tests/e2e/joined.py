"""A host that is enrolled with a real collector server, and what its administrator assigns."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.state import State
from policies.recompute import Recomputer
from tests.agent.collector_server import CollectorServer
from tests.agent.running import anfang
from tests.e2e.hosts import Scanner


@contextmanager
def joined(server: CollectorServer, directory: Path) -> Iterator[Scanner]:
    """A host that is enrolled with the server, its state below `directory`."""
    state = State(directory / "state")
    done = anfang("enroll", server.url, "--token", server.token(), state=state)
    assert done.returncode == 0, done.stderr
    with Recomputer() as recomputer:
        yield Scanner(state, recomputer)


def assign(server: CollectorServer, directory: Path, sticks: str) -> None:
    """The shipped policy for the unit, with these lines in its register of USB storage."""
    register = directory / "approved_usb.csv"
    heading = "vendor_id,model_id,serial,approver,reason,valid_from,valid_until\n"
    register.write_text(heading + sticks, "utf-8")
    server.run(
        *("unit", "assign", "u1", "--data", str(server.directory), "--policy", "cii-host"),
        *("--register", f"approved_usb={register}"),
    )


def send(scanner: Scanner) -> None:
    """Send what waits; receipts, and an assignment if there is a newer one, come back."""
    done = anfang("send", state=scanner.state)
    assert done.returncode == 0, done.stderr
