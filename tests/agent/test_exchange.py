"""What leaves in a parcel and what is taken in, verified whichever way it came."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from agent import clock, exchange
from agent.errors import InputError, NotEnrolledError, ServerError, StateError, UntrustedServerError
from agent.exchange import export, outgoing, read_parcel, take_in
from agent.spool import Spool
from agent.state import State
from evidence import keys, parcel
from evidence.parcel import Parcel
from evidence.statement import rests_on
from tests.agent.enrolled import Played, enrolled
from tests.agent.running import anfang


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """An enrolled host with one report in its spool."""
    host = enrolled(tmp_path)
    assert anfang("scan", state=host.state).returncode == 1
    return host


def test_only_what_has_no_receipt_leaves(played: Played) -> None:
    """A receipted report does not leave again, nor does a table the server has."""
    (first,) = outgoing(played.state)
    take_in(played.state, played.receipts(first))
    assert list(outgoing(played.state)) == []
    anfang("scan", state=played.state)

    (second,) = outgoing(played.state)

    entry = Spool(played.state).entry(2)
    assert second.envelopes == (entry.envelope,)
    assert second.blobs.keys() < rests_on(entry.statement)
    assert not second.blobs.keys() & first.blobs.keys()


def test_a_long_spool_goes_in_several_parcels(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each report leaves once, in its order, and no table twice."""
    anfang("scan", state=played.state)
    monkeypatch.setattr(exchange, "PARCEL_REPORTS", 1)

    first, second = outgoing(played.state)

    spool = Spool(played.state)
    assert (first.envelopes, second.envelopes) == (
        (spool.entry(1).envelope,),
        (spool.entry(2).envelope,),
    )
    assert not first.blobs.keys() & second.blobs.keys()


def test_policies_that_the_server_assigned_do_not_travel_back(played: Played) -> None:
    """The server made the assignment, so it has what that names."""
    (sent,) = outgoing(played.state)

    assert hashlib.sha256(played.policy).hexdigest() not in sent.blobs


def test_an_export_stands_by_itself(played: Played) -> None:
    """Carried to somebody who has nothing, it holds all that the reports rest on."""
    carried = export(played.state)

    head = Spool(played.state).head()
    assert head is not None
    assert rests_on(head.statement) <= carried.blobs.keys()
    assert len(carried.envelopes) == 3


def test_receipts_are_verified_and_kept(played: Played) -> None:
    """A receipt ends the waiting, and its checkpoint is what the host has seen."""
    (sent,) = outgoing(played.state)

    taken = take_in(played.state, played.receipts(sent))

    assert (taken.receipts, taken.assignment) == (1, False)
    assert Spool(played.state).pending() == []
    assert played.state.last_seen is not None
    assert played.state.last_seen.startswith("log.test/cii\n1\n")


def test_a_receipt_by_another_log_is_refused(played: Played, tmp_path: Path) -> None:
    """Whoever answers, only the server of the trust directory can end the waiting."""
    (sent,) = outgoing(played.state)
    stranger = Played(keys.create_key(tmp_path / "other.pem"), played.state, played.policy)

    with pytest.raises(UntrustedServerError, match="not authentic"):
        take_in(played.state, stranger.receipts(sent))

    assert Spool(played.state).pending() == [1]


def test_a_receipt_for_something_else_is_refused(played: Played) -> None:
    """A true receipt under another report's digest ends nobody's waiting."""
    (sent,) = outgoing(played.state)
    anfang("scan", state=played.state)
    second = Spool(played.state).entry(2)
    receipts = played.receipts(sent).receipts
    (proof,) = receipts.values()

    with pytest.raises(UntrustedServerError):
        take_in(played.state, Parcel(receipts={second.digest: proof}))

    assert Spool(played.state).pending() == [1, 2]


def test_a_receipt_without_a_time_is_refused(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it was received is what a receipt is for: how late reports arrive is told by it."""
    (sent,) = outgoing(played.state)
    monkeypatch.setattr(clock, "now", lambda: "soon")

    with pytest.raises(UntrustedServerError, match="no time"):
        take_in(played.state, played.receipts(sent))

    assert Spool(played.state).pending() == [1]


def test_a_newer_assignment_comes_into_force(played: Played) -> None:
    """What is assigned next is what the next scan judges by."""
    taken = take_in(played.state, played.assign(serial=2, interval_s=60))

    assigned = played.state.assigned
    assert taken.assignment
    assert assigned is not None
    assert (assigned.assignment.serial, assigned.assignment.interval_s) == (2, 60)


def test_the_same_assignment_again_changes_nothing(tmp_path: Path) -> None:
    """A parcel that comes twice is harmless."""
    host = enrolled(tmp_path)

    assert not take_in(host.state, host.assign()).assignment


@pytest.mark.parametrize("serial", [0, 1])
def test_a_rollback_is_refused(tmp_path: Path, serial: int) -> None:
    """A lower serial, or another assignment under the same one, is not taken."""
    host = enrolled(tmp_path)
    before = host.state.read("assignment.json")

    with pytest.raises(UntrustedServerError, match="rollback"):
        take_in(host.state, host.assign(serial, interval_s=60))

    assert host.state.read("assignment.json") == before


@pytest.mark.parametrize("interval_s", [-1, 0, 59, 604_801])
def test_an_interval_out_of_bounds_is_refused(tmp_path: Path, interval_s: int) -> None:
    """A server cannot have its hosts scan without a pause, nor fall silent: it is told why."""
    host = enrolled(tmp_path)
    before = host.state.read("assignment.json")

    with pytest.raises(ServerError, match="60 to 604800"):
        take_in(host.state, host.assign(2, interval_s=interval_s))

    assert host.state.read("assignment.json") == before


@pytest.mark.parametrize("interval_s", [60, 604_800])
def test_an_interval_at_the_bounds_is_taken(tmp_path: Path, interval_s: int) -> None:
    """What the host's own configuration may say, an assignment may."""
    host = enrolled(tmp_path)

    assert take_in(host.state, host.assign(2, interval_s=interval_s)).assignment


def test_receipts_beside_a_refused_assignment_are_kept(played: Played) -> None:
    """What was receipted stays receipted: carried media come in any order."""
    (sent,) = outgoing(played.state)
    older = played.assign(serial=0)
    both = Parcel(older.envelopes, older.blobs, played.receipts(sent).receipts)

    with pytest.raises(UntrustedServerError, match="rollback"):
        take_in(played.state, both)

    assert Spool(played.state).pending() == []


def test_an_assignment_by_another_key_is_refused(tmp_path: Path) -> None:
    """Who assigns is settled at enrolment."""
    host = enrolled(tmp_path)
    stranger = Played(keys.create_key(tmp_path / "other.pem"), host.state, host.policy)

    with pytest.raises(UntrustedServerError, match="did not sign"):
        take_in(host.state, stranger.assign(serial=9))


def test_another_units_assignment_is_refused(tmp_path: Path) -> None:
    """A true assignment of somebody else is not this host's."""
    host = enrolled(tmp_path)

    with pytest.raises(ServerError, match="other-unit"):
        take_in(host.state, host.assign(serial=2, unit="other-unit"))


def test_an_assignment_without_its_policy_is_refused(tmp_path: Path) -> None:
    """Nothing comes into force that could not be carried out; the old one stays."""
    host = enrolled(tmp_path)
    other = host.policy.replace(b"2026.11.0", b"2026.11.1")
    incomplete = Played(host.key, host.state, other).assign(serial=2)

    with pytest.raises(StateError, match="is missing"):
        take_in(host.state, Parcel(envelopes=incomplete.envelopes))

    assigned = host.state.assigned
    assert assigned is not None
    assert assigned.assignment.serial == 1


def test_what_is_no_parcel_is_refused() -> None:
    """A damaged medium is told from an empty one."""
    with pytest.raises(InputError, match="not an intact parcel"):
        read_parcel(b"\x00\x01")


def test_export_and_import_over_pipes(played: Played, tmp_path: Path) -> None:
    """The air-gapped road: out to a file, receipts back over standard input."""
    out = tmp_path / "out.parcel"
    exported = anfang("export", str(out), state=played.state)
    carried = parcel.read(out.read_bytes(), limit=1 << 20)
    back = parcel.write(played.receipts(carried)).decode()

    imported = anfang("import", "-", state=played.state, stdin=back)
    again = anfang("import", "-", state=played.state, stdin=back)

    assert (exported.returncode, imported.returncode, again.returncode) == (0, 0, 3)
    assert out.stat().st_mode & 0o077 == 0
    assert Spool(played.state).pending() == []


def test_what_waits_is_never_pruned(played: Played) -> None:
    """Receipted reports beyond the newest go, with their tables; pending ones stay."""
    (sent,) = outgoing(played.state)
    take_in(played.state, played.receipts(sent))
    for _ in range(2):
        anfang("scan", state=played.state)
    spool = Spool(played.state)
    before = {path.name for path in (played.state.root / "blobs").iterdir()}

    spool.prune(keep=1)

    after = {path.name for path in (played.state.root / "blobs").iterdir()}
    assert spool.sequences() == [2, 3]
    assert spool.pending() == [2, 3]
    assert after < before
    for sequence in spool.sequences():
        assert rests_on(spool.entry(sequence).statement) <= after


def test_assignments_that_nothing_names_are_pruned(played: Played) -> None:
    """Those that a report here was made under stay, and the one in force."""
    for serial in (2, 3, 4):
        take_in(played.state, played.assign(serial))
    for _ in range(2):
        anfang("scan", state=played.state)
        for sent in outgoing(played.state):
            take_in(played.state, played.receipts(sent))
    before = len([*(played.state.root / "assignments").iterdir()])
    take_in(played.state, played.assign(5))

    Spool(played.state).prune(1)

    kept = {path.stem for path in (played.state.root / "assignments").iterdir()}
    spool = Spool(played.state)
    said = [spool.entry(sequence).statement.predicate for sequence in spool.sequences()]
    assert before >= 4
    assert played.state.assigned is not None
    assert kept == {
        played.state.assigned.digest,
        *(report.assignment.sha256 for report in said if report.assignment is not None),
    }
    assert len(kept) == 2


def test_a_damaged_table_is_noticed(played: Played) -> None:
    """What does not have its digest never leaves."""
    head = Spool(played.state).head()
    assert head is not None
    digest = head.statement.subject[0].digest.sha256
    (played.state.root / "blobs" / digest).write_bytes(b"[]\n[]\n")

    with pytest.raises(StateError, match="is damaged"):
        list(outgoing(played.state))


def test_sending_needs_an_enrolled_host(tmp_path: Path) -> None:
    """Without a server there is nobody to send to."""
    with pytest.raises(NotEnrolledError):
        State(tmp_path).require_enrolled()


def test_an_unreachable_server_keeps_the_spool(played: Played) -> None:
    """Server down: a clear message, exit 3, and everything is still there, once."""
    done = anfang("send", state=played.state)

    assert done.returncode == 3
    assert "The spool keeps everything" in done.stderr
    assert Spool(played.state).pending() == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="a full file system is mounted by root only")
def test_a_full_disk_leaves_the_chain_whole(tmp_path: Path) -> None:
    """No room for a report: said so, exit 3, and the chain ends where it ended."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], check=True)
    try:
        host = enrolled(small)
        assert anfang("scan", state=host.state).returncode == 1
        with (small / "filler").open("wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 4096)
            except OSError:
                pass

        done = anfang("scan", state=host.state)

        assert done.returncode == 3
        assert "No space left" in done.stderr
        assert Spool(host.state).sequences() == [1]
        (small / "filler").unlink()
        assert anfang("scan", state=host.state).returncode == 1
        assert Spool(host.state).sequences() == [1, 2]
    finally:
        subprocess.run(["/bin/umount", small], check=True)
