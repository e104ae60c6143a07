"""The linear matcher agrees with `re`, and stays linear where `re` does not."""

import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.errors import QueryError
from facts.regex import MAX_LEARNT, Pattern, compile_pattern


def free(_operations: int) -> None:
    """A budget without end."""


def groups(pattern: str, text: str) -> tuple[str | None, ...] | None:
    spans = compile_pattern(pattern).search(text, free)
    if spans is None:
        return None
    return tuple(None if span is None else text[span[0] : span[1]] for span in spans)


def by_re(pattern: str, text: str) -> tuple[str | None, ...] | None:
    found = re.search(pattern, text, re.ASCII)
    return None if found is None else (found[0], *found.groups())


ATOMS = st.sampled_from(
    ["a", "b", "_", "-", ".", "[ab]", "[^a]", "[a-c_]", r"\d", r"\w", r"\S", r"\-", "[\\]-]"]
)
QUANTIFIERS = st.sampled_from(
    ["", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{1,3}", "{0,2}?"]
)
EDGES = st.sampled_from(["^", r"\Z", r"\b", r"\B"])


def consuming() -> st.SearchStrategy[str]:
    """Patterns that take at least a character, so that `re`'s rules for empty loops stay out."""

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        repeated = st.tuples(inner, st.sampled_from(["", "+", "{2}", "+?", "{1,2}"])).map(
            lambda parts: f"({parts[0]}){parts[1]}"
        )
        return st.one_of(
            repeated,
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda parts: f"(?:{parts[0]}|{parts[1]})"),
            st.tuples(inner, ATOMS, QUANTIFIERS).map("".join),
            st.tuples(EDGES, inner).map("".join),
            st.tuples(inner, EDGES).map("".join),
        )

    return st.recursive(ATOMS, larger, max_leaves=8)


@settings(max_examples=600, deadline=None)
@given(consuming(), st.text("ab_-1\n ", max_size=12))
def test_finds_what_re_finds(pattern: str, text: str) -> None:
    """The leftmost preferred match and each of its groups are those of `re`."""
    ours = pattern.replace(r"\Z", "$")

    assert groups(ours, text) == by_re(pattern, text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(ATOMS, QUANTIFIERS).map("".join), max_size=6).map("".join),
    st.text("ab_-1\n", max_size=12),
)
def test_prefers_what_re_prefers(pattern: str, text: str) -> None:
    """Eager and lazy repetitions share out the text as those of `re` do."""
    assert groups(pattern, text) == by_re(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("(|a)*", "aa", ("", "")),
        ("(a|b)*c", "ababc", ("ababc", "b")),
        ("(x)|y", "y", ("y", None)),
        ("", "abc", ("",)),
        ("$", "abc\n", ("",)),
        (r"\x41\u4e2d", "A中", ("A中",)),
        ("[一-龥]+", "在 中文 里", ("在",)),
        ("[^\\n]+", "\n\U0001f512", ("\U0001f512",)),
        ("}]", "}]", ("}]",)),
    ],
)
def test_corners(pattern: str, text: str, expected: tuple[str | None, ...]) -> None:
    """What the generated patterns leave out."""
    assert groups(pattern, text) == expected


@pytest.mark.parametrize("pattern", [r"(a*)*b", r"(a|a)*b", r"(a|aa)+$", "(.*)(.*)(.*)(.*)x"])
def test_stays_linear_where_backtracking_explodes(pattern: str) -> None:
    """The cost grows with the length of the text, not with the ways of matching it."""
    spent: list[int] = []

    compile_pattern(pattern).search("a" * 500, spent.append)
    short = sum(spent)
    compile_pattern(pattern).search("a" * 1_000, spent.append)

    assert sum(spent) - short <= 3 * short


def test_a_counted_repetition_costs_no_more_than_its_size() -> None:
    """A pattern whose automaton would be exponential forgets and goes on."""
    pattern = compile_pattern("(?:a|b)*a(?:a|b){12}c")
    draw = random.Random(1)
    text = "".join(draw.choice("ab") for _ in range(3 * MAX_LEARNT))
    begun = time.thread_time()

    assert pattern.search(text, free) is None
    assert pattern.search(text + "a" + "b" * 12 + "c", free) is not None
    assert time.thread_time() - begun < 5


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "linear"),
        ("a(?=b)", "linear"),
        ("a(?<!b)", "linear"),
        ("(a", "without its )"),
        ("a)", "without its ("),
        ("[a", "too early"),
        ("a\\", "too early"),
        ("*a", "nothing to repeat"),
        ("a**", "repetition"),
        ("a{2}{3}", "repetition"),
        ("^*", "cannot be repeated"),
        ("a{", "write \\{"),
        ("a{,3}", "write \\{"),
        ("a{3,2}", "count up"),
        ("a{2000}", "count up"),
        ("(?:a{500}){500}", "instructions"),
        ("[z-a]", "order"),
        ("[[:alpha:]]", "named sets"),
        (r"\q", "no character"),
        (r"\xZZ", "hexadecimal"),
        ("a" * 257, "256"),
        ("(" * 60 + ")" * 60, "within"),
    ],
)
def test_refuses_and_says_why(pattern: str, why: str) -> None:
    """What has no linear matcher, or no meaning, is refused before it meets any text."""
    with pytest.raises(QueryError, match=re.escape(why)) as refusal:
        compile_pattern(pattern)

    assert refusal.value.code == "pattern_refused"


def test_the_budget_can_stop_it() -> None:
    """What `spend` raises ends the search."""

    def spend(_operations: int) -> None:
        raise QueryError("over_time")

    with pytest.raises(QueryError):
        compile_pattern("a").search("aaa", spend)


def test_a_pattern_is_compiled_once() -> None:
    """The rows of a table meet the same matcher, with what it has learnt."""
    first = compile_pattern("compiled once")

    assert isinstance(first, Pattern)
    assert compile_pattern("compiled once") is first
