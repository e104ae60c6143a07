"""Judging recorded facts again: the same verdicts from the same bytes, in a process of its own.

    python -I -m policies.rejudge      one `Job` a line on stdin, one `Rejudged` a line on stdout

The program is exec'd with an empty environment and no file but its three pipes. It imports what
judging needs, locks itself (`policies.lockdown`), and only then reads what others sent.
"""

import codecs
import difflib
import signal
import socket
import sys
from collections.abc import Sequence

import msgspec

from evidence.statement import RegisterRef, TableEntry, Verdict
from facts.engine import Engine
from facts.errors import MalformedTableError
from facts.plan import Needs
from facts.snapshot import RecordedTable, Snapshot, from_wire
from facts.tables import SPECS
from policies.compile import read_compiled
from policies.errors import ConflictError, PolicyError, RegisterError
from policies.judge import catalogue, judge, needs
from policies.lockdown import limit_cpu, lock, refuse_collectors
from policies.model import Check, Policy
from policies.registers import Register, read_register

PRELOADED = (difflib, socket, codecs.lookup("utf-16-be"))
"""What is otherwise imported only when it is needed, which is too late in a locked process."""

CPU_S = 60
"""Processor time one job may take, in seconds."""


class GivenTable(msgspec.Struct, frozen=True):
    """A recorded table."""

    entry: TableEntry
    data: bytes | None
    """Its canonical bytes; None if they were withheld."""


class GivenRegister(msgspec.Struct, frozen=True):
    """An adopted register."""

    reference: RegisterRef
    data: bytes | None
    """Its canonical bytes; None if they were withheld."""


class Job(msgspec.Struct, frozen=True):
    """What one scan recorded, and what to judge it by."""

    now: str
    """The start of the scan."""
    tables: tuple[GivenTable, ...]
    policies: tuple[bytes, ...]
    """Compiled, in the order of the report."""
    registers: tuple[GivenRegister, ...]
    parameters: dict[str, int | str]


class Rejudged(msgspec.Struct, frozen=True):
    """What comes of judging again."""

    verdicts: tuple[Verdict, ...]
    """Of all checks but the unchecked ones, in the order of the policies and their checks."""
    unchecked: tuple[tuple[str, str], ...]
    """(policy, check) that rest on something withheld or malformed."""
    malformed: tuple[tuple[str, str], ...]
    """What cannot be read as what it is said to be: `tables/usb_devices`, and why."""
    oldest_fact: str | None
    strange: tuple[str, ...] = ()
    """Tables in a version that is not known here, and that so could be misread: `tables/x v2`."""


def judge_again(job: Job) -> Rejudged:
    """The verdicts on `job`; never raises for what it holds."""
    return _Rejudging(job).rejudged()


class _Rejudging:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._malformed: list[tuple[str, str]] = []
        self._strange: list[str] = []
        self._absent: set[str] = set()
        """Tables and registers that were recorded or adopted and cannot be read here."""

    def rejudged(self) -> Rejudged:
        policies = self._policies()
        tables = self._tables()
        registers = self._registers()
        try:
            engine = Engine(Snapshot(tables), catalogue=catalogue(policies), now=self._job.now)
        except ConflictError as e:
            self._malform("policies", ", ".join(policy.policy for policy in policies), e)
            return Rejudged((), _names(policies), tuple(self._malformed), None)
        read = needs(policies, engine)
        for _ in engine.load(read):
            pass
        unchecked = [
            (policy.policy, check.id)
            for policy in policies
            for check in policy.checks
            if self._rests_on_absent(policy, check, engine)
        ]
        verdicts = judge(policies, engine, registers, self._job.parameters)
        return Rejudged(
            tuple(v for v in verdicts if (v.policy, v.check) not in unchecked),
            tuple(unchecked),
            tuple(self._malformed),
            self._oldest(read),
            tuple(self._strange),
        )

    def _policies(self) -> list[Policy]:
        policies = []
        for data in self._job.policies:
            try:
                policies.append(read_compiled(data))
            except PolicyError as e:
                self._malform("policies", "", e)
        return policies

    def _tables(self) -> list[RecordedTable]:
        tables = []
        for table in self._job.tables:
            spec = SPECS.get(table.entry.name)
            if spec is not None and table.entry.version != spec.version:
                self._strange.append(f"tables/{table.entry.name} v{table.entry.version}")
                self._absent.add(table.entry.name)
                continue
            try:
                if table.data is not None:
                    tables.append(from_wire(table.entry, table.data))
                    continue
            except MalformedTableError as e:
                self._malform("tables", table.entry.name, e)
            self._absent.add(table.entry.name)
        return tables

    def _registers(self) -> dict[str, Register]:
        registers = {}
        for register in self._job.registers:
            name = register.reference.name
            try:
                if register.data is not None:
                    registers[name] = read_register(register.reference, register.data)
                    continue
            except RegisterError as e:
                self._malform("registers", name, e)
            self._absent.add(name)
        return registers

    def _rests_on_absent(self, policy: Policy, check: Check, engine: Engine) -> bool:
        alone = msgspec.structs.replace(policy, checks=(check,))
        return bool(needs([alone], engine).keys() & self._absent)

    def _oldest(self, read: Needs) -> str | None:
        entries = (table.entry for table in self._job.tables)
        return min((entry.read_at for entry in entries if entry.name in read), default=None)

    def _malform(self, kind: str, name: str, error: Exception) -> None:
        self._malformed.append((f"{kind}/{name}".rstrip("/"), str(error)))


def _names(policies: Sequence[Policy]) -> tuple[tuple[str, str], ...]:
    return tuple((policy.policy, check.id) for policy in policies for check in policy.checks)


def main() -> None:
    """Answer jobs until stdin ends."""
    refuse_collectors()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    lock()
    decoder, encoder = msgspec.json.Decoder(Job), msgspec.json.Encoder()
    while line := sys.stdin.buffer.readline():
        limit_cpu(CPU_S)
        answer = judge_again(decoder.decode(line))
        sys.stdout.buffer.write(encoder.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
