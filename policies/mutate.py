"""Which mistakes in a policy's SQL its own tests would not notice.

Each check is judged on the facts of its tests with each of its mutants (`policies.mutate_sql`) in
turn. A mutant is killed by the first test that it makes fail; one that survives either shows what
the tests leave open or means the same as the original. The latter are listed, with the reason, in
`mutants/NAME.yaml` beside the policy NAME.yaml; a listed one that does not survive is a mistake,
so that the list only ever holds what is needed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from facts.errors import QueryError
from facts.plan import Planner
from policies.errors import PolicyError, Problem
from policies.given import GivenFacts
from policies.judge import catalogue, judge, needs
from policies.load import PolicyFile
from policies.model import Check, CheckId, Model, Policy, Text
from policies.mutate_sql import mutants
from policies.nodes import MAX_BYTES, Node, read_yaml
from policies.shape import shaped
from policies.testing import loaded, registers_of, unexpected

_RULES = ("applies", "violations", "expects")


class Equivalent(Model, frozen=True):
    """Mutants that no test can kill, because they mean the same, and why."""

    checks: Annotated[tuple[CheckId, ...], Meta(min_length=1)]
    mutants: Annotated[tuple[str, ...], Meta(min_length=1)]
    """As they are reported: the rule, a colon, and the line with what changes in it. Each must
    survive in each of the checks."""
    reason: Text


class Equivalents(Model, frozen=True):
    """What a file of equivalent mutants holds."""

    equivalent: tuple[Equivalent, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The equivalent mutants listed for one policy."""

    mutants: tuple[Equivalent, ...]
    root: Node | None
    """None where there is no list."""


@dataclass(frozen=True, slots=True)
class Mutated:
    """What came of one check's mutants."""

    check: str
    count: int
    """How many there are that SQLite accepts."""
    survivors: tuple[str, ...]
    """All that no test killed, listed ones included."""


def mutate(file: PolicyFile, only: Collection[str] = ()) -> Iterator[Mutated]:
    """What comes of the mutants of each check in `file`, or of those whose ids are in `only`.

    Raises:
        PolicyError: a test does not hold for the check as it is.
    """
    planner = Planner(catalogue([file.policy]))
    for check in file.policy.checks:
        if not only or check.id in only:
            yield _mutated(file.policy, check, planner)


def equivalents(path: Path) -> Listed:
    """The equivalent mutants listed for the policy file at `path`.

    Raises:
        MalformedPolicyError: the list cannot be read as one.
        OSError: the file is there and cannot be read.
    """
    place = path.parent / "mutants" / path.name
    try:
        with place.open("rb") as file:
            root = read_yaml(file.read(MAX_BYTES + 1), str(place))
    except (FileNotFoundError, NotADirectoryError):
        return Listed((), None)
    return Listed(shaped(root, Equivalents).equivalent, root)


def problems(file: PolicyFile, found: Sequence[Mutated], listed: Listed) -> Iterator[Problem]:
    """Every unlisted survivor among the `found`, and everything listed that is none."""
    known = {pair for each in listed.mutants for pair in product(each.checks, each.mutants)}
    survived = [(each.check, text) for each in found for text in each.survivors]
    lines = {check.id: index for index, check in enumerate(file.policy.checks)}
    for check, text in survived:
        if (check, text) not in known:
            place = file.at("checks", lines[check], text.partition(":")[0])
            yield place.problem(
                f"{check}: survives: {text}",
                "add a test that it fails, or list it with the reason why it means the same",
            )
    judged = {each.check for each in found}
    for index, each in enumerate(listed.mutants):
        for check, text in product(each.checks, each.mutants):
            gone = check not in lines or (check in judged and (check, text) not in survived)
            if gone and listed.root is not None:
                place = listed.root.at("equivalent", index)
                yield place.problem(f"{check}: no survivor: {text}", "remove it")


def _mutated(policy: Policy, check: Check, planner: Planner) -> Mutated:
    alive = dict(_accepted(policy, check, planner))
    count = len(alive)
    read = needs([msgspec.structs.replace(policy, checks=(check,))], planner)
    for test in check.tests:
        engine = loaded(GivenFacts.of(test), planner.catalogue, read, test.now)
        # A policy's checks have ids of their own: the mutants are numbered.
        checks = tuple(
            msgspec.structs.replace(mutant, id=str(number))
            for number, mutant in enumerate(alive.values())
        )
        many = msgspec.structs.replace(policy, checks=(check, *checks))
        said = [
            unexpected(verdict, test)
            for verdict in judge([many], engine, registers_of(policy, test), test.parameters)
        ]
        if said[0] is not None:
            raise PolicyError(f"{check.id}, {test.name}: {said[0]}")
        alive = {
            text: mutant
            for (text, mutant), wrong in zip(alive.items(), said[1:], strict=True)
            if wrong is None
        }
    return Mutated(check.id, count, tuple(alive))


def _accepted(policy: Policy, check: Check, planner: Planner) -> Iterator[tuple[str, Check]]:
    """The mutants of `check` that SQLite accepts, by how they are reported."""
    numbers = [name for name in check.parameters if policy.parameters[name].type == "integer"]
    rules: Mapping[str, str] = {
        rule: sql for rule in _RULES if (sql := getattr(check, rule)) is not None
    }
    for rule, sql in rules.items():
        try:
            made = list(mutants(sql, numbers))
        except ValueError as e:
            raise PolicyError(f"{check.id}: {rule}: {e}") from e
        for mutant in made:
            try:
                planner.plan(mutant.sql, check.parameters)
            except QueryError:
                continue
            changed = msgspec.structs.replace(check, **{rule: mutant.sql}, tests=())
            yield f"{rule}: {mutant.text}", changed
