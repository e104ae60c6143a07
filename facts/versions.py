"""Order among version numbers, by the published rules of dpkg and of rpm.

Source: deb-version(7) for `dpkg`; rpm-version(7) for `rpm`, whose rules pacman shares.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from facts.errors import QueryError

Flavour: TypeAlias = Literal["plain", "dpkg", "rpm"]

OPERATORS: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}

_FLAGS: Mapping[tuple[bool, ...], Flavour] = {
    (): "plain",
    (True, True): "dpkg",
    (True, True, True): "rpm",
    (True, False, True, True): "rpm",
}

_Number: TypeAlias = tuple[int, str]

_END = 0
_RUNS = re.compile(r"([^0-9]*)([0-9]*)")
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")


def flavour(flags: tuple[bool, ...]) -> Flavour:
    """Whose rules osquery's flags (epoch, delimiters, remaining, remainder) stand for.

    osquery documents three combinations, for dpkg, rhel and arch; another one is refused.
    """
    while flags and not flags[-1]:
        flags = flags[:-1]
    try:
        return _FLAGS[flags]
    except KeyError as e:
        raise QueryError("argument_refused", "version_compare", f"flags {flags}") from e


def compare(left: str, right: str, rules: Flavour) -> int:
    """Negative, zero or positive as `left` is older than, equal to or newer than `right`."""
    if rules == "plain":
        return _compare_runs(left, right)
    piecewise = _compare_runs if rules == "dpkg" else _compare_segments
    epoch, version, release = _parts(left)
    other_epoch, other_version, other_release = _parts(right)
    return (
        (epoch > other_epoch) - (epoch < other_epoch)
        or piecewise(version, other_version)
        or (
            piecewise(release, other_release)
            if rules == "dpkg" or (release and other_release)
            else 0
        )
    )


def _parts(text: str) -> tuple[_Number, str, str]:
    """The parts of [epoch:]version[-release]."""
    epoch, colon, rest = text.partition(":")
    if not colon or not (epoch.isascii() and epoch.isdigit()):
        epoch, rest = "", text
    version, _, release = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return _number(epoch), version, release


def _number(digits: str) -> _Number:
    """A value that sorts as the number does, however many digits a host has put there."""
    significant = digits.lstrip("0")
    return len(significant), significant


def _compare_runs(left: str, right: str) -> int:
    """deb-version(7): runs of other characters and of digits by turns; `~` before even the end."""
    ours, others = _runs(left), _runs(right)
    return (ours > others) - (ours < others)


def _runs(text: str) -> list[tuple[tuple[int, ...], _Number]]:
    """A value that sorts as the version does."""
    return [
        ((*map(_rank, others), _END), _number(digits)) for others, digits in _RUNS.findall(text)
    ]


def _rank(char: str) -> int:
    """`~` before the end, letters after it, everything else after them."""
    if char == "~":
        return _END - 1
    return ord(char) if char.isalpha() else ord(char) + 0x110000


def _compare_segments(left: str, right: str) -> int:
    """rpm-version(7): runs of digits or letters, separators ignored; `~` before, `^` after."""
    ours, others = (_SEGMENTS.findall(text) for text in (left, right))
    for one, other in zip(ours, others, strict=False):
        if rank := _compare_segment(one, other):
            return rank
    if len(ours) == len(others):
        return 0
    longer, sign = (ours, 1) if len(ours) > len(others) else (others, -1)
    return -sign if longer[min(len(ours), len(others))] == "~" else sign


def _compare_segment(one: str, other: str) -> int:
    for mark in "~^":
        if mark in (one, other) and one != other:
            return -1 if one == mark else 1
    if one.isdigit() and other.isdigit():
        return (_number(one) > _number(other)) - (_number(one) < _number(other))
    if one.isdigit() is not other.isdigit():
        return 1 if one.isdigit() else -1
    return (one > other) - (one < other)
