"""A host scanned by the real program under the shipped policy, and what came of it.

Every scan is judged again from its own signed tables, in the program that cannot import a
collector; a scan that does not come out the same is an error here, whatever it was made for.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import msgspec

from agent.exchange import outgoing, take_in
from agent.spool import Spool
from agent.state import State
from evidence import canonical
from evidence.canonical import Cell
from evidence.statement import (
    Condition,
    PolicyRef,
    RegisterRef,
    Report,
    TableEntry,
    Verdict,
)
from facts.pseudonym import Pseudonym
from policies.compile import compile_policy, reference
from policies.load import LIBRARY, load
from policies.recompute import Recomputer
from policies.registers import write_register
from policies.rejudge import GivenRegister, GivenTable, Job
from policies.score import score
from tests.agent.enrolled import Played, enrolled
from tests.e2e.machine import ROOT

TIMEOUT_S = 60
NO_CONFIG = Path("/dev/null")
MAX_TABLE = 16 * 1024 * 1024
INIT = "/usr/lib/systemd/systemd"
STICK = Pseudonym(bytes(32))("device_serial", "4C530001230823112233")
"""The serial number in tests/devices/stick.umockdev, under the unit key of played servers."""
EVERY_REGISTER: Mapping[str, Sequence[Mapping[str, Cell]]] = {
    "approved_usb": [{"vendor_id": "0781", "model_id": "5567", "serial": STICK}],
    "zones": [{"zone": "办公区", "cidr": "0.0.0.0/0"}, {"zone": "办公区", "cidr": "::/0"}],
    "unit_networks": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}],
    "admin_sources": [{"cidr": "10.9.0.0/24"}],
    "approved_accounts": [],
    "approved_keys": [],
    "time_sources": [],
    "approved_listeners": [
        {"protocol": protocol, "port": "*", "address": "*", "program": "*"}
        for protocol in ("tcp", "udp", "udplite")
    ],
    "approved_wifi": [],
    "silent_zones": [{"zone": "办公区"}],
    "approved_printers": [],
    "approved_hardware": [],
    "approved_resolvers": [],
    "approved_gateways": [],
    "approved_outbound": [],
    "approved_proxies": [],
    "approved_tunnels": [{"interface": "*", "kind": "tun", "remote_address": "*"}],
    "approved_containers": [],
    "approved_modules": [],
    "approved_firmware": [],
    "approved_software": [{"name": "*"}],
    "approved_repositories": [{"uri": "*"}],
    "supported_systems": [],
    "antimalware": [],
    "approved_roots": [],
    "approved_autostart": [{"kind": "unit", "item": "*", "digest": "*"}],
}
"""Registers that approve of every address and program, and of the emulated stick."""
POLICY = load(LIBRARY / "cii-host.yaml").policy
COMPILED = compile_policy(POLICY)


@dataclass(frozen=True)
class Scan:
    """What one scan recorded and found."""

    report: Report
    tables: Mapping[str, bytes]
    """Canonical bytes by name; nothing of a scan that took no place in a chain."""
    blobs: Mapping[str, bytes]
    """Policies and registers, by digest."""

    def of(self, check: str) -> Verdict:
        """The verdict of a check, whole."""
        return next(verdict for verdict in self.report.verdicts if verdict.check == check)

    def verdict(self, check: str) -> str:
        """The outcome of a check."""
        return self.of(check).verdict

    def why(self, check: str) -> set[str]:
        """The codes of the reasons why a check is unknown."""
        return {reason.code for reason in self.of(check).reasons}

    def cells(self, check: str, column: str) -> list[Cell]:
        """One column of a check's evidence."""
        verdict = self.of(check)
        return [row[verdict.columns.index(column)] for row in verdict.rows]

    def entry(self, table: str) -> TableEntry:
        """How a table was observed."""
        return next(entry for entry in self.report.tables if entry.name == table)

    def complete(self, table: str) -> bool:
        """Whether nothing at all says that something of a table is missing."""
        entry = self.entry(table)
        conditions = [entry.condition, *entry.column_conditions.values()]
        conditions += [key.condition for key in entry.keys]
        return all(condition.status == "complete" for condition in conditions)

    @property
    def share(self) -> Fraction:
        """The score as one number."""
        found = self.report.score
        return Fraction(found.pass_weight, found.applicable_weight)

    @property
    def passed(self) -> set[str]:
        """The checks that pass."""
        return {verdict.check for verdict in self.report.verdicts if verdict.verdict == "pass"}


@dataclass(frozen=True)
class Scanner:
    """A state directory, and the judge of what is scanned with it."""

    state: State
    recomputer: Recomputer

    def scan(self, *prefix: str, python: Path | None = None) -> Scan:
        """What `anfang scan --json` finds, started behind `prefix`."""
        report = scan_json(["--state", str(self.state.root)], prefix, python)
        scan = self.newest()
        assert scan.report == report
        return scan

    def newest(self) -> Scan:
        """The newest report in the spool, judged again."""
        spool = Spool(self.state)
        head = spool.head()
        assert head is not None
        statement = head.statement
        report = statement.predicate
        digests = {s.name.removeprefix("tables/"): s.digest.sha256 for s in statement.subject}
        references: Sequence[PolicyRef | RegisterRef] = (*report.policies, *report.registers)
        scan = Scan(
            report,
            {name: spool.blob(digest) for name, digest in digests.items()},
            {ref.digest.sha256: spool.blob(ref.digest.sha256) for ref in references},
        )
        self._recompute(scan)
        return scan

    def shown_init(self, scan: Scan) -> Scan:
        """`scan` as it would be had this machine shown root its first process, judged again.

        Some machines refuse even root what program that is and what namespaces it is in, and then
        nothing that reads those of all processes can pass or fail. These two of that one process
        are supplied, nothing else; on other machines `scan` is returned as it is.
        """
        if "path" not in scan.entry("processes").column_conditions:
            return scan
        given = [
            _SHOWN[table.name](table, scan.tables[table.name])
            if table.name in _SHOWN
            else GivenTable(table, scan.tables[table.name])
            for table in scan.report.tables
        ]
        report = scan.report
        answer = self.recomputer.rejudge(
            Job(
                now=report.scan.started,
                tables=tuple(given),
                policies=tuple(scan.blobs[ref.digest.sha256] for ref in report.policies),
                registers=tuple(
                    GivenRegister(ref, scan.blobs[ref.digest.sha256]) for ref in report.registers
                ),
                parameters=report.parameters,
            )
        )
        judged = msgspec.structs.replace(
            report,
            verdicts=answer.verdicts,
            score=score((POLICY,), answer.verdicts, answer.oldest_fact),
        )
        return replace(scan, report=judged)

    def _recompute(self, scan: Scan) -> None:
        """That the scan's own tables lead to its verdicts and score."""
        report = scan.report
        policies = {ref.policy: scan.blobs[ref.digest.sha256] for ref in report.policies}
        registers = {ref.name: scan.blobs[ref.digest.sha256] for ref in report.registers}
        found = self.recomputer.recompute(report, scan.tables, policies, registers)
        assert found.differences == ()
        assert found.verdicts == report.verdicts


def _init_among_processes(entry: TableEntry, data: bytes) -> GivenTable:
    """`processes` with the path of process 1, the only one that may be missing."""
    refused = entry.column_conditions["path"].reason
    assert refused is not None
    assert (refused.code, refused.args) == ("permission_denied", ("/proc/1",))
    rows = canonical.decode_table(data, width=len(entry.columns), limit=MAX_TABLE)
    pid, path = entry.columns.index("pid"), entry.columns.index("path")
    assert [row[pid] for row in rows if row[path] is None] == [1]
    shown = [
        (*row[:path], row[path] or INIT if row[pid] == 1 else row[path], *row[path + 1 :])
        for row in rows
    ]
    known = msgspec.structs.replace(entry, column_conditions={})
    return GivenTable(known, canonical.encode_table(shown))


def _init_among_namespaces(entry: TableEntry, data: bytes) -> GivenTable:
    """`process_namespaces` with process 1 in the network of this test, where it may be missing."""
    refused = entry.column_conditions["net_namespace"].reason
    assert refused is not None
    assert (refused.code, refused.args) == ("permission_denied", ("/proc/1/ns/net",))
    rows = canonical.decode_table(data, width=len(entry.columns), limit=MAX_TABLE)
    pid, net = entry.columns.index("pid"), entry.columns.index("net_namespace")
    own = str(Path("/proc/self/ns/net").stat().st_ino)
    shown = [(*row[:net], own if row[pid] == 1 else row[net], *row[net + 1 :]) for row in rows]
    known = msgspec.structs.replace(entry, column_conditions={})
    return GivenTable(known, canonical.encode_table(shown))


def _init_asked_for(entry: TableEntry, data: bytes) -> GivenTable:
    """`process_executables` with that of process 1, if it was asked for."""
    complete = Condition(status="complete", reason=None)
    refused = [key for key in entry.keys if key.condition != complete]
    assert [key.value for key in refused] in ([], ["1"])
    rows = [
        row
        for row in canonical.decode_table(data, width=len(entry.columns), limit=MAX_TABLE)
        if row[entry.columns.index("path")] is not None
    ]
    cells: Mapping[str, Cell] = {"pid": 1, "path": INIT, "on_disk": 1}
    shown = [*rows, *[tuple(cells[name] for name in entry.columns) for _ in refused]]
    keys = tuple(msgspec.structs.replace(key, condition=complete) for key in entry.keys)
    known = msgspec.structs.replace(entry, keys=keys, row_count=len(shown))
    return GivenTable(known, canonical.encode_table(shown))


_SHOWN: Mapping[str, Callable[[TableEntry, bytes], GivenTable]] = {
    "processes": _init_among_processes,
    "process_executables": _init_asked_for,
    "process_namespaces": _init_among_namespaces,
}


@dataclass(frozen=True)
class Host(Scanner):
    """A host that a played server has assigned the shipped policy."""

    played: Played

    def adopt(self, **registers: Sequence[Mapping[str, Cell]]) -> None:
        """Assign the policy with these registers, and with none else."""
        written = [
            write_register(name, POLICY.registers[name].columns, rows)
            for name, rows in registers.items()
        ]
        policy = reference(POLICY, COMPILED)
        blobs = {ref.digest.sha256: data for ref, data in written}
        before = self.state.assigned
        serial = 1 if before is None else before.assignment.serial + 1
        references = tuple(ref for ref, _ in written)
        parcel = self.played.assignment(
            (policy,), references, {policy.digest.sha256: COMPILED, **blobs}, serial
        )
        take_in(self.state, parcel)

    def receipt(self) -> None:
        """Have what waits receipted."""
        for sent in outgoing(self.state):
            take_in(self.state, self.played.receipts(sent))


@contextmanager
def host(directory: Path) -> Iterator[Host]:
    """A host below `directory` with the shipped policy and every register."""
    played = enrolled(directory)
    with Recomputer() as recomputer:
        made = Host(played.state, recomputer, played)
        made.adopt(**EVERY_REGISTER)
        yield made


def scan_json(
    arguments: Sequence[str],
    prefix: Sequence[str] = (),
    python: Path | None = None,
    *,
    config: Path = NO_CONFIG,
) -> Report:
    """The report that `anfang scan --json` prints, started behind `prefix`."""
    program = [str(python or sys.executable), "-m", "agent", "scan", "--json"]
    done = subprocess.run(
        [*prefix, *program, *arguments, "--config", str(config), "--lang", "en"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if done.returncode not in (0, 1, 3) or not done.stdout:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.decode()}")
    return msgspec.convert(msgspec.json.decode(done.stdout)["report"], Report)
