"""`anfang policy lint|test`: what is wrong with a policy, before it judges anything."""

import argparse
import sys

from agent.basis import policy_path, shipped
from agent.commands.common import print_json
from agent.commands.policy_file import opened
from agent.errors import InputError
from agent.say import pick
from policies.errors import MalformedPolicyError, PolicyError, Problem
from policies.lint import lint
from policies.testing import run_tests


def run(args: argparse.Namespace) -> int:
    """0 if there is nothing to correct, 1 if a test fails, 2 if a policy does not lint."""
    names = args.policies or shipped()
    found: list[Problem] = []
    code, count = 0, 0
    for name in names:
        problems, ran = _lint(name) if args.action == "lint" else _test(name)
        found += problems
        count += ran
    if found:
        code = 2 if args.action == "lint" else 1
    if args.json:
        print_json({"problems": found, "count": count})
        return code
    for problem in found:
        print(problem)
    unit = ("项检查", "checks") if args.action == "lint" else ("次测试", "test runs")
    verdict = pick(args.lang, f"{len(found)} 处问题", f"{len(found)} problem(s)")
    print(f"{verdict} · {count} {pick(args.lang, *unit)}", file=sys.stderr)
    return code


def _lint(name: str) -> tuple[list[Problem], int]:
    try:
        file = opened(policy_path(name))
    except InputError as e:
        if isinstance(e.__cause__, MalformedPolicyError):
            return list(e.__cause__.problems), 0
        raise
    return lint(file), len(file.policy.checks)


def _test(name: str) -> tuple[list[Problem], int]:
    file = opened(policy_path(name))
    try:
        outcomes = run_tests(file)
    except PolicyError as e:
        raise InputError(f"{name}: {e}", f"{name}: {e}") from e
    return [each.problem for each in outcomes if each.problem is not None], len(outcomes)
