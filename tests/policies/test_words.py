"""Words: everything a policy can say has its Chinese and its English."""

from typing import get_args

import pytest

from policies import words
from policies.model import Certainty, Family, Measure, Outcome, Severity, Status


@pytest.mark.parametrize(
    ("mapping", "kinds"),
    [
        (words.VERDICTS, Outcome),
        (words.MARKS, Outcome),
        (words.SEVERITIES, Severity),
        (words.FAMILIES, Family),
        (words.MEASURES, Measure),
        (words.CERTAINTIES, Certainty),
        (words.STATUSES, Status),
    ],
)
def test_every_choice_of_the_model_has_its_words(mapping: dict[str, object], kinds: object) -> None:
    """A choice added to the model is missing here until somebody finds the words."""
    assert mapping.keys() == set(get_args(kinds))


def test_no_two_marks_look_alike() -> None:
    """The mark tells verdicts apart where colour cannot."""
    assert len(set(words.MARKS.values())) == len(words.MARKS)
