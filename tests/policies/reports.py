"""A report on sample facts as a host would make it, and its parts by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from evidence.canonical import Cell
from evidence.statement import (
    Chain,
    Clock,
    Cost,
    Digest,
    Host,
    RegisterRef,
    Report,
    Scan,
    View,
)
from evidence.statement import Engine as EngineBuild
from facts.engine import Engine
from facts.snapshot import to_wire
from policies.compile import compile_policy, reference
from policies.given import GivenFacts
from policies.judge import catalogue, judge, needs, oldest_fact
from policies.model import CheckTest, Policy
from policies.registers import read_register, write_register
from policies.score import score

NOW = "2026-11-23T08:00:00Z"


@dataclass(frozen=True)
class Made:
    """A report and the bytes it names."""

    report: Report
    tables: Mapping[str, bytes]
    policies: Mapping[str, bytes]
    registers: Mapping[str, bytes]


def make(
    policies: list[dict[str, Any]],
    given: dict[str, Any],
    registers: Mapping[str, list[dict[str, Cell]]],
    parameters: dict[str, int | str] | None = None,
) -> Made:
    """A report on the facts in `given`, which is written as in a policy's tests."""
    typed = [msgspec.convert(policy, Policy) for policy in policies]
    test = msgspec.convert({"name": "-", "given": given, "verdict": "pass"}, CheckTest)
    adopted: dict[str, tuple[RegisterRef, bytes]] = {}
    for name, rows in registers.items():
        columns = next(p.registers[name].columns for p in typed if name in p.registers)
        adopted[name] = write_register(name, columns, rows)
    engine = Engine(GivenFacts.of(test), catalogue=catalogue(typed), now=NOW)
    read = needs(typed, engine)
    for _ in engine.load(read):
        pass
    held = {name: read_register(*register) for name, register in adopted.items()}
    verdicts = tuple(judge(typed, engine, held, parameters or {}))
    recorded = engine.recorded().tables.values()
    wire = {table.name: to_wire(table) for table in recorded}
    compiled = {policy.policy: compile_policy(policy) for policy in typed}
    report = Report(
        host=Host(id="0" * 32, name="host"),
        scan=Scan(
            id="1",
            started=NOW,
            ended=NOW,
            clock=Clock(synchronised=True, offset_ms=0),
            trigger="manual",
        ),
        chain=Chain(sequence=1, previous=None, boot_id="b", last_seen=None, interval_s=None),
        assignment=None,
        policies=tuple(reference(policy, compiled[policy.policy]) for policy in typed),
        registers=tuple(ref for ref, _ in adopted.values()),
        parameters=parameters or {},
        tables=tuple(entry for entry, _ in wire.values()),
        verdicts=verdicts,
        score=score(typed, verdicts, oldest_fact(read, recorded)),
        engine=EngineBuild(anfang="0", sqlite="3", python="3"),
        agent=Digest(sha256="0" * 64),
        view=View(uid=0, capabilities="0", namespaces={}, hidepid="off", root="/"),
        cost=Cost(cpu_ms=1, wall_ms=1, peak_kib=1),
    )
    return Made(
        report,
        {name: data for name, (_, data) in wire.items()},
        compiled,
        {name: data for name, (_, data) in adopted.items()},
    )
