"""Runs a policy's own tests, each in every variation that must not change its verdict.

As given; with each table's rows doubled, shuffled and reversed; and with each column and each
table that the check reads taken away, after which nothing may pass. What the check reads and the
test does not give is an error of the test, so that nothing passes by omission.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from evidence.statement import Reason, Verdict
from facts import status
from facts.catalogue import Catalogue
from facts.engine import Engine
from facts.plan import Needs, Planner
from facts.reasons import say
from facts.tables import SPECS
from policies.errors import Problem, RegisterError
from policies.given import GivenFacts, Rows, omissions
from policies.judge import catalogue, judge, needs
from policies.load import PolicyFile
from policies.model import Check, CheckTest, Policy
from policies.nodes import Node
from policies.registers import Register, read_register, write_register


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one variation of one test came out."""

    check: str
    test: str
    variation: str
    """`as given`, `doubled`, `shuffled`, `reversed`, `without table` or `without table.column`."""
    problem: Problem | None
    """None if the verdict is the right one."""


def run_tests(file: PolicyFile) -> list[Outcome]:
    """How every test of every check in `file` comes out, in every variation."""
    planner = Planner(catalogue([file.policy]))
    checks = range(len(file.policy.checks))
    return [outcome for index in checks for outcome in run_check(file, index, planner)]


def run_check(file: PolicyFile, index: int, planner: Planner) -> Iterator[Outcome]:
    """The same for the check at `index` alone; `planner` is for the tables of this policy."""
    check = file.policy.checks[index]
    read = needs([msgspec.structs.replace(file.policy, checks=(check,))], planner)
    for number, test in enumerate(check.tests):
        node = file.at("checks", index, "tests", number)
        yield from _Run(file.policy, check, test, node, planner, read).outcomes()


def registers_of(policy: Policy, test: CheckTest) -> dict[str, Register]:
    """The registers of `policy` as `test` says that a unit adopted them.

    Raises:
        RegisterError: a row cannot be one of the register.
    """
    return {
        name: read_register(*write_register(name, policy.registers[name].columns, rows))
        for name, rows in test.registers.items()
        if rows is not None and name in policy.registers
    }


def loaded(facts: GivenFacts, every: Catalogue, read: Needs, now: str) -> Engine:
    """An engine with `facts`, as a scan would load them, for SQL that reads no more than `read`."""
    tables = Catalogue(
        {name: spec for name, spec in every.specs.items() if name in read},
        {name: columns for name, columns in every.plain.items() if name in read},
    )
    engine = Engine(facts, catalogue=tables, now=now)
    for _ in engine.load(read):
        pass
    return engine


def unexpected(verdict: Verdict, test: CheckTest) -> str | None:
    """How `verdict` differs from what `test` says; None if it is what the test wants."""
    codes = [reason.code for reason in verdict.reasons]
    if verdict.verdict != test.verdict:
        because = "".join(f", {_english(reason)}" for reason in verdict.reasons)
        return f"{verdict.verdict}{because}, where {test.verdict} is said"
    if test.rows is not None and len(set(verdict.rows)) != test.rows:
        return f"{len(set(verdict.rows))} distinct rows, where {test.rows} are said"
    if test.reason is not None and test.reason not in codes:
        return f"reasons {', '.join(codes) or 'none'}, where {test.reason} is said"
    return None


def _doubled(rows: Rows) -> Rows:
    return rows + rows


def _shuffled(rows: Rows) -> Rows:
    return tuple(random.Random(0).sample(rows, len(rows)))  # noqa: S311  # any other order will do


def _reversed(rows: Rows) -> Rows:
    return rows[::-1]


_CHANGES: tuple[tuple[str, Callable[[Rows], Rows]], ...] = (
    ("doubled", _doubled),
    ("shuffled", _shuffled),
    ("reversed", _reversed),
)


@dataclass(frozen=True, slots=True)
class _Run:
    """One test of one check."""

    policy: Policy
    check: Check
    test: CheckTest
    node: Node
    planner: Planner
    read: Needs

    def outcomes(self) -> Iterator[Outcome]:
        """Every variation, or, if the test itself is wrong, what is wrong with it."""
        try:
            registers = registers_of(self.policy, self.test)
        except RegisterError as e:
            place = self.node.at("registers")
            yield self._outcome("as given", place.problem(str(e), "correct the row"))
            return
        if wrong := list(omissions(self.policy, self.test, self.read, self.node)):
            yield from (self._outcome("as given", problem) for problem in wrong)
            return
        facts = GivenFacts.of(self.test)
        given = self._verdict(facts, registers)
        yield self._outcome("as given", self._unexpected(given))
        for variation, change in _CHANGES:
            changed = self._verdict(facts.vary(change), registers)
            yield self._outcome(variation, self._differs(given, changed, variation))
        for table, column in self._removable():
            poorer = self._verdict(facts.without(table, column), registers)
            wanted = given.verdict if self._untouched(given, facts, table, column) else "unknown"
            name = f"without {table}" if column is None else f"without {table}.{column}"
            problem = None
            if poorer.verdict != wanted:
                problem = self._problem(f"{name} it is {poorer.verdict}, not {wanted}")
            yield self._outcome(name, problem)

    def _removable(self) -> Iterator[tuple[str, str | None]]:
        """Everything the check reads: each column, and each table as a whole."""
        for table in sorted(self.read.keys() & SPECS.keys()):
            yield table, None
            for column in sorted(self.read[table]):
                yield table, column

    def _untouched(self, given: Verdict, facts: GivenFacts, table: str, column: str | None) -> bool:
        """Whether the verdict rests on none of this: a key never asked, a rule not come to."""
        if table in self.planner.catalogue.keys and table not in facts.asked:
            return True
        if given.verdict != "not_applicable" or self.check.applies is None:
            return False
        applies = self.planner.plan(self.check.applies, self.check.parameters).needs
        return table not in applies or (column is not None and column not in applies[table])

    def _verdict(self, facts: GivenFacts, registers: Mapping[str, Register]) -> Verdict:
        """The verdict on `facts`, judged as a scan would, among the tables the check reads."""
        alone = msgspec.structs.replace(self.policy, checks=(self.check,))
        engine = loaded(facts, self.planner.catalogue, self.read, self.test.now)
        (verdict,) = judge([alone], engine, registers, self.test.parameters)
        return verdict

    def _unexpected(self, verdict: Verdict) -> Problem | None:
        """How `verdict` differs from what the test says."""
        message = unexpected(verdict, self.test)
        return None if message is None else self._problem(message)

    def _differs(self, given: Verdict, changed: Verdict, variation: str) -> Problem | None:
        """How the verdict on the same facts, told differently, differs."""
        if changed.verdict != given.verdict:
            return self._problem(f"{changed.verdict} with rows {variation}, else {given.verdict}")
        if set(changed.rows) != set(given.rows):
            return self._problem(f"other evidence with rows {variation}")
        return None

    def _problem(self, message: str) -> Problem:
        said = f"{self.check.id}, {self.test.name}: {message}"
        return self.node.problem(said, "correct the SQL or the test")

    def _outcome(self, variation: str, problem: Problem | None) -> Outcome:
        return Outcome(self.check.id, self.test.name, variation, problem)


def _english(reason: Reason) -> str:
    return say(status.Reason(reason.code, reason.args), "en")
