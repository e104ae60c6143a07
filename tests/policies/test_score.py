"""The score: integers, the cap, and what no change of verdict may do to it."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.statement import Digest, Score, Verdict
from policies.model import Outcome, Policy, Severity
from policies.score import WEIGHTS, score, score_lines
from tests.policies import samples

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
OUTCOMES: tuple[Outcome, ...] = ("pass", "fail", "not_applicable", "unknown")


def policy(severities: Sequence[Severity]) -> Policy:
    value = samples.policy(tests=[])
    check = value["checks"][0]
    value["checks"] = [
        check | {"id": f"CEP-USB-{n:03}", "severity": severity}
        for n, severity in enumerate(severities)
    ]
    return msgspec.convert(value, Policy)


def verdict(number: int, outcome: Outcome) -> Verdict:
    return Verdict(
        check=f"CEP-USB-{number:03}",
        policy="sample",
        verdict=outcome,
        reasons=(),
        columns=(),
        rows=(),
        row_count=0,
        rows_digest=Digest(sha256="0" * 64),
    )


def scored(items: Sequence[tuple[Severity, Outcome]]) -> Score:
    severities = [severity for severity, _ in items]
    verdicts = [verdict(number, outcome) for number, (_, outcome) in enumerate(items)]
    return score([policy(severities)], verdicts, None)


def worth(result: Score) -> tuple[int, int, int]:
    """How good `result` is: its grade, and its share compared as `pass / applicable`."""
    rank = 0 if result.grade is None else 1 + "EDCBA".index(result.grade)
    return rank, result.pass_weight, -result.applicable_weight


items = st.lists(
    st.tuples(st.sampled_from(SEVERITIES), st.sampled_from(OUTCOMES)), min_size=1, max_size=12
)


def test_the_numbers_are_sums_of_weights() -> None:
    """Pass, applicable and not applicable weight are added up apart."""
    result = scored(
        [("critical", "pass"), ("high", "fail"), ("medium", "unknown"), ("low", "not_applicable")]
    )

    assert (result.pass_weight, result.applicable_weight, result.not_applicable_weight) == (
        *(10, 17),
        1,
    )
    assert (result.evaluated, result.expected) == (3, 4)


@pytest.mark.parametrize(
    ("passing", "failing", "grade"),
    [
        *((1, 0, "A"), (19, 1, "A"), (18, 1, "B"), (17, 3, "B"), (16, 3, "C")),
        *((7, 3, "C"), (2, 1, "D"), (1, 1, "D"), (49, 51, "E"), (0, 1, "E")),
    ],
)
def test_grades_follow_the_share_exactly(passing: int, failing: int, grade: str) -> None:
    """95, 85, 70 and 50 per cent belong to the better grade; nothing is rounded."""
    good: list[tuple[Severity, Outcome]] = [("low", "pass") for _ in range(passing)]
    bad: list[tuple[Severity, Outcome]] = [("low", "fail") for _ in range(failing)]

    result = scored(good + bad)

    assert result.grade == grade


@pytest.mark.parametrize("outcome", ["fail", "unknown"])
def test_a_critical_that_does_not_pass_caps_the_grade(outcome: Outcome) -> None:
    """A share of 99 per cent is a D all the same."""
    passing: list[tuple[Severity, Outcome]] = [("critical", "pass") for _ in range(99)]

    result = scored([("critical", outcome), *passing])

    assert result.grade == "D"


def test_the_cap_does_not_lift_a_worse_grade() -> None:
    """An E stays an E."""
    result = scored([("critical", "fail"), ("low", "pass")])

    assert result.grade == "E"


@pytest.mark.parametrize("outcome", ["unknown", "not_applicable"])
def test_nothing_evaluated_has_no_grade(outcome: Outcome) -> None:
    """All unknown, or nothing applicable: there is nothing to grade."""
    result = scored([("critical", outcome), ("low", outcome)])

    assert result.grade is None


def test_a_check_without_a_verdict_is_unknown() -> None:
    """Leaving a verdict out of a report gains nothing."""
    both = policy(["critical", "low"])

    result = score([both], [verdict(1, "pass")], None)

    assert (result.evaluated, result.expected, result.applicable_weight) == (1, 2, 11)
    assert result.grade == "E"


@pytest.mark.parametrize("numbers", [[0, 0], [0, 7]])
def test_a_verdict_too_many_is_refused(numbers: list[int]) -> None:
    """Two verdicts on one check, or one on a check nobody asked for, are no score's base."""
    with pytest.raises(ValueError, match="verdict"):
        score([policy(["low"])], [verdict(number, "pass") for number in numbers], None)


@given(items, st.data())
def test_fixing_never_lowers(before: list[tuple[Severity, Outcome]], data: st.DataObject) -> None:
    """Turning a failure or an unknown into a pass keeps or betters grade and share."""
    index = data.draw(st.integers(0, len(before) - 1))
    severity, outcome = before[index]
    if outcome == "not_applicable":
        return

    after = [*before[:index], (severity, OUTCOMES[0]), *before[index + 1 :]]

    assert worth(scored(after)) >= worth(scored(before))


@given(items, st.data())
def test_a_new_failure_never_raises(
    before: list[tuple[Severity, Outcome]], data: st.DataObject
) -> None:
    """Turning a pass into a failure keeps or worsens grade and share."""
    index = data.draw(st.integers(0, len(before) - 1))
    severity, outcome = before[index]
    if outcome != "pass":
        return

    after = [*before[:index], (severity, OUTCOMES[1]), *before[index + 1 :]]

    assert worth(scored(after)) <= worth(scored(before))


@given(items, st.data())
def test_an_unknown_is_never_better_than_a_failure(
    before: list[tuple[Severity, Outcome]], data: st.DataObject
) -> None:
    """Taking a source away from a failing check gains nothing and lifts no cap."""
    index = data.draw(st.integers(0, len(before) - 1))
    severity, outcome = before[index]
    if outcome == "not_applicable":
        return

    failing = scored([*before[:index], (severity, OUTCOMES[1]), *before[index + 1 :]])
    unknown = scored([*before[:index], (severity, OUTCOMES[3]), *before[index + 1 :]])

    assert worth(unknown) <= worth(failing)


@given(items)
def test_the_receipt_adds_up(before: list[tuple[Severity, Outcome]]) -> None:
    """Its lines give the score again, and each gain is the score with that one fix."""
    checks = policy([severity for severity, _ in before])
    verdicts = [verdict(number, outcome) for number, (_, outcome) in enumerate(before)]

    lines = score_lines([checks], verdicts, "2026-11-23T08:00:00Z")

    total = score([checks], verdicts, "2026-11-23T08:00:00Z")
    assert sum(line.weight for line in lines if line.verdict == "pass") == total.pass_weight
    for index, line in enumerate(lines):
        fixed: Any = [*before[:index], (line.severity, "pass"), *before[index + 1 :]]
        expected = scored(fixed) if line.verdict in ("fail", "unknown") else None
        after = line.after_fix and msgspec.structs.replace(line.after_fix, oldest_fact=None)
        assert after == expected
        assert line.weight == WEIGHTS[line.severity]
