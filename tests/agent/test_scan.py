"""A scan takes its place in the chain, and what broke off is recorded, never lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from agent import collect as collecting
from agent.basis import assigned_basis
from agent.collect import collect
from agent.config import Config
from agent.errors import ChildError
from agent.job import Job, Limits, Message, Recorded, ScanJob
from agent.launch import Run, launch
from agent.scan import scan_job
from agent.spool import Spool
from agent.standing import standing
from agent.state import HostFile, State
from evidence import chain, dsse
from evidence.chain import Link
from evidence.statement import Reason, Report
from policies.model import Policy
from policies.recompute import recompute
from tests.agent.enrolled import HOST_ID, POLICY, enrolled
from tests.agent.running import anfang


def _links(state: State) -> list[Link]:
    spool = Spool(state)
    entries = [spool.entry(sequence) for sequence in spool.sequences()]
    return [
        Link(
            entry.digest,
            entry.statement.predicate.chain,
            dsse.open_envelope(entry.envelope).signatures[0].keyid,
        )
        for entry in entries
    ]


def test_an_unsigned_scan_says_so(tmp_path: Path) -> None:
    """Without enrolment there is a scorecard, in no chain, and nothing is written."""
    policy = tmp_path / "small.yaml"
    policy.write_text(POLICY, "utf-8")

    done = anfang("scan", "--policy", str(policy), state=tmp_path / "state")

    assert done.returncode == 1
    assert "unsigned" in done.stdout
    assert "unsigned" in done.stderr
    assert not (tmp_path / "state").exists()


def test_an_enrolment_that_failed_half_way_is_none(tmp_path: Path) -> None:
    """A key and an identity are made before a server answers; until it does there is no chain."""
    state = enrolled(tmp_path).state
    state.write_host(HostFile(id=HOST_ID))

    done = anfang("scan", state=state)

    assert "unsigned (this host is not enrolled)" in done.stdout
    assert Spool(state).sequences() == []


def test_without_its_key_an_enrolled_host_scans_nothing(tmp_path: Path) -> None:
    """It is told that the key is missing, not shown a scorecard that nobody receives."""
    state = enrolled(tmp_path).state
    state.key_file.unlink()

    done = anfang("scan", state=state)

    assert done.returncode == 3
    assert str(state.key_file) in done.stderr
    assert done.stdout == ""


def test_a_scan_takes_the_next_place(tmp_path: Path) -> None:
    """Two scans are two linked reports, signed by this host's key."""
    state = enrolled(tmp_path).state

    first, second = anfang("scan", state=state), anfang("scan", state=state)

    assert (first.returncode, second.returncode) == (1, 1)
    examined = chain.examine(_links(state))
    assert examined.state == "unbroken"
    assert [(s.first, s.last) for s in examined.stretches] == [(1, 2)]


def test_a_parcel_is_written_beside_the_spool(tmp_path: Path) -> None:
    """`--out` gives a file that verifies by itself; without a key it refuses before scanning."""
    state = enrolled(tmp_path).state
    out = tmp_path / "out.parcel"

    done = anfang("scan", "--out", str(out), state=state)
    verified = anfang("verify", str(out), state=tmp_path / "nowhere")
    keyless = anfang("scan", "--out", str(out), state=tmp_path / "nowhere")

    assert done.returncode == 1
    assert verified.returncode == 3
    assert "intact, signer not established" in verified.stdout
    assert keyless.returncode == 2
    assert "enrol first" in keyless.stderr


def test_a_bad_policy_exits_2_with_its_line(tmp_path: Path) -> None:
    """A policy that cannot be read judges nothing."""
    policy = tmp_path / "bad.yaml"
    policy.write_text("policy: bad\nchecks: &a [*a]\n")

    done = anfang("scan", "--policy", str(policy), state=tmp_path / "none")

    assert done.returncode == 2
    assert f"{policy}:2:" in done.stderr


def test_a_policy_named_on_the_command_line_is_no_assignment(tmp_path: Path) -> None:
    """It takes its place in the chain, and says that nobody assigned it, also to who asked."""
    played = enrolled(tmp_path)
    own = ("scan", "--policy", str(tmp_path / "small.yaml"))

    told = anfang(*own, state=played.state).stderr
    asked = anfang("scan", state=played.state).stderr

    assert "the server does not score it" in told
    assert "the server does not score it" not in asked
    (first, second) = (Spool(played.state).entry(number).statement.predicate for number in (1, 2))
    assert (first.assignment, first.chain.sequence) == (None, 1)
    assert (second.assignment is None, second.chain.sequence) == (False, 2)


def test_two_scans_at_once_make_one_chain(tmp_path: Path) -> None:
    """However many start together on one state directory, each gets its own place."""
    state = enrolled(tmp_path).state

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: anfang("scan", state=state).returncode, range(4)))

    assert codes == [1, 1, 1, 1]
    examined = chain.examine(_links(state))
    assert examined.state == "unbroken"
    assert [(s.first, s.last) for s in examined.stretches] == [(1, 4)]


def test_the_report_says_what_it_rests_on(tmp_path: Path) -> None:
    """Assignment, view, engine, agent and cost are in it, and the rows as sentences in words."""
    state = enrolled(tmp_path).state

    done = anfang("scan", "--json", state=state)

    answer = json.loads(done.stdout)
    report = answer["report"]
    assigned = state.assigned
    assert assigned is not None
    assert answer["signed"] is True
    assert report["assignment"]["sha256"] == assigned.digest
    assert report["view"]["uid"] == os.geteuid()
    assert report["view"]["namespaces"]["pid"]
    assert len(report["agent"]["sha256"]) == 64
    assert report["cost"]["cpu_ms"] > 0
    assert {v["check"]: v["verdict"] for v in report["verdicts"]} == {
        "CEP-AGT-901": "pass",
        "CEP-AGT-902": "fail",
        "CEP-AGT-903": "unknown",
    }


def test_the_chain_table_tells_the_state_before_the_scan(tmp_path: Path) -> None:
    """`anfang_chain` holds the last report's digest and how many have no receipt."""
    state = enrolled(tmp_path).state
    anfang("scan", state=state)

    done = anfang("query", "SELECT * FROM anfang_chain", "--json", state=state)

    (row,) = json.loads(done.stdout)
    head = Spool(state).head()
    assert head is not None
    assert (row["sequence"], row["previous"]) == (1, head.digest)
    assert (row["enrolled"], row["pending"], row["chain_state"]) == (1, 1, "unbroken")


def test_identifiers_leave_as_pseudonyms_only(tmp_path: Path) -> None:
    """In clear at the keyboard, under the unit's key in a report: here on the machine's own id."""
    state = enrolled(tmp_path).state
    anfang("scan", state=state)
    clear = anfang("query", "SELECT uuid FROM system_info", "--json", state=state)

    head = Spool(state).head()
    assert head is not None
    spool = Spool(state)
    entry = next(t for t in head.statement.predicate.tables if t.name == "system_info")
    subject = next(s for s in head.statement.subject if s.name == "tables/system_info")
    (row,) = spool.blob(subject.digest.sha256).decode().splitlines()
    recorded = json.loads(row)[entry.columns.index("uuid")]
    (shown,) = json.loads(clear.stdout)

    assert not str(shown["uuid"] or "").startswith("h:")
    assert recorded in (None, "") or recorded.startswith("h:")


@dataclass
class _Killing:
    """A child that is killed once it has sent some tables."""

    run: Run
    tables: int

    def __iter__(self) -> Iterator[Message]:
        for message in self.run:
            yield message
            if isinstance(message, Recorded):
                self.tables -= 1
                if self.tables == 0:
                    os.kill(self.run.pid, signal.SIGSTOP)  # nothing more is sent, then
                    os.kill(self.run.pid, signal.SIGKILL)

    @property
    def broke_off(self) -> str | None:
        return self.run.broke_off


def _job(state: State) -> tuple[ScanJob, tuple[Policy, ...]]:
    stands = standing(state)
    assert stands.assigned is not None
    basis = assigned_basis(stands.assigned, Spool(state))
    job = scan_job(Config(), basis, stands, root="/", pseudonym_key="00" * 32)
    return job, basis.policies


def test_a_killed_scan_is_recorded_as_over_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had come stands; what had not is over budget; no affected check passes."""
    job, policies = _job(enrolled(tmp_path).state)

    def killing(job: Job) -> _Killing:
        return _Killing(launch(job), 2)

    monkeypatch.setattr(collecting, "launch", killing)

    collected = collect(job, policies)

    conditions = {entry.name: entry.condition for entry, _ in collected.tables}
    over = {name for name, c in conditions.items() if c.status == "over_budget"}
    assert "users" in over
    assert {conditions[name].reason for name in over} == {Reason(code="killed", args=())}
    assert len(conditions.keys() - over) >= 1
    verdicts = {verdict.check: verdict.verdict for verdict in collected.verdicts}
    assert verdicts["CEP-AGT-902"] == "unknown"
    assert "pass" not in {verdicts["CEP-AGT-902"], verdicts["CEP-AGT-903"]}
    assert collected.score.expected == 3


def test_tables_too_large_to_be_sent_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes a table grow does not mute the host: over budget, unknown, and it is sent."""
    job, policies = _job(enrolled(tmp_path).state)
    monkeypatch.setattr(collecting, "MAX_TABLES", 0)

    collected = collect(job, policies)

    filled = [entry for entry, _ in collected.tables if entry.condition.status != "over_budget"]
    users = next(entry for entry, _ in collected.tables if entry.name == "users")
    verdicts = {verdict.check: verdict for verdict in collected.verdicts}
    assert {(data, entry.row_count) for entry, data in collected.tables} == {(b"", 0)}
    assert all(entry.row_count == 0 for entry in filled)
    assert users.condition.reason == Reason(code="too_large", args=("users",))
    assert verdicts["CEP-AGT-902"].verdict == "unknown"
    assert verdicts["CEP-AGT-902"].reasons == (users.condition.reason,)


def test_the_largest_table_is_left_out_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fits is recorded as ever."""
    job, policies = _job(enrolled(tmp_path).state)
    sizes = {entry.name: len(data) for entry, data in collect(job, policies).tables}
    monkeypatch.setattr(collecting, "MAX_TABLES", sum(sizes.values()) - 1)

    collected = collect(job, policies)

    over = [e.name for e, _ in collected.tables if e.condition.status == "over_budget"]
    assert over == [max(sizes, key=lambda name: sizes[name])]


def test_a_scan_without_time_judges_nothing(tmp_path: Path) -> None:
    """A wall clock of zero leaves every check unknown, and the scan is still a scan."""
    job, policies = _job(enrolled(tmp_path).state)
    rushed = Limits(cpu_s=10, wall_s=0, memory_mib=384)

    collected = collect(msgspec.structs.replace(job, limits=rushed), policies)

    assert [verdict.verdict for verdict in collected.verdicts] == ["unknown"] * 3
    assert collected.score.grade is None


def test_a_scan_that_cannot_start_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without memory or processes for a child nothing is recorded, and that is said."""
    job, policies = _job(enrolled(tmp_path).state)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))

    with pytest.raises(ChildError, match="cannot be started"):
        collect(job, policies)


def test_a_broken_scan_is_what_anyone_recomputes(tmp_path: Path) -> None:
    """The verdicts of a scan that was killed follow from its signed tables."""
    played = enrolled(tmp_path)
    config = tmp_path / "agent.toml"
    config.write_text("scan_memory_mib = 128\n")

    done = anfang("scan", "--json", state=played.state, config=str(config))

    assert done.returncode in (1, 3)
    head = Spool(played.state).head()
    assert head is not None
    report: Report = head.statement.predicate
    spool = Spool(played.state)
    tables = {
        s.name.removeprefix("tables/"): spool.blob(s.digest.sha256) for s in head.statement.subject
    }
    again = recompute(report, tables, {"small": played.policy}, {})
    assert again.differences == ()


_ORPHANING = """
import os, signal, sys, msgspec
from agent.job import Job
from agent.launch import launch
job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
run = launch(msgspec.structs.replace(job, parent=os.getpid()))
os.kill(run.pid, signal.SIGSTOP)
print(run.pid, flush=True)
signal.pause()
"""
"""A parent that stops its child, wherever it is, and says which it is."""


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    """Nobody scans on behalf of a process that is gone."""
    job, _ = _job(enrolled(tmp_path).state)
    with subprocess.Popen(
        [sys.executable, "-c", _ORPHANING], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(msgspec.json.encode(job))
        parent.stdin.close()
        child = int(parent.stdout.readline())

        parent.kill()
        parent.wait()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)

    deadline = time.monotonic() + 10
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
