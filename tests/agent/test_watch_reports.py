"""A plug becomes a signed report at once: in the host's chain, verified, receipted, not scored."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from agent.spool import Spool
from agent.state import State
from evidence.statement import Report
from facts.snapshot import from_wire
from server.pages.events import event_view
from server.store.engine import open_store
from server.store.events import recent
from server.store.schema import hosts, reports
from tests.agent.collector_server import CollectorServer, serving
from tests.agent.enrolled import enrolled
from tests.agent.running import anfang
from tests.collectors.testbed import LISTENER, STICK, STICK_DISK, Testbed, testbed

WITHIN_S = 30.0
SERIAL = "4C530001230823112233"
STORAGE = f"{STICK}/1-1:1.0"
TREE_KIB = 24 * 1024
"""Memory that an idle daemon and its watcher may hold together, proportional set size."""

pytestmark = pytest.mark.timeout(120)


@contextmanager
def _daemon(
    state: State, bed: Testbed, directory: Path, listener: tuple[str, ...] = LISTENER
) -> Iterator["subprocess.Popen[bytes]"]:
    config = directory / "agent.toml"
    config.touch()
    argv = [*listener, sys.executable, "-m", "agent", "agent", "--state", str(state.root)]
    with (
        (directory / "log").open("ab") as log,
        subprocess.Popen(
            [*argv, "--config", str(config)], env=bed.environment, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN_S)


def _until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def _reports(state: State) -> list[Report]:
    spool = Spool(state)
    return [spool.entry(sequence).statement.predicate for sequence in spool.sequences()]


def _events(state: State) -> list[dict[str, Any]]:
    """The events that signed reports carry, in order."""
    spool = Spool(state)
    found: list[dict[str, Any]] = []
    for sequence in spool.sequences():
        statement = spool.entry(sequence).statement
        if not statement.predicate.is_of_events:
            continue
        digests = {subject.name: subject.digest.sha256 for subject in statement.subject}
        for entry in statement.predicate.tables:
            if entry.name == "hardware_events":
                rows = from_wire(entry, spool.blob(digests["tables/hardware_events"])).rows
                found += [dict(zip(entry.columns, row, strict=True)) for row in rows]
    return sorted(found, key=lambda row: str(row["eid"]))


def _signed(state: State, path: str, action: str) -> bool:
    return any((row["path"], row["action"]) == (path, action) for row in _events(state))


def test_a_plug_is_reported_at_once(tmp_path: Path) -> None:
    """The report has the host's signature and place; the serial number has left as a pseudonym."""
    state = enrolled(tmp_path).state

    with testbed("bmc") as bed, _daemon(state, bed, tmp_path):
        _until(lambda: len(_reports(state)) >= 2)
        bed.plug("stick")
        bed.announce(STORAGE, "bind")
        _until(lambda: _signed(state, STORAGE, "bind"))
        bed.unplug(f"{STICK_DISK}/sdb1", STICK_DISK, STORAGE, STICK)
        _until(lambda: _signed(state, STICK, "remove"))

    events = _events(state)
    assert [int(row["eid"]) for row in events] == list(range(1, len(events) + 1))
    (bound,) = [r for r in events if (r["path"], r["action"]) == (STORAGE, "bind")]
    assert (bound["driver"], bound["port_path"]) == ("usb-storage", "1-1")
    assert re.fullmatch("h:[0-9a-f]{32}", bound["serial"])
    (disk,) = [r for r in events if (r["path"], r["action"]) == (STICK_DISK, "remove")]
    assert disk["sectors_written"] > 0
    everything = b"".join(p.read_bytes() for p in (state.root / "blobs").iterdir())
    assert SERIAL.encode() not in everything
    sequences = [report.chain.sequence for report in _reports(state)]
    assert sequences == list(range(1, len(sequences) + 1))
    attached = {entry.name for r in _reports(state) if r.is_of_events for entry in r.tables}
    assert attached == {"hardware_events", "usb_devices"}


def test_what_it_says_verifies(tmp_path: Path) -> None:
    """Offline, whoever trusts the host: the chain, the tables, and that nothing was judged."""
    state = enrolled(tmp_path).state
    with testbed("stick") as bed, _daemon(state, bed, tmp_path):
        _until(lambda: _events(state))
    (tmp_path / "trust").mkdir()
    for path in (state.trust_directory).iterdir():
        if path.name.startswith("host"):
            (tmp_path / "trust" / path.name).write_bytes(path.read_bytes())
    anfang("export", str(tmp_path / "parcel"), state=state)

    done = anfang("verify", "--trust", str(state.trust_directory), str(tmp_path / "parcel"))

    assert "✗" not in done.stdout
    assert "assignment" not in "".join(
        line for line in done.stdout.splitlines() if line.lstrip().startswith("?")
    )


def test_a_scan_tells_what_was_watched(tmp_path: Path) -> None:
    """Partial for the time before watching began, then complete; partial again when it ended."""
    state = enrolled(tmp_path).state
    query = ("query", "--json", "SELECT action FROM hardware_events WHERE type = 'usb_device'")

    with testbed("bmc") as bed, _daemon(state, bed, tmp_path):
        _until(lambda: [r for r in _reports(state) if not r.is_of_events])
        bed.plug("stick")
        _until(lambda: _signed(state, STICK, "add"))
        while_watched = anfang("scan", state=state)
        asked = anfang(*query, state=state)
    afterwards = anfang(*query, state=state)

    assert while_watched.returncode in {1, 3}
    assert '"add"' in asked.stdout
    assert "nobody was watching" not in asked.stderr + asked.stdout
    assert '"add"' in afterwards.stdout
    assert "nobody was watching" in afterwards.stderr + afterwards.stdout


def test_a_daemon_that_watches_is_small(tmp_path: Path) -> None:
    """Both processes together, after something was plugged in."""
    state = enrolled(tmp_path).state

    with testbed("stick", "bmc") as bed, _daemon(state, bed, tmp_path) as process:
        _until(lambda: len(_reports(state)) >= 2)
        bed.plug("hubs")
        _until(lambda: any(row["port_path"] == "2-1.4.3" for row in _events(state)))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        (watcher,) = _until(lambda: _alone(children))
        held = sum(_pss_kib(pid) for pid in (process.pid, int(watcher)))

    assert held <= TREE_KIB


def _alone(children: Path) -> list[str]:
    """The daemon's children, once there is but one."""
    found = children.read_text().split()
    return found if len(found) == 1 else []


def _pss_kib(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_a_watcher_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """What came meanwhile is found, and the gap is on record."""
    state = enrolled(tmp_path).state

    with testbed("bmc") as bed, _daemon(state, bed, tmp_path) as process:
        _until(lambda: _events(state))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        (watcher,) = _until(lambda: _alone(children))
        subprocess.run(["kill", "-KILL", watcher], check=True)
        bed.plug("stick")
        _until(lambda: _signed(state, STICK, "seen"))

    gaps = [row for row in _events(state) if row["action"] == "gap"]
    assert [gap["type"] for gap in gaps] == ["unwatched", "unwatched"]
    assert gaps[1]["duration"] is not None
    assert "the watcher ended: exit=-9" in (tmp_path / "log").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorServer]:
    """One server for all tests here."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def test_the_server_keeps_it_and_does_not_score_it(server: CollectorServer, tmp_path: Path) -> None:
    """It is received, receipted and listed on the host's page; head and due time are the scan's."""
    state = State(tmp_path / "state")
    assert anfang("enroll", server.url, "--token", server.token(), state=state).returncode == 0

    with testbed("bmc") as bed, _daemon(state, bed, tmp_path, listener=()):
        _until(lambda: [r for r in _reports(state) if not r.is_of_events])
        bed.plug("stick")
        bed.announce(STORAGE, "bind")
        _until(lambda: _signed(state, STORAGE, "bind"))
        _until(lambda: not Spool(state).pending())

    host = state.require_enrolled()
    said = {r.chain.sequence: r.is_of_events for r in _reports(state)}
    store = open_store(server.directory)
    with store.read() as connection:
        stored = connection.execute(select(reports).where(reports.c.host_id == host.id)).all()
        line = connection.execute(select(hosts).where(hosts.c.id == host.id)).one()
        events = event_view(recent(connection, host.id))
    store.close()
    assert {row.sequence: row.scored for row in stored} == {n: not e for n, e in said.items()}
    assert not said[line.head_sequence]
    assert {row.link for row in stored} <= {"first", "unbroken"}
    first = next(each for each in events.lines if each.type == "disk")
    assert (first.device, first.port, first.action) == ("SanDisk Cruzer Blade", "1-1", "add")
