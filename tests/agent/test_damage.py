"""A state directory that is damaged, exchanged or cut short: said in words, and never forked."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.exchange import outgoing, take_in
from agent.launch import Run
from agent.spool import Spool
from agent.standing import standing
from agent.state import State, this_host
from evidence import dsse, keys
from evidence.statement import Assignment, decode_statement, encode_statement
from tests.agent.enrolled import Played, enrolled
from tests.agent.running import anfang


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """An enrolled host with two reports, both receipted."""
    host = enrolled(tmp_path)
    for _ in range(2):
        anfang("scan", state=host.state)
    (sent,) = outgoing(host.state)
    take_in(host.state, host.receipts(sent))
    return host


def flipped(path: Path, at: int) -> None:
    """Exchange one letter of base64 for another, as a failing disk may."""
    data = bytearray(path.read_bytes())
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    path.write_bytes(data)


def no_json(state: State) -> None:
    flipped(Spool(state).path(2), 40)


def cut_short(state: State) -> None:
    os.truncate(Spool(state).path(2), 50)


def another_report(state: State) -> None:
    """The payload is whole and says something else: one digit of the processor time."""
    path = Spool(state).path(2)
    opened = dsse.open_envelope(path.read_bytes())
    at = opened.payload.index(b'"cpu_ms":') + len(b'"cpu_ms":')
    other = b"7" if opened.payload[at : at + 1] != b"7" else b"8"
    payload = opened.payload[:at] + other + opened.payload[at + 1 :]
    path.write_bytes(dsse.write(dsse.Envelope(payload, opened.signatures)))


@pytest.mark.parametrize("damage", [no_json, cut_short, another_report])
def test_a_damaged_head_is_not_followed(played: Played, damage: Callable[[State], None]) -> None:
    """The next report would name what nobody ever signed: exit 3, with the file."""
    damage(played.state)

    done = anfang("scan", state=played.state)

    assert done.returncode == 3
    assert "0000000002.json: damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_receipted_report_that_is_lost_keeps_its_place(played: Played) -> None:
    """Its receipt says what it was: the next one follows it, and there is no fork."""
    head = Spool(played.state).head()
    assert head is not None
    Spool(played.state).path(2).unlink()

    done = anfang("scan", state=played.state)

    chain = Spool(played.state).entry(3).statement.predicate.chain
    assert done.returncode in (1, 3)
    assert (chain.sequence, chain.previous) == (3, head.digest)
    assert standing(played.state).chain_state == "gap"


def test_another_key_does_not_continue_the_chain(played: Played) -> None:
    """A key from elsewhere is told before anything is signed with it."""
    played.state.key_file.unlink()
    keys.create_key(played.state.key_file)

    done = anfang("scan", state=played.state)

    assert done.returncode == 3
    assert "not the key that signed this host's chain" in done.stderr
    assert Spool(played.state).sequences() == [1, 2]


def test_an_assignment_edited_here_is_not_in_force(played: Played) -> None:
    """A longer interval written into the file is no word of the server's."""
    path = played.state.root / "assignment.json"
    opened = dsse.open_envelope(path.read_bytes())
    said = decode_statement(opened.payload, Assignment)
    payload = encode_statement(said.subject, said.predicate).replace(b"3600", b"9600")
    path.write_bytes(dsse.write(dsse.Envelope(payload, opened.signatures)))

    done = anfang("scan", state=played.state)

    assert done.returncode == 3
    assert "assignment.json: damaged, or not by this host's server" in done.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("seen-checkpoint", b"nonsense"),
        ("seen-checkpoint", b"\xff"),
        ("receipts/0000000002.txt", b"nonsense"),
        ("receipts/0000000002.txt", b"\xff"),
        ("unit.key", b"zz"),
        ("unit.key", b"00"),
        ("unit.key", b"\xff"),
        ("assignment.json", b"{}"),
    ],
)
def test_damage_is_said_in_words(played: Played, name: str, content: bytes) -> None:
    """Which file, and how it comes back; nothing damaged is signed into a report."""
    (played.state.root / name).write_bytes(content)

    done = anfang("scan", state=played.state)

    assert done.returncode == 3
    assert f"{name}: damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert Spool(played.state).sequences() == [1, 2]


def test_what_is_no_file_holds_nobody_up(played: Played) -> None:
    """A FIFO in the place of a file is told at once."""
    path = played.state.root / "host.json"
    path.unlink()
    os.mkfifo(path)

    done = anfang("scan", state=played.state)

    assert done.returncode == 3
    assert "not a regular file" in done.stderr


def test_strange_names_are_no_places(played: Played) -> None:
    """Copies, and names that are no place in a chain, are passed over."""
    for name in ("0000000099.json.bak", "99999999999.json", "7.json", "0000000007"):
        (played.state.root / "spool" / name).touch()

    assert Spool(played.state).sequences() == [1, 2]


def test_what_killed_writes_left_is_swept_out(played: Played) -> None:
    """Half-written files of every directory go with the next clearing."""
    left = [
        played.state.root / name
        for name in (".host.json.0011.tmp", "spool/.0000000003.json.22.tmp", "blobs/.ab.33.tmp")
    ]
    for path in left:
        path.write_bytes(b"half")

    Spool(played.state).prune(keep=100)

    assert [path for path in left if path.exists()] == []
    assert Spool(played.state).sequences() == [1, 2]


def test_a_child_that_does_not_take_its_job_is_given_up() -> None:
    """Also before it has read anything, its time is all the time that there is."""
    process = subprocess.Popen(
        ["/bin/sleep", "60"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    run = Run(process, wall_s=0.5)
    began = time.monotonic()

    run.give(b"x" * (4 * 1024 * 1024))
    messages = list(run)

    assert (messages, run.broke_off) == ([], "over_time")
    assert time.monotonic() - began < 30
    assert process.returncode is not None


def test_a_state_directory_that_others_may_change_is_not_used(tmp_path: Path) -> None:
    """Whoever can exchange a key there cannot be told from the host: exit 3, and what to do."""
    state = enrolled(tmp_path).state
    state.root.chmod(0o777)

    done = anfang("scan", state=state)

    assert done.returncode == 3
    assert "chmod 700" in done.stderr
    assert Spool(state).sequences() == []


def test_the_lock_is_no_way_to_another_file(tmp_path: Path) -> None:
    """A link in its place is not followed: nothing is made where it points."""
    state = enrolled(tmp_path).state
    (state.root / "lock").unlink(missing_ok=True)
    (state.root / "lock").symlink_to(tmp_path / "elsewhere")

    done = anfang("scan", state=state)

    assert done.returncode == 3
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("nodename", "said"), [(b"", "(none)"), (b"\xff" * 64, ("\\xff" * 64)[:255]), (b"a", "a")]
)
def test_a_host_of_any_name_can_report(
    monkeypatch: pytest.MonkeyPatch, nodename: bytes, said: str
) -> None:
    """What a server would refuse is never signed: it would keep the spool from being sent."""
    found = os.uname()
    named = os.uname_result((found.sysname, os.fsdecode(nodename), *found[2:]))
    monkeypatch.setattr(os, "uname", lambda: named)

    assert this_host("0" * 32).name == said
