"""`anfang policy mutate`: whether a policy's tests would notice a mistake in its SQL."""

import argparse
import re
import sys

from agent.basis import policy_path, shipped
from agent.commands.common import print_json
from agent.commands.policy_file import opened
from agent.errors import InputError
from agent.say import pick, progress
from policies.errors import MalformedPolicyError, PolicyError, Problem
from policies.lint import lint
from policies.mutate import Mutated, equivalents, mutate, problems

_CHECK = re.compile(r"CEP-[A-Z]+-[0-9]+\Z")


def run(args: argparse.Namespace) -> int:
    """0 if only listed mutants survive, else 1."""
    only = {target for target in args.targets if _CHECK.match(target)}
    names = [target for target in args.targets if target not in only] or shipped()
    found: list[Mutated] = []
    wrong: list[Problem] = []
    for name in names:
        mutated, said = _of_policy(name, only)
        found += mutated
        wrong += said
    if missing := sorted(only - {each.check for each in found}):
        named = ", ".join(missing)
        raise InputError(f"没有检查项 {named}", f"there is no check {named}")
    if args.json:
        print_json({"checks": found, "problems": wrong})
        return 1 if wrong else 0
    for problem in wrong:
        print(problem)
    count = sum(each.count for each in found)
    alive = sum(len(each.survivors) for each in found)
    said_zh = f"{len(found)} 项检查的 {count} 处改错：存活 {alive} 处，{len(wrong)} 处问题"
    said_en = f"{count} mutants of {len(found)} checks: {alive} survived, {len(wrong)} problem(s)"
    print(pick(args.lang, said_zh, said_en), file=sys.stderr)
    return 1 if wrong else 0


def _of_policy(name: str, only: set[str]) -> tuple[list[Mutated], list[Problem]]:
    """What came of the mutants of one policy, and what to correct."""
    path = policy_path(name)
    file = opened(path)
    chosen = [check for check in file.policy.checks if not only or check.id in only]
    if not chosen:
        return [], []
    if faults := lint(file):
        raise InputError(
            f"须先改正：\n{faults[0]}", f"this has to be corrected first:\n{faults[0]}"
        )
    found: list[Mutated] = []
    try:
        listed = equivalents(path)
        for each in mutate(file, only):
            found.append(each)
            progress(f"{len(found)}/{len(chosen)} {each.check}")
    except MalformedPolicyError as e:
        raise InputError(f"改错清单有误：\n{e}", f"the list of mutants:\n{e}") from e
    except PolicyError as e:
        raise InputError(f"{name}: {e}", f"{name}: {e}") from e
    except OSError as e:
        raise InputError(f"{e.filename}: 无法读取", f"{e.filename}: cannot be read") from e
    return found, list(problems(file, found, listed))
