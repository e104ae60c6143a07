"""Assignments: which policies, registers and parameters a unit's hosts must run.

Read from the administrator's files, checked against what the policies declare, signed and logged.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sqlalchemy import Connection, insert, select

from evidence import dsse
from evidence.statement import (
    ASSIGNMENT,
    Assignment,
    PolicyRef,
    Subject,
    encode_statement,
)
from facts.errors import QueryError
from facts.plan import Planner
from facts.reasons import say
from policies.compile import MAX_COMPILED, compile_policy, read_compiled, reference
from policies.errors import PolicyError
from policies.judge import catalogue
from policies.load import LIBRARY, load
from policies.model import Parameter, Policy
from server import clock, files, log, units
from server.errors import UsageError
from server.ingest import MAX_INTERVAL
from server.log import Entry, Log
from server.registers import identifiers, read_register
from server.store.envelopes import pack
from server.store.schema import assignments, blobs
from server.units import Unit

MIN_INTERVAL = 60
"""The shortest interval between two reports, in seconds."""


@dataclass(frozen=True, slots=True)
class Read:
    """A policy as it will be shipped."""

    policy: Policy
    compiled: bytes

    @property
    def reference(self) -> PolicyRef:
        """How the assignment names it."""
        return reference(self.policy, self.compiled)


def read_policy(name: str) -> Read:
    """The policy in the file `name` (YAML, or compiled JSON), or the shipped one of that name.

    Raises:
        UsageError: there is none, or it has to be corrected.
    """
    path = Path(name)
    if not path.suffix and not path.exists():
        path = LIBRARY / f"{name}.yaml"
    try:
        if path.suffix == ".json":
            compiled = files.read(path, MAX_COMPILED)
        else:
            compiled = compile_policy(load(path).policy)
        policy = read_compiled(compiled)
        _must_plan(path, policy)
        return Read(policy, compiled)
    except PolicyError as e:
        raise UsageError(f"{path}: 检查策略有误：{e}", f"{path}: {e}") from e
    except OSError as e:
        raise files.unreadable(path, e) from e


def _must_plan(path: Path, policy: Policy) -> None:
    """That every check can be carried out: hosts could only answer `unknown` to one that cannot.

    Raises:
        UsageError: SQL that does not plan, or that reads what never leaves a host.
        PolicyError: tables that cannot stand side by side.
    """
    planner = Planner(catalogue([policy]))
    for check in policy.checks:
        for sql in (check.applies, check.violations, check.expects):
            try:
                if sql is not None:
                    planner.plan(sql, check.parameters)
            except QueryError as e:
                raise UsageError(
                    f"{path}：{check.id} 无法执行：{say(e.reason, 'zh')}。"
                    "用 anfang policy lint 逐项查错",
                    f"{path}: {check.id} cannot be carried out: {say(e.reason, 'en')}; "
                    "anfang policy lint shows line and fix",
                ) from e


def assign(
    connection: Connection,
    logbook: Log,
    unit: Unit,
    read: Iterable[Read],
    *,
    registers: Mapping[str, Path],
    parameters: Mapping[str, str],
    interval_s: int,
) -> Assignment:
    """Assign to `unit`, in place of what was assigned before; what is in force now.

    Raises:
        UsageError: a register or parameter that no policy declares, or an impossible value.
    """
    every = list(read)
    if len({item.policy.policy for item in every}) != len(every):
        raise UsageError("同一检查策略给出了两次", "the same policy twice")
    if not MIN_INTERVAL <= interval_s <= MAX_INTERVAL:
        raise UsageError(
            f"上报间隔应在 {MIN_INTERVAL} 至 {MAX_INTERVAL} 秒之间，现为 {interval_s}",
            f"the interval is {MIN_INTERVAL} to {MAX_INTERVAL} seconds, not {interval_s}",
        )
    now = clock.now()
    columns = _declared_registers(every)
    identify = identifiers(item.policy for item in every) if registers else {}
    adopted = []
    for name, path in sorted(registers.items()):
        if name not in columns:
            raise _undeclared("登记册", "register", name, columns)
        adopted.append(
            read_register(
                path, name, columns[name], unit.pseudonym, now, identify=identify.get(name, {})
            )
        )
    before = units.newest_assignments(connection, [unit.id]).get(unit.id)
    assignment = Assignment(
        unit=unit.name,
        serial=before.serial + 1 if before else 1,
        issued=clock.stamp(now),
        policies=tuple(item.reference for item in every),
        registers=tuple(ref for ref, _ in adopted),
        parameters=_parameters(every, parameters),
        interval_s=interval_s,
    )
    contents = {item.reference.digest.sha256: item.compiled for item in every}
    contents |= {ref.digest.sha256: data for ref, data in adopted}
    _store(connection, logbook, unit, assignment, contents)
    return assignment


def _store(
    connection: Connection,
    logbook: Log,
    unit: Unit,
    assignment: Assignment,
    contents: Mapping[str, bytes],
) -> None:
    subjects = [Subject(f"policies/{ref.policy}", ref.digest) for ref in assignment.policies]
    subjects += [Subject(f"registers/{ref.name}", ref.digest) for ref in assignment.registers]
    envelope = dsse.open_envelope(
        dsse.seal(encode_statement(tuple(subjects), assignment), logbook.key)
    )
    known = set(
        connection.scalars(select(blobs.c.sha256).where(blobs.c.sha256.in_(list(contents))))
    )
    new = [
        {"sha256": digest, "data": pack(data), "size": len(data), "stored_at": assignment.issued}
        for digest, data in contents.items()
        if digest not in known
    ]
    if new:
        connection.execute(insert(blobs), new)
    entry = Entry.of(envelope, ASSIGNMENT, logbook.key.key_id)
    log.append(connection, logbook, [entry], assignment.issued)
    connection.execute(
        insert(assignments).values(
            unit_id=unit.id,
            serial=assignment.serial,
            digest=envelope.payload_digest,
            interval_s=assignment.interval_s,
        )
    )


def _declared_registers(every: Iterable[Read]) -> dict[str, tuple[str, ...]]:
    """The columns of each register that a policy declares; policies that share one must agree."""
    columns: dict[str, tuple[str, ...]] = {}
    for item in every:
        for name, declared in item.policy.registers.items():
            if columns.setdefault(name, declared.columns) != declared.columns:
                raise UsageError(
                    f"两个检查策略对登记册 {name} 的字段声明不一致",
                    f"two policies declare other columns for the register {name}",
                )
    return columns


def _parameters(every: Iterable[Read], given: Mapping[str, str]) -> dict[str, str | int]:
    declared: dict[str, Parameter] = {}
    for item in every:
        declared |= item.policy.parameters
    values: dict[str, str | int] = {}
    for name, text in given.items():
        if name not in declared:
            raise _undeclared("参数", "parameter", name, declared)
        values[name] = _value(name, declared[name], text)
    return values


def _value(name: str, declared: Parameter, text: str) -> str | int:
    if declared.type == "string":
        return text
    low, high = declared.minimum, declared.maximum
    if not re.fullmatch(r"-?[0-9]{1,15}", text, re.ASCII):
        raise UsageError(
            f"参数 {name} 应为整数，现为 {text!r}", f"{name} is an integer, not {text!r}"
        )
    number = int(text)
    if (low is not None and number < low) or (high is not None and number > high):
        raise UsageError(
            f"参数 {name} 应在 {low} 至 {high} 之间，现为 {number}",
            f"{name} is between {low} and {high}, not {number}",
        )
    return number


def _undeclared(zh: str, en: str, name: str, known: Iterable[str]) -> UsageError:
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0)
    zh_hint, en_hint = (
        (f"，是否应为 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
    )
    return UsageError(
        f"检查策略没有声明{zh} {name}{zh_hint}", f"no policy declares the {en} {name}{en_hint}"
    )
