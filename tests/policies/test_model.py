"""What the patterns of the model take and refuse; editors read the same ones in the schema."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from policies import model
from policies.schema import schema

KINDS = {
    model.Name: "approved_usb",
    model.CheckId: "CEP-USB-003",
    model.Time: "2026-11-23T08:00:00Z",
}
CLAUSE = {"ref": "MSS-2021-1:10.3", "certainty": "verified"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_feed_at_the_end_is_refused(kind: Any) -> None:
    """Or a name would be another one, and look the same wherever it is shown."""
    good = KINDS[kind]

    assert msgspec.convert(good, kind) == good
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert(f"{good}\n", kind)


def test_so_it_is_in_the_number_of_a_clause() -> None:
    """Printed records cite it."""
    assert msgspec.convert(CLAUSE, model.Clause).ref == CLAUSE["ref"]
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert({**CLAUSE, "ref": f"{CLAUSE['ref']}\n"}, model.Clause)


def test_every_pattern_is_anchored_alike() -> None:
    """`$` stands at the end of the text alone."""
    patterns = set(_patterns(schema()))

    assert len(patterns) >= 6
    assert [p for p in patterns if not p.startswith("^") or not p.endswith(r"$(?!\n)")] == []


def _patterns(part: object) -> Iterator[str]:
    match part:
        case {"pattern": str(pattern), **rest}:
            yield pattern
            yield from _patterns(rest)
        case dict():
            for each in part.values():
                yield from _patterns(each)
        case list():
            for each in part:
                yield from _patterns(each)
