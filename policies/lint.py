"""What is wrong with a policy that has the right shape: its SQL, its words, its missing tests."""

import re
from collections.abc import Iterator
from functools import cached_property

from facts.catalogue import Catalogue
from facts.errors import CatalogueError, QueryError
from facts.plan import Plan, Planner
from facts.tables import SPECS
from policies.errors import Problem
from policies.load import PolicyFile
from policies.model import Check, Policy, Text
from policies.nodes import Node

_CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
_QUOTED = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_STAR = re.compile(r"(?:\bselect(?:\s+(?:distinct|all))?|,)\s*(?:\w+\s*\.\s*)?\*", re.IGNORECASE)
_COLUMN = re.compile(r"[a-z][a-z0-9_]*\Z")
_FIELD = re.compile(r"\{([^{}]*)\}")

_RULES = ("applies", "violations", "expects")

_FIXES = {
    "local_column": "read a column that may be recorded; let the collector derive a flag",
    "parameter_missing": "declare it under `parameters` of the policy and of the check",
    "table_unknown": "see `anfang tables`, or declare it under `registers` or `data`",
    "column_unknown": "see `anfang tables NAME`",
}


def lint(file: PolicyFile) -> list[Problem]:
    """Everything to correct in `file`, in the order of its lines."""
    policy = file.policy
    plain = {name: register.columns for name, register in policy.registers.items()}
    plain |= {name: data.columns for name, data in policy.data.items()}
    try:
        planner = Planner(Catalogue(SPECS, plain))
    except CatalogueError as e:
        return [file.root.problem(str(e), "rename the register or the data table")]
    checks = [
        _Linted(file.at("checks", index), check, policy, planner)
        for index, check in enumerate(policy.checks)
    ]
    problems = [problem for check in checks for problem in check.problems()]
    if all(check.planned for check in checks):
        problems += _of_declarations(file, checks)
    problems += _of_texts(file.root)
    return sorted(problems, key=lambda problem: (problem.file, problem.line))


class _Linted:
    """One check, planned as far as it goes."""

    def __init__(self, node: Node, check: Check, policy: Policy, planner: Planner) -> None:
        self._node = node
        self._check = check
        self._policy = policy
        self._planner = planner
        self._rules: dict[str, str] = {
            rule: sql for rule in _RULES if (sql := getattr(check, rule)) is not None
        }
        self._plans: dict[str, Plan] = {}
        self._refused: list[Problem] = []
        for rule, sql in self._rules.items():
            try:
                self._plans[rule] = planner.plan(sql, policy.parameters)
            except QueryError as e:
                fix = _FIXES.get(e.code, "correct the SQL")
                self._refused.append(node.at(rule).problem(f"`{rule}`: {e}", fix))

    @property
    def planned(self) -> bool:
        """Whether all of its SQL makes sense, so that it is known what it reads."""
        return not self._refused

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables, registers and data that the SQL reads."""
        return frozenset(name for plan in self._plans.values() for name in plan.needs)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The parameters without which the SQL does not plan."""
        return frozenset(name for name in self._policy.parameters if self._misses(name))

    def problems(self) -> Iterator[Problem]:
        """Everything to correct in this check but its texts."""
        node, check = self._node, self._check
        yield from self._refused
        for rule, sql in self._rules.items():
            if _STAR.search(_QUOTED.sub("''", sql)):
                fix = "name the columns; inside EXISTS write SELECT 1"
                yield node.at(rule).problem("`SELECT *`", fix)
        if self.planned:
            registers = self.tables.intersection(self._policy.registers)
            yield from _of_list(node, "registers", check.registers, registers)
            yield from _of_list(node, "parameters", check.parameters, self.parameters)
        if "violations" in self._plans:
            columns = self._plans["violations"].columns
            yield from _of_columns(node.at("violations"), columns)
            yield from _of_finding(node, check, columns)
        elif check.violations is None and check.finding is not None:
            yield node.at("finding").problem("`finding` without `violations`", "remove it")
        yield from _of_title(node, check)
        yield from _of_tests(node, check)

    def _misses(self, parameter: str) -> bool:
        others = [name for name in self._policy.parameters if name != parameter]
        try:
            for rule in self._plans:
                self._planner.plan(self._rules[rule], others)
        except QueryError:
            return True
        return False


def _of_declarations(file: PolicyFile, checks: list[_Linted]) -> Iterator[Problem]:
    """What the policy declares must be read by some check."""
    tables = {name for check in checks for name in check.tables}
    parameters = {name for check in checks for name in check.parameters}
    for section, read in (("registers", tables), ("data", tables), ("parameters", parameters)):
        for name in getattr(file.policy, section):
            if name not in read:
                yield file.at(section, name).problem(f"no check reads `{name}`", "remove it")


def _of_list(
    node: Node, field: str, listed: tuple[str, ...], used: frozenset[str]
) -> Iterator[Problem]:
    """`listed` under `field` must be what the SQL reads."""
    place = node.at(field)
    for name in sorted(used - set(listed)):
        yield place.problem(f"the SQL reads `{name}`", f"list it under `{field}` of the check")
    for name in sorted(set(listed) - used):
        yield place.problem(f"the SQL does not read `{name}`", f"remove it from `{field}`")


def _of_columns(node: Node, columns: tuple[str, ...]) -> Iterator[Problem]:
    for column in columns:
        if not _COLUMN.match(column):
            yield node.problem(f"an evidence column without a name, `{column}`", "write AS name")
    for column in sorted({column for column in columns if columns.count(column) > 1}):
        yield node.problem(f"two evidence columns `{column}`", "write AS name to tell them apart")


def _of_finding(node: Node, check: Check, columns: tuple[str, ...]) -> Iterator[Problem]:
    if check.finding is None:
        return
    for language in ("zh", "en"):
        place = node.at("finding", language)
        for name in _FIELD.findall(getattr(check.finding, language)):
            if name not in columns:
                fix = f"use one of {', '.join(columns)}"
                yield place.problem(f"`{{{name}}}` is no evidence column", fix)


def _of_title(node: Node, check: Check) -> Iterator[Problem]:
    place = node.at("title")
    for language in ("zh", "en"):
        if getattr(check.title, language).endswith(("。", ".")):
            yield place.at(language).problem("a title with a full stop", "remove it")
    if "应" not in check.title.zh:
        yield place.at("zh").problem("a title that requires nothing", "say what 应 hold")


def _of_tests(node: Node, check: Check) -> Iterator[Problem]:
    place = node.at("tests")
    wanted = ["pass", "fail", "unknown"]
    if check.applies is not None:
        wanted.append("not_applicable")
    present = {test.verdict for test in check.tests}
    if missing := [verdict for verdict in wanted if verdict not in present]:
        said = f"no test with verdict {', '.join(missing)}" if present else "no tests"
        yield place.problem(f"{check.id}: {said}", f"add tests for {', '.join(missing)}")
    if "not_applicable" in present and check.applies is None:
        yield place.problem("a test for not_applicable without `applies`", "add `applies`")
    names: set[str] = set()
    for index, test in enumerate(check.tests):
        if test.name in names:
            yield node.at("tests", index, "name").problem(f"`{test.name}` again", "rename it")
        names.add(test.name)


def _of_texts(node: Node) -> Iterator[Problem]:
    """Everything said to people, wherever it stands: Chinese in `zh`, none of it in `en`."""
    if isinstance(node.value, dict):
        if node.value.keys() == set(Text.__struct_fields__):
            if not _CJK.search(str(node.at("zh").value)):
                yield node.at("zh").problem("`zh` without Chinese", "say it in Chinese")
            if _CJK.search(str(node.at("en").value)):
                yield node.at("en").problem("`en` with Chinese in it", "say it in English")
            return
        for key, value in node.value.items():
            if key != "tests":
                yield from _of_texts(value)
    elif isinstance(node.value, tuple):
        for value in node.value:
            yield from _of_texts(value)
