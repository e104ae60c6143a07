"""From a token to a verified receipt, with a real server on loopback."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.spool import Spool
from agent.state import State
from evidence import dsse
from evidence.statement import encode_statement
from tests.agent.collector_server import CollectorServer, serving
from tests.agent.enrolled import POLICY
from tests.agent.running import anfang


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorServer]:
    """One server for all tests here."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def _enrolled(server: CollectorServer, directory: Path) -> State:
    state = State(directory / "state")
    done = anfang("enroll", server.url, "--token", server.token(), state=state)
    assert done.returncode == 0, done.stderr
    return state


def test_from_token_to_verified_receipt(server: CollectorServer, tmp_path: Path) -> None:
    """Enrol, scan, send, receipt checked, everything verified: the whole local road."""
    state = _enrolled(server, tmp_path)
    scanned = anfang("scan", state=state)
    sent = anfang("send", state=state)
    exported = anfang("export", "--all", str(tmp_path / "all.parcel"), state=state)

    verified = anfang("verify", str(tmp_path / "all.parcel"), state=state)

    assert [each.returncode for each in (scanned, sent, exported, verified)] == [1, 0, 0, 0]
    assert "1 receipt(s) received and verified" in sent.stderr
    assert "✓ receipt valid" in verified.stdout
    assert anfang("status", state=state).returncode == 0


def test_secrets_are_the_owners_alone(server: CollectorServer, tmp_path: Path) -> None:
    """Key and unit key are readable by their owner only, and are nowhere in what is exported."""
    state = _enrolled(server, tmp_path)
    anfang("scan", state=state)
    anfang("export", str(tmp_path / "out"), state=state)

    unit_key = state.pseudonym_key
    assert unit_key is not None
    for name in ("key.pem", "unit.key"):
        assert (state.root / name).stat().st_mode & 0o777 == 0o600
    assert unit_key not in (tmp_path / "out").read_text("utf-8")


def test_a_second_enrolment_is_refused(server: CollectorServer, tmp_path: Path) -> None:
    """A host that has a server keeps it, and its token stays unused."""
    state = _enrolled(server, tmp_path)
    token = server.token()

    again = anfang("enroll", server.url, "--token", token, state=state)
    other = anfang("enroll", server.url, "--token", token, state=tmp_path / "other")

    assert again.returncode == 3
    assert server.url in again.stderr
    assert other.returncode == 0


def test_a_used_token_is_refused(server: CollectorServer, tmp_path: Path) -> None:
    """One token enrols one host; the other is told why, and is not half enrolled."""
    token = server.token()
    anfang("enroll", server.url, "--token", token, state=tmp_path / "one")

    done = anfang("enroll", server.url, "--token", token, state=tmp_path / "two")

    assert done.returncode == 3
    assert "used up" in done.stderr
    assert not State(tmp_path / "two").enrolled


def test_asking_again_after_a_lost_answer(server: CollectorServer, tmp_path: Path) -> None:
    """The same key with the same token gets the same enrolment."""
    token = server.token()
    state = State(tmp_path / "state")
    anfang("enroll", server.url, "--token", token, state=state)
    host = state.host
    assert host is not None
    state.write_host(type(host)(id=host.id))  # as if the answer had not come

    done = anfang("enroll", server.url, "--token", token, state=state)

    assert done.returncode == 0, done.stderr
    assert state.host == host


def test_a_token_of_another_server_is_not_told(
    server: CollectorServer, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The certificate is held against the token before the token is sent: exit 1."""
    token = server.token()
    with serving(tmp_path_factory.mktemp("other")) as other:
        done = anfang("enroll", other.url, "--token", token, state=tmp_path / "state")

    assert done.returncode == 1
    assert "the token was not sent" in done.stderr
    assert anfang("enroll", server.url, "--token", token, state=tmp_path / "s").returncode == 0


def test_an_authority_behind_the_one_the_token_names_is_not_pinned(
    server: CollectorServer, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Who answers with the right certificate, which is public, and one of his own gets no token."""
    token = server.token()
    with serving(tmp_path_factory.mktemp("between")) as between:
        authority = between.directory / "ca.pem"
        right = (server.directory / "ca.pem").read_bytes()
        authority.write_bytes(right + authority.read_bytes())

        done = anfang("enroll", between.url, "--token", token, state=tmp_path / "state")

    assert done.returncode == 1
    assert not State(tmp_path / "state").enrolled
    assert anfang("enroll", server.url, "--token", token, state=tmp_path / "s").returncode == 0


def test_a_server_with_another_authority_gets_nothing(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Once enrolled, whoever takes the server's place is refused: exit 1, spool kept."""
    with serving(tmp_path_factory.mktemp("first")) as first:
        state = _enrolled(first, tmp_path)
        anfang("scan", state=state)
        with serving(tmp_path_factory.mktemp("second")) as second:
            host = state.host
            assert host is not None
            moved = {name: getattr(host, name) for name in host.__struct_fields__}
            state.write_host(type(host)(**{**moved, "server": second.url}))

            done = anfang("send", state=state)

    assert done.returncode == 1
    assert "not the server this host was enrolled with" in done.stderr
    assert Spool(state).pending() == [1]


def test_a_server_that_is_down_loses_and_doubles_nothing(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """While it is down the spool grows; afterwards each report has one receipt."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        state = _enrolled(server, tmp_path)
        anfang("scan", state=state)
        server.stop()
        down = anfang("send", state=state)
        anfang("scan", state=state)
        server.start()

        up = anfang("send", state=state)
        again = anfang("send", state=state)

    assert [each.returncode for each in (down, up, again)] == [3, 0, 0]
    assert "cannot reach the server" in down.stderr
    assert "2 receipt(s)" in up.stderr
    assert "0 receipt(s)" in again.stderr


def test_a_server_restored_from_a_backup_is_given_what_it_lost(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It lacks tables that it once receipted; they travel again, and the next report arrives."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        state = _enrolled(server, tmp_path)
        server.stop()
        backup = tmp_path / "backup"
        shutil.copytree(server.directory, backup)
        server.start()
        anfang("scan", state=state)
        anfang("send", state=state)
        server.stop()
        shutil.rmtree(server.directory)
        shutil.copytree(backup, server.directory)
        server.start()
        anfang("scan", state=state)

        sent = anfang("send", state=state)

    assert sent.returncode == 0, sent.stderr
    assert "1 receipt(s)" in sent.stderr
    assert Spool(state).pending() == []


def test_a_new_assignment_arrives_with_the_next_sending(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the unit assigns next judges the next scan, also when there was nothing to send."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        state = _enrolled(server, tmp_path)
        newer = tmp_path / "newer.yaml"
        newer.write_text(POLICY.replace("2026.11.0", "2026.11.1"), "utf-8")
        server.assign(newer)

        sent = anfang("send", state=state)

    assigned = state.assigned
    assert "newer assignment" in sent.stderr
    assert assigned is not None
    assert [ref.version for ref in assigned.assignment.policies] == ["2026.11.1"]


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://127.0.0.1:1", "anf1." + "a" * 32 + "." + "b" * 32, "https://server:8443"),
        ("https://127.0.0.1:1", "anf1.abc", "not an enrolment token"),
        ("https://u:p@127.0.0.1:1", "anf1." + "a" * 32 + "." + "b" * 32, "https://server:8443"),
    ],
)
def test_what_cannot_be_an_enrolment_exits_2(
    tmp_path: Path, url: str, token: str, said: str
) -> None:
    """A wrong address or half a token is a matter of usage, and leaves no key behind."""
    done = anfang("enroll", url, "--token", token, state=tmp_path / "state")

    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "state" / "key.pem").exists()


def test_a_report_that_is_refused_for_good_does_not_block_the_others(
    server: CollectorServer, tmp_path: Path
) -> None:
    """It keeps its place and its bytes, status says why, and the server sees that it is missing."""
    state = _enrolled(server, tmp_path)
    anfang("scan", state=state)
    refused = _resigned(state, 1)
    anfang("scan", state=state)

    first = anfang("send", state=state)
    second = anfang("send", state=state)
    status = [anfang("status", state=state, lang=lang) for lang in ("zh", "en")]
    machine = json.loads(anfang("status", "--json", state=state).stdout)

    spool = Spool(state)
    assert (first.returncode, second.returncode) == (3, 0)
    assert "refuses report(s) 1 for good" in first.stderr
    assert (spool.sequences(), spool.pending(), list(spool.refused())) == ([1, 2], [], [1])
    assert spool.entry(1).digest == refused
    assert spool.entry(2).statement.predicate.chain.previous == refused
    assert [each.returncode for each in status] == [1, 1]
    assert "服务器拒收" in status[0].stdout
    assert "report 1 is not accepted" in status[1].stdout
    assert machine["refused"]["1"]["code"] == "report_broken"
    with sqlite3.connect(server.directory / "anfang.sqlite") as database:
        links = database.execute(
            "SELECT sequence, link FROM reports WHERE host_id = ?", [machine["host_id"]]
        ).fetchall()
    assert links == [(2, "gap")]


def test_a_refused_report_is_never_pruned(server: CollectorServer, tmp_path: Path) -> None:
    """However many follow it, what was signed stays; what was receipted goes as ever."""
    state = _enrolled(server, tmp_path)
    anfang("scan", state=state)
    _resigned(state, 1)
    for _ in range(2):
        anfang("scan", state=state)
    anfang("send", state=state)

    Spool(state).prune(1)

    assert Spool(state).sequences() == [1, 3]
    assert list(Spool(state).refused()) == [1]


def _resigned(state: State, sequence: int) -> str:
    """Have the report at that place speak of another host, and signed; its new digest."""
    entry = Spool(state).entry(sequence)
    said = entry.statement
    other = msgspec.structs.replace(said.predicate.host, id="f" * 32)
    payload = encode_statement(said.subject, msgspec.structs.replace(said.predicate, host=other))
    state.write(f"spool/{sequence:010d}.json", dsse.seal(payload, state.signing_key()))
    return Spool(state).entry(sequence).digest
