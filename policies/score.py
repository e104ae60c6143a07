"""What the verdicts of one scan are worth: two integers, a grade, and what each fix would add.

- The weight of a check follows its severity. A pass counts its weight, `unknown` and `fail` count
  nothing, and all three stand in the denominator; `not_applicable` weight is shown apart.
- A check without a verdict is unknown.
- A critical check that fails or is unknown caps the grade at D.
- Nothing evaluated, or nothing applicable, has no grade.

So, with applicability fixed, a fix never lowers, a new failure never raises, and an unknown is
never better than a failure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from evidence.statement import Score, Verdict
from policies.model import Outcome, Policy, Severity

Grade: TypeAlias = Literal["A", "B", "C", "D", "E"]

WEIGHTS: Mapping[Severity, int] = {"critical": 10, "high": 5, "medium": 2, "low": 1}

THRESHOLDS: tuple[tuple[int, Grade], ...] = ((95, "A"), (85, "B"), (70, "C"), (50, "D"), (0, "E"))
"""The least percentage for each grade."""

CAP: Grade = "D"
"""The best grade with a critical check failed or unknown."""


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line of the score receipt (得分计算明细)."""

    policy: str
    check: str
    severity: Severity
    weight: int
    verdict: Outcome
    rows_digest: str | None
    """SHA-256 of the evidence rows; None for a check without a verdict."""
    after_fix: Score | None
    """The score if only this check passed as well; None where there is nothing to fix."""


def score(
    policies: Sequence[Policy], verdicts: Iterable[Verdict], oldest_fact: str | None
) -> Score:
    """The score of `verdicts`, of which every check in `policies` should have one.

    `oldest_fact` is handed through: when the oldest table a verdict rests on was read.

    Raises:
        ValueError: two verdicts on one check, or one on a check that no policy has.
    """
    return _sum(_items(policies, verdicts), oldest_fact)


def score_lines(
    policies: Sequence[Policy], verdicts: Iterable[Verdict], oldest_fact: str | None
) -> tuple[ScoreLine, ...]:
    """How `score` comes about, in the order of the policies and their checks."""
    items = _items(policies, verdicts)
    lines = []
    for index, item in enumerate(items):
        fixed = None
        if item.verdict in ("fail", "unknown"):
            passing = _Item(item.policy, item.check, item.severity, "pass", None)
            fixed = _sum([*items[:index], passing, *items[index + 1 :]], oldest_fact)
        lines.append(
            ScoreLine(
                policy=item.policy,
                check=item.check,
                severity=item.severity,
                weight=WEIGHTS[item.severity],
                verdict=item.verdict,
                rows_digest=item.rows_digest,
                after_fix=fixed,
            )
        )
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class _Item:
    policy: str
    check: str
    severity: Severity
    verdict: Outcome
    rows_digest: str | None


def _items(policies: Sequence[Policy], verdicts: Iterable[Verdict]) -> list[_Item]:
    given: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        if (verdict.policy, verdict.check) in given:
            raise ValueError(f"two verdicts on {verdict.check}")
        given[verdict.policy, verdict.check] = verdict
    items = []
    for policy in policies:
        for check in policy.checks:
            judged = given.pop((policy.policy, check.id), None)
            items.append(
                _Item(
                    policy.policy,
                    check.id,
                    check.severity,
                    judged.verdict if judged else "unknown",
                    judged.rows_digest.sha256 if judged else None,
                )
            )
    if given:
        raise ValueError(f"a verdict on {next(iter(given))[1]}, which no policy has")
    return items


def _sum(items: Sequence[_Item], oldest_fact: str | None) -> Score:
    passed = applicable = not_applicable = evaluated = 0
    capped = False
    for item in items:
        weight = WEIGHTS[item.severity]
        evaluated += item.verdict != "unknown"
        if item.verdict == "not_applicable":
            not_applicable += weight
            continue
        applicable += weight
        if item.verdict == "pass":
            passed += weight
        elif item.severity == "critical":
            capped = True
    return Score(
        pass_weight=passed,
        applicable_weight=applicable,
        not_applicable_weight=not_applicable,
        evaluated=evaluated,
        expected=len(items),
        oldest_fact=oldest_fact,
        grade=_grade(passed, applicable, capped=capped) if evaluated and applicable else None,
    )


def _grade(passed: int, applicable: int, *, capped: bool) -> Grade:
    reached = next(grade for least, grade in THRESHOLDS if passed * 100 >= least * applicable)
    return max(reached, CAP) if capped else reached
