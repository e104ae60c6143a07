"""`anfang verify`: whose word, unchanged, and every verdict recomputed; exit codes tell."""

import json
import random
from pathlib import Path

import msgspec
import pytest

from agent.exchange import outgoing, take_in, whole
from agent.spool import Spool
from evidence import dsse, keys, parcel, trust
from evidence.parcel import Parcel
from evidence.statement import Report, Verdict, encode_statement
from tests.agent.enrolled import HOST_ID, Played, enrolled
from tests.agent.running import anfang

PLACES = 60
"""In how many places a bit is flipped."""


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """An enrolled host with one receipted report."""
    host = enrolled(tmp_path)
    anfang("scan", state=host.state)
    (sent,) = outgoing(host.state)
    take_in(host.state, host.receipts(sent))
    return host


@pytest.fixture
def file(played: Played, tmp_path: Path) -> Path:
    """The report as a file, its receipt with it."""
    path = tmp_path / "out.parcel"
    path.write_bytes(parcel.write(whole(played.state, [1])))
    return path


def test_everything_held_exits_0(played: Played, file: Path) -> None:
    """With the trust of the host, all of it holds."""
    done = anfang("verify", "--trust", str(played.state.trust_directory), str(file))

    assert done.returncode == 0, done.stdout
    assert "✓ verified" in done.stdout
    assert "3 verdicts and the score recomputed" in done.stdout
    assert "not that it is true" in done.stderr


def test_this_hosts_own_trust_is_the_default(played: Played, file: Path) -> None:
    """On an enrolled host its own server is who is believed."""
    assert anfang("verify", str(file), state=played.state).returncode == 0


def test_without_trust_the_signer_is_not_established(file: Path, tmp_path: Path) -> None:
    """What a parcel brings along vouches for nothing: exit 3."""
    done = anfang("verify", str(file), state=tmp_path / "nowhere", lang="zh")

    assert done.returncode == 3
    assert "签名人身份未确认" in done.stdout


def test_a_flipped_bit_anywhere_is_never_0(played: Played, file: Path, tmp_path: Path) -> None:
    """No byte of the file is without meaning."""
    data = file.read_bytes()
    places = random.Random(20261123).sample(range(len(data)), PLACES)  # places, no secret
    changed = []
    for place in places:
        path = tmp_path / f"{place}.parcel"
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        changed.append(path)

    done = anfang(
        "verify", "--json", "--trust", str(played.state.trust_directory), *map(str, changed)
    )

    outcomes = {f["path"]: f["outcome"] for f in json.loads(done.stdout)["files"]}
    assert len(outcomes) == PLACES
    assert [path for path, outcome in outcomes.items() if outcome == "held"] == []


def _resigned(played: Played, tmp_path: Path, verdict: Verdict) -> tuple[Path, Path]:
    """The host's report with `verdict` in place of its own, signed anew with the host's key; and
    a trust directory that believes the host alone."""
    entry = Spool(played.state).entry(1)
    statement = entry.statement
    report: Report = statement.predicate
    verdicts = tuple(verdict if v.check == verdict.check else v for v in report.verdicts)
    edited = msgspec.structs.replace(report, verdicts=verdicts)
    envelope = dsse.seal(encode_statement(statement.subject, edited), played.state.signing_key())
    honest = whole(played.state, [1])
    path = tmp_path / "edited.parcel"
    path.write_bytes(parcel.write(Parcel(envelopes=(envelope,), blobs=honest.blobs)))
    believed = tmp_path / "trust"
    believed.mkdir()
    trust.save_host(believed, HOST_ID, keys.load_key(played.state.key_file).public)
    return path, believed


def test_an_edited_verdict_is_named(played: Played, tmp_path: Path) -> None:
    """Re-signed with the host's own key, a verdict that does not follow from the tables is told."""
    report = Spool(played.state).entry(1).statement.predicate
    failed = next(v for v in report.verdicts if v.verdict == "fail")
    path, believed = _resigned(played, tmp_path, msgspec.structs.replace(failed, verdict="pass"))

    done = anfang("verify", "--trust", str(believed), str(path))

    assert done.returncode == 1
    assert "✗ not authentic" in done.stdout
    assert f"{failed.check}, verdict: the report says pass, recomputed fail" in done.stdout


def test_hidden_rows_are_named(played: Played, tmp_path: Path) -> None:
    """Evidence rows that were taken away are told by check."""
    report = Spool(played.state).entry(1).statement.predicate
    failed = next(v for v in report.verdicts if v.verdict == "fail")
    path, believed = _resigned(
        played, tmp_path, msgspec.structs.replace(failed, rows=(), row_count=0)
    )

    done = anfang("verify", "--trust", str(believed), str(path))

    assert done.returncode == 1
    assert failed.check in done.stdout


def test_a_withheld_table_is_counted(played: Played, tmp_path: Path) -> None:
    """What is not handed over is named as not checked: exit 3, neither 0 nor 1."""
    honest = whole(played.state, [1])
    statement = Spool(played.state).entry(1).statement
    users = next(s for s in statement.subject if s.name == "tables/users")
    kept = {d: b for d, b in honest.blobs.items() if d != users.digest.sha256}
    path = tmp_path / "withheld.parcel"
    path.write_bytes(
        parcel.write(Parcel(envelopes=honest.envelopes, blobs=kept, receipts=honest.receipts))
    )

    done = anfang("verify", "--trust", str(played.state.trust_directory), str(path))

    assert done.returncode == 3
    assert "table users is withheld" in done.stdout
    assert "CEP-AGT-902" in done.stdout


def test_a_file_that_is_missing_exits_2(tmp_path: Path) -> None:
    """That is a matter of usage, not of authenticity."""
    assert anfang("verify", str(tmp_path / "none")).returncode == 2


def test_a_trust_directory_must_be_one(file: Path, tmp_path: Path) -> None:
    """Whoever names a directory to trust wants it read."""
    done = anfang("verify", "--trust", str(tmp_path / "none"), str(file))

    assert done.returncode == 2
    assert "trust directory" in done.stderr
