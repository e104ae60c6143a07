"""Verdicts: what the checks of some policies make of the facts of one scan.

    engine = Engine(source, catalogue=catalogue(policies), now=scan.started)
    for table in engine.load(needs(policies, engine)): ...
    for verdict in judge(policies, engine, registers, parameters): ...

- Rows of `violations` fail a check, and no row of `expects` does; `applies` without a row makes it
  not applicable. All of that holds only if every table, column and key that was read is complete.
- Otherwise the verdict is unknown, with a reason for each thing that was not, and the rows stay as
  suspected. A register not adopted, a parameter out of bounds and SQL that does not run are such
  reasons too.

Each verdict rests on its own check alone, so their order of evaluation does not matter.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidence import canonical
from evidence.statement import MAX_EVIDENCE_ROWS, Digest, Reason, Verdict
from facts import status
from facts.catalogue import Catalogue
from facts.engine import Answer, Engine
from facts.errors import CatalogueError, QueryError
from facts.plan import Needs, Planner
from facts.snapshot import RecordedTable
from facts.tables import SPECS
from policies.errors import ConflictError
from policies.model import Check, Outcome, Policy
from policies.registers import Register


def catalogue(policies: Sequence[Policy]) -> Catalogue:
    """The tables that the SQL of `policies` may name.

    Raises:
        ConflictError: one name stands for two things.
    """
    plain: dict[str, tuple[str, ...]] = {}
    if len({policy.policy for policy in policies}) < len(policies):
        raise ConflictError("one policy is named twice; leave one version out")
    for policy in policies:
        for name, register in policy.registers.items():
            plain[name] = tuple(dict.fromkeys((*plain.get(name, ()), *register.columns)))
        for name, data in policy.data.items():
            plain[name] = data.columns
    for policy in policies:
        for name, data in policy.data.items():
            for other in policies:
                if name in other.registers or other.data.get(name, data) != data:
                    raise ConflictError(
                        f"{policy.policy} and {other.policy} mean different things by {name}; "
                        "judge them apart"
                    )
    try:
        return Catalogue(SPECS, plain)
    except CatalogueError as e:
        raise ConflictError(str(e)) from e


def reads(policies: Sequence[Policy]) -> Mapping[tuple[str, str], Needs]:
    """What each check reads, by policy and id."""
    planner = Planner(catalogue(policies))
    return {
        (policy.policy, check.id): _needs(check, planner)
        for policy in policies
        for check in policy.checks
    }


def needs(policies: Iterable[Policy], planner: Engine | Planner) -> Needs:
    """What `policies` read; what does not plan reads nothing, and `judge` says so."""
    read = Needs()
    for policy in policies:
        for check in policy.checks:
            read |= _needs(check, planner)
    return read


def _needs(check: Check, planner: Engine | Planner) -> Needs:
    read = Needs()
    for sql in (check.applies, check.violations, check.expects):
        if sql is not None:
            try:
                read |= planner.plan(sql, check.parameters).needs
            except QueryError:
                continue
    return read


def oldest_fact(read: Needs, tables: Iterable[RecordedTable]) -> str | None:
    """When the oldest of the `tables` that policies `read` was observed; None if there is none."""
    return min((table.read_at for table in tables if table.name in read), default=None)


def judge(
    policies: Sequence[Policy],
    engine: Engine,
    registers: Mapping[str, Register],
    parameters: Mapping[str, int | str],
) -> Iterator[Verdict]:
    """One verdict for each check, in the order of the policies and their checks.

    `engine` has the catalogue of `policies` and has loaded their needs. `registers` are the
    adopted ones by name; `parameters` what the unit set, defaults apart.
    """
    _add_tables(policies, engine, registers)
    for policy in policies:
        judging = _Judging(policy, engine, registers, parameters)
        for check in policy.checks:
            yield judging.verdict(check)


def _add_tables(
    policies: Sequence[Policy], engine: Engine, registers: Mapping[str, Register]
) -> None:
    """Give `engine` the adopted registers and the data; a column a register lacks is null."""
    data = {name: data for policy in policies for name, data in policy.data.items()}
    for name, columns in engine.catalogue.plain.items():
        if name in data:
            engine.add_table(name, columns, data[name].rows)
        elif name in registers:
            engine.add_table(name, columns, registers[name].valid_at(engine.now, columns))


@dataclass(frozen=True, slots=True)
class _Judging:
    """One policy on one engine."""

    policy: Policy
    engine: Engine
    registers: Mapping[str, Register]
    parameters: Mapping[str, int | str]

    def verdict(self, check: Check) -> Verdict:
        """The verdict on `check`; what does not apply needs no register."""
        bound = {name: self._value(name) for name in check.parameters}
        rule = check.violations or check.expects or ""
        reasons: list[Reason] = []
        try:
            # A rule that does not plan is unknown wherever it is read, whether it applies or not.
            self.engine.plan(rule, check.parameters)
            if check.applies is not None:
                if unmet := self._unmet(check, check.applies):
                    return self._said(check, "unknown", unmet)
                applies = self.engine.run(check.applies, bound)
                reasons = self._incomplete(applies)
                if not applies.rows and not reasons:
                    return self._said(check, "not_applicable")
            if unmet := self._unmet(check, rule):
                return self._said(check, "unknown", reasons + unmet)
            answer = self.engine.run(rule, bound)
        except QueryError as e:
            return self._said(check, "unknown", [_reason(e.reason)])
        if reasons := reasons + self._incomplete(answer):
            return self._said(check, "unknown", reasons, answer)
        good = bool(answer.rows) is (check.expects is not None)
        return self._said(check, "pass" if good else "fail", (), answer)

    def _unmet(self, check: Check, sql: str) -> list[Reason]:
        """What `check` needs for `sql` from the unit and from this program and does not get."""
        unmet = [
            Reason(code="parameter_refused", args=(name, str(self._value(name))))
            for name in check.parameters
            if not self.policy.parameters[name].accepts(self._value(name))
        ]
        read = self.engine.plan(sql, check.parameters).needs
        for name in sorted(read.keys() & self.engine.catalogue.plain.keys()):
            if name not in self.policy.registers and name not in self.policy.data:
                unmet.append(Reason(code="table_unknown", args=(name, "")))
            elif name in self.policy.registers and name not in self.registers:
                unmet.append(Reason(code="register_missing", args=(name,)))
            elif name in self.policy.registers:
                held = self.registers[name].columns
                declared = self.policy.registers[name].columns
                lacking = [column for column in declared if column not in held]
                unmet += [Reason(code="column_missing", args=(name, c)) for c in lacking]
        return unmet

    def _value(self, name: str) -> int | str:
        """What the unit set for the parameter `name`, or its default."""
        return self.parameters.get(name, self.policy.parameters[name].default)

    def _incomplete(self, answer: Answer) -> list[Reason]:
        """A reason for everything `answer` rests on that was not observed completely."""
        return [
            _reason(found.condition.reason or status.Reason("not_recorded", (found.table,)))
            for found in self.engine.conditions(answer.needs, answer.keys)
        ]

    def _said(
        self,
        check: Check,
        outcome: Outcome,
        reasons: Iterable[Reason] = (),
        answer: Answer | None = None,
    ) -> Verdict:
        rows = answer.rows if answer else ()
        return Verdict(
            check=check.id,
            policy=self.policy.policy,
            verdict=outcome,
            reasons=tuple(dict.fromkeys(reasons)),
            columns=answer.columns if answer else (),
            rows=rows[:MAX_EVIDENCE_ROWS],
            row_count=len(rows),
            rows_digest=Digest(sha256=hashlib.sha256(canonical.encode_table(rows)).hexdigest()),
        )


def _reason(reason: status.Reason) -> Reason:
    """`reason` as it is signed."""
    return Reason(code=reason.code, args=reason.args)
