"""What a host said is recomputed from what it recorded, by somebody who has nothing else.

The report is a real one: a stick among emulated devices, the shipped policy, enrolled with a real
server, receipted, exported by it. Changed parcels are verified by the real program.
"""

import dataclasses
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.exchange import whole
from agent.spool import Spool
from agent.state import State
from agent.verification import verify_files
from evidence import canonical, dsse, parcel
from evidence.finding import Outcome
from evidence.statement import (
    REPORT,
    Condition,
    Digest,
    Reason,
    Report,
    Statement,
    Subject,
    TableEntry,
    encode_statement,
)
from evidence.trust import Trust
from tests.agent.collector_server import serving
from tests.agent.running import anfang
from tests.collectors import umockdev
from tests.collectors.namespaces import mounted
from tests.e2e.hosts import POLICY, Scan
from tests.e2e.joined import assign, joined, send
from tests.e2e.machine import ROOT
from tests.e2e.preloaded import interpreter

pytestmark = pytest.mark.xdist_group("recomputation")

PLACES = 120
"""In how many places a byte of the exported parcel is flipped."""
COMPLETE = Condition(status="complete", reason=None)
DENIED = Condition(status="denied", reason=Reason(code="permission_denied", args=("/etc/passwd",)))


@dataclass(frozen=True)
class Delivered:
    """What an inspector is handed, and where it comes from."""

    state: State
    scan: Scan
    exported: Path
    """All of the host's reports, as the server hands them out."""
    trust: Path


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """A host scanned with an unregistered stick in it, and with sshd's files covered."""
    directory = tmp_path_factory.mktemp("delivered")
    exported, trust = directory / "host.parcel", directory / "trust"
    python = interpreter(directory / "python")
    hiding = [*mounted("mount -t tmpfs tmpfs /etc/ssh"), *umockdev.devices("stick")]
    with serving(directory) as server:
        assign(server, directory, sticks="")
        with joined(server, directory) as host:
            scan = host.scan(*hiding, python=python)
            send(host)
            data = ("--data", str(server.directory))
            server.run("export", *data, scan.report.host.id, str(exported))
            server.run("trust", *data, str(trust))
            yield Delivered(host.state, scan, exported, trust)


def test_offline_with_trust_everything_holds(delivered: Delivered, tmp_path: Path) -> None:
    """Without network, state or a collector to import, every verdict and the score come again."""
    alone = [
        *("unshare", "--net", "--"),
        *mounted(f"mount -t tmpfs none {ROOT}/collectors", f"mount -t tmpfs none {tmp_path}"),
    ]
    program = [sys.executable, "-m", "agent", "verify", "--lang", "en", "--config", "/dev/null"]
    state = ["--state", str(tmp_path / "none")]

    done = subprocess.run(
        [*alone, *program, *state, "--trust", str(delivered.trust), str(delivered.exported)],
        cwd=ROOT, capture_output=True, check=False, text=True, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stdout
    assert f"{len(POLICY.checks)} verdicts and the score recomputed" in done.stdout


def test_a_collector_cannot_be_imported_there(tmp_path: Path) -> None:
    """The place where the test above verifies has no collectors, so it shows what it says."""
    program = [sys.executable, "-c", "import collectors.usb"]

    done = subprocess.run(
        [*mounted(f"mount -t tmpfs none {ROOT}/collectors"), *program],
        cwd=ROOT, capture_output=True, check=False, text=True, timeout=60,
    )  # fmt: skip

    assert "ModuleNotFoundError" in done.stderr


def test_offline_without_trust_the_signer_is_not_established(
    delivered: Delivered, tmp_path: Path
) -> None:
    """What the parcel brings vouches for nothing; that it is intact is still told."""
    done = anfang("verify", "--json", str(delivered.exported), state=tmp_path / "none")

    (file,) = json.loads(done.stdout)["files"]
    assert done.returncode == 3
    assert {each["outcome"] for each in file["statements"]} == {"signer_unknown"}
    assert [each["differences"] for each in file["statements"] if each["predicate"] == REPORT] == [
        []
    ]


def test_no_flipped_byte_of_what_the_server_hands_out_holds(
    delivered: Delivered, tmp_path: Path
) -> None:
    """Every so many bytes of the whole parcel; every byte of a small one is flipped elsewhere."""
    data = delivered.exported.read_bytes()
    trust = Trust.load(delivered.trust)
    changed = []
    for place in range(0, len(data), len(data) // PLACES):
        path = tmp_path / str(place)
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
        changed.append(path)

    outcomes = {file.path: file.outcome for file in verify_files(changed, trust)}

    assert len(outcomes) >= PLACES
    assert [path for path, outcome in outcomes.items() if outcome is Outcome.HELD] == []


@dataclass(frozen=True)
class Said:
    """A report that can be changed, with the tables that it names."""

    report: Report
    tables: Mapping[str, bytes]

    def verdict(self, check: str, **changes: Any) -> "Said":
        """With another verdict on a check."""
        verdicts = tuple(
            msgspec.structs.replace(v, **changes) if v.check == check else v
            for v in self.report.verdicts
        )
        assert verdicts != self.report.verdicts
        return self.told(verdicts=verdicts)

    def entry(self, table: str, **changes: Any) -> "Said":
        """With another status, or another number of rows, of a table."""
        entries = tuple(
            msgspec.structs.replace(e, **changes) if e.name == table else e
            for e in self.report.tables
        )
        assert entries != self.report.tables
        return self.told(tables=entries)

    def without(self, table: str, column: str, value: str) -> "Said":
        """Without the rows of a table that have this cell."""
        entry = self._entry(table)
        place = entry.columns.index(column)
        rows = canonical.decode_table(
            self.tables[table], width=len(entry.columns), limit=len(self.tables[table])
        )
        kept = [row for row in rows if row[place] != value]
        assert len(kept) < len(rows)
        tables = {**self.tables, table: canonical.encode_table(kept)}
        return dataclasses.replace(self, tables=tables).entry(table, row_count=len(kept))

    def told(self, **changes: Any) -> "Said":
        """With other fields of the report."""
        return dataclasses.replace(self, report=msgspec.structs.replace(self.report, **changes))

    def _entry(self, table: str) -> TableEntry:
        return next(entry for entry in self.report.tables if entry.name == table)


def better(said: Said) -> Said:
    """A score with one more failure counted as a pass."""
    score = said.report.score
    return said.told(score=msgspec.structs.replace(score, pass_weight=score.pass_weight + 10))


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda said: said.verdict("CEP-USB-003", verdict="pass"), "CEP-USB-003, verdict"),
        (lambda said: said.verdict("CEP-USB-003", rows=(), row_count=0), "CEP-USB-003, evidence"),
        (lambda said: said.verdict("CEP-SSH-001", reasons=()), "CEP-SSH-001, reasons"),
        (better, "score, pass_weight"),
        (lambda said: said.entry("sshd_config", condition=COMPLETE), "CEP-SSH-001, verdict"),
        (lambda said: said.entry("users", condition=DENIED), "CEP-ACC-001, verdict"),
        (lambda said: said.without("usb_interfaces", "class", "08"), "CEP-USB-003, verdict"),
    ],
    ids=["verdict", "rows", "reasons", "score", "unreadable-complete", "complete-denied", "row"],
)
def test_what_was_edited_and_signed_again_is_named(
    delivered: Delivered, tmp_path: Path, edit: Callable[[Said], Said], named: str
) -> None:
    """The host's own key, all digests right: what does not follow from the tables is told."""
    honest, edited = Said(delivered.scan.report, delivered.scan.tables), tmp_path / "edited"
    control = tmp_path / "control"
    control.write_bytes(signed_again(delivered, honest))
    edited.write_bytes(signed_again(delivered, edit(honest)))

    before, done = (
        anfang("verify", "--trust", str(delivered.trust), str(path)) for path in (control, edited)
    )

    assert before.returncode == 3, before.stdout
    assert "no receipt" in before.stdout
    assert done.returncode == 1, done.stdout
    assert named in done.stdout


def signed_again(delivered: Delivered, said: Said) -> bytes:
    """The host's parcel with `said` in the place of its report, everything fitting again."""
    entry = Spool(delivered.state).entry(said.report.chain.sequence)
    statement: Statement[Report] = entry.statement
    subjects = []
    for subject in statement.subject:
        data = said.tables[subject.name.removeprefix("tables/")]
        subjects.append(Subject(subject.name, Digest(hashlib.sha256(data).hexdigest())))
    envelope = dsse.seal(
        encode_statement(tuple(subjects), said.report), delivered.state.signing_key()
    )
    honest = whole(delivered.state, [said.report.chain.sequence])
    named = {hashlib.sha256(data).hexdigest(): data for data in said.tables.values()}
    before = {subject.digest.sha256 for subject in statement.subject}
    kept = {digest: data for digest, data in honest.blobs.items() if digest not in before}
    envelopes = tuple(envelope if e == entry.envelope else e for e in honest.envelopes)
    return parcel.write(parcel.Parcel(envelopes=envelopes, blobs={**kept, **named}))
