"""What is wrong with a policy that has the right shape: its SQL, its words, its missing tests."""

import re
from collections.abc import Iterator

from facts.catalogue import Catalogue
from facts.errors import CatalogueError, QueryError
from facts.plan import Needs, Plan, Planner
from facts.tables import SPECS
from policies.errors import Problem
from policies.load import PolicyFile
from policies.model import Check, Text
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
    problems: list[Problem] = []
    read = Needs()
    bound: set[str] = set()
    all_planned = True
    for index, check in enumerate(policy.checks):
        node = file.at("checks", index)
        plans: dict[str, Plan] = {}
        for rule in _RULES:
            sql = getattr(check, rule)
            if sql is None:
                continue
            problems += _of_sql(node.at(rule), sql)
            try:
                plans[rule] = planner.plan(sql, policy.parameters)
            except QueryError as e:
                fix = _FIXES.get(e.code, "correct the SQL")
                problems.append(node.at(rule).problem(f"`{rule}`: {e}", fix))
                continue
            read |= plans[rule].needs
        used = _parameters(planner, check, plans, frozenset(policy.parameters))
        bound |= used
        if len(plans) < sum(getattr(check, rule) is not None for rule in _RULES):
            all_planned = False
        else:
            tables = {name for plan in plans.values() for name in plan.needs}
            problems += _of_list(node, "registers", check.registers, tables & set(policy.registers))
            problems += _of_list(node, "parameters", check.parameters, used)
        if "violations" in plans:
            problems += _of_columns(node.at("violations"), plans["violations"].columns)
        problems += _of_finding(node, check, plans)
        problems += _of_title(node, check)
        problems += _of_tests(node, check)
    if all_planned:
        problems += _of_declarations(file, read, bound)
    problems += _of_texts(file.root)
    return sorted(problems, key=lambda problem: (problem.file, problem.line))


def _of_declarations(file: PolicyFile, read: Needs, bound: set[str]) -> Iterator[Problem]:
    """What the policy declares must be read by some check."""
    for section, names in (("registers", read), ("data", read), ("parameters", bound)):
        for name in getattr(file.policy, section):
            if name not in names:
                yield file.at(section, name).problem(f"no check reads `{name}`", "remove it")


def _parameters(
    planner: Planner, check: Check, plans: dict[str, Plan], declared: frozenset[str]
) -> set[str]:
    """The parameters without which some rule of `check` does not plan."""
    used = set()
    for rule in plans:
        for name in declared:
            try:
                planner.plan(getattr(check, rule), declared - {name})
            except QueryError:
                used.add(name)
    return used


def _of_sql(node: Node, sql: str) -> Iterator[Problem]:
    if _STAR.search(_QUOTED.sub("''", sql)):
        yield node.problem("`SELECT *`", "name the columns; inside EXISTS write SELECT 1")


def _of_list(node: Node, field: str, listed: tuple[str, ...], used: set[str]) -> Iterator[Problem]:
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


def _of_finding(node: Node, check: Check, plans: dict[str, Plan]) -> Iterator[Problem]:
    if check.finding is None:
        return
    if check.violations is None:
        yield node.at("finding").problem("`finding` without `violations`", "remove it")
    if "violations" not in plans:
        return
    columns = plans["violations"].columns
    for language in ("zh", "en"):
        place = node.at("finding", language)
        for name in _FIELD.findall(getattr(check.finding, language)):
            if name not in columns:
                known = ", ".join(columns)
                yield place.problem(f"`{{{name}}}` is no evidence column", f"use one of {known}")


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
