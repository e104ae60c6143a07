"""Patterns of paths mean one thing, to the search through directories and to the replay."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.globs import MAX_PATTERN, Glob, compiled

TEXTS = st.text(alphabet="ab/._%x中", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/etc/%", "/etc/passwd", True),
        ("/etc/%", "/etc/ssh/sshd_config", False),
        ("/etc/%", "/etc/", True),
        ("/etc/%%", "/etc/ssh/sshd_config", True),
        ("/etc/%%%", "/etc/ssh/sshd_config", True),
        ("/etc/%/%", "/etc/ssh/sshd_config", True),
        ("/etc/%.conf", "/etc/host.conf", True),
        ("/etc/%.conf", "/etc/x/host.conf", False),
        ("/etc%%", "/etc", True),
        ("/etc/_", "/etc/a", True),
        ("/etc_a", "/etc/a", False),
        ("/ETC/%", "/etc/passwd", False),
        ("/etc/passwd", "/etc/passwd", True),
        ("/usr/%%/a%b/_", "/usr/x/y/a/b/ab/c", True),
        ("/usr/%%/a%b/_", "/usr/x/a/b/c", False),
        ("", "", True),
    ],
)
def test_each_sign_has_its_meaning(pattern: str, path: str, matches: bool) -> None:  # noqa: FBT001  # a column of the table above
    """One sign stays within a directory, two do not, and an underscore is one character."""
    assert Glob(pattern).matches(path) is matches


@given(TEXTS, TEXTS)
def test_it_matches_what_the_same_regular_expression_matches(pattern: str, path: str) -> None:
    """An independent matcher agrees about every pattern and every path."""
    parts = {"%": "[^/]*", "_": "[^/]"}
    expression = "".join(
        ".*" if len(token) > 1 else parts.get(token, re.escape(token))
        for token in re.findall("%%+|.", pattern)
    )

    assert Glob(pattern).matches(path) is bool(re.fullmatch(expression, path))


@given(TEXTS, TEXTS)
def test_name_by_name_it_comes_to_the_same(pattern: str, path: str) -> None:
    """A search feeds one name after another, and loses no match by giving up early."""
    glob = Glob(pattern)
    state = glob.start
    if path.startswith(glob.base):
        for char in path[len(glob.base) :]:
            only = glob.name(state)
            before, state = state, glob.feed(state, char)
            if only is not None and char != "/":
                assert bool(state) is only.startswith(char), before

        assert glob.accepts(state) is glob.matches(path)


def test_time_grows_with_the_text_and_no_faster() -> None:
    """What makes a backtracking matcher run for years takes no time."""
    glob = Glob("/" + "%a" * 100 + "%%b" * 15)
    began = time.thread_time()

    glob.matches("/" + "a" * 20_000)

    assert time.thread_time() - began < 1


def test_a_long_pattern_is_refused() -> None:
    """Positions are bits of a number, which has to stay small."""
    compiled("%" * MAX_PATTERN)

    with pytest.raises(ValueError, match=str(MAX_PATTERN)):
        compiled("%" * (MAX_PATTERN + 1))
