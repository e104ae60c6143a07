"""Regular expressions in linear time: every way of matching is followed at once.

A pattern from a policy meets text from a host, so a matcher that backtracks could be made to run
for years. This one (Thompson's construction) takes at most one step for each instruction of the
pattern at each character, in two passes: whether there is a match at all, by sets of threads that
are remembered (a lazy automaton), and only then where, by threads in the order of preference
(Pike's simulation). The match is the leftmost, and among those the one that the order of the
pattern prefers, as in ECMAScript and Python. `facts.pattern` has the syntax.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from facts.pattern import WORD, Code, Op, Parser, Set, Step

CHAR_COST = 4
"""What looking at one character is worth in SQLite's operations, as measured."""

STEP_COST = 40
"""What following one thread over one character is worth."""

MAX_LEARNT = 2_000
"""How many transitions a pattern remembers before it forgets them all."""

Span: TypeAlias = tuple[int, int] | None

_Saved: TypeAlias = tuple[int | None, ...]
"""Where each group begins and ends, by slot."""


class _State:
    """Where threads may be, without their order: all that whether there is a match needs."""

    __slots__ = ("before", "following", "threads")

    def __init__(self, threads: frozenset[int], before: str) -> None:
        self.threads = threads
        self.before = before
        """The character before, or one of its kind; '' at the start of the text."""
        self.following: dict[str, _State | None] = {}
        """By the next character, '' being the end of the text; None: there is a match."""


class Pattern:
    """A compiled pattern; `groups` is how many groups it has, 0 being the whole match."""

    def __init__(self, code: Code, groups: int) -> None:
        self.groups = groups
        self._code = code
        self._learnt = 0
        self._states: dict[tuple[frozenset[int], str], _State] = {}
        self._start = _State(frozenset(), "")

    def search(self, text: str, spend: Callable[[int], None]) -> tuple[Span, ...] | None:
        """Where the leftmost match and its groups lie in `text`; None if there is no match.

        `spend` is told what it cost, in SQLite's operations, and may raise to stop it.
        """
        spend(CHAR_COST * len(text))
        earliest = self._earliest(text, spend)
        return None if earliest is None else self._locate(text, earliest, spend)

    def _earliest(self, text: str, spend: Callable[[int], None]) -> int | None:
        """Where, at the earliest, the match begins; None if there is none."""
        state = self._start
        earliest = 0
        for at, char in enumerate((*text, "")):
            if not state.threads:
                earliest = at
            try:
                following = state.following[char]
            except KeyError:
                spend(0)  # what was learnt before must not change what a text costs
                following = self._learn(state, char)
            if following is None:
                return earliest
            state = following
        return None

    def _learn(self, state: _State, char: str) -> _State | None:
        """Where `state` goes on `char`."""
        threads: dict[int, _Saved] = {}
        for where in (*state.threads, 0):
            self._follow(threads, where, (), 0, (state.before, char))
        steps = [(where, self._code[where]) for where in threads]
        following = None
        if all(step.op is not Op.MATCH for _, step in steps):
            going = frozenset(where + 1 for where, step in steps if _takes(step, char))
            following = self._states.setdefault((going, _kind(char)), _State(going, char))
        self._learnt += 1
        if self._learnt > MAX_LEARNT:
            self._learnt = 0
            self._states = {}
            self._start = _State(frozenset(), "")
        state.following[char] = following
        return following

    def _locate(self, text: str, earliest: int, spend: Callable[[int], None]) -> tuple[Span, ...]:
        """The spans of the match, which begins at `earliest` or later."""
        nowhere: _Saved = (None,) * (2 * self.groups + 1)
        best: _Saved = ()
        threads: dict[int, _Saved] = {}
        before = text[earliest - 1 : earliest] if earliest else ""
        for at, char in enumerate((*text[earliest:], ""), earliest):
            if not best:
                self._follow(threads, 0, (at, *nowhere), at, (before, char))
            spend(STEP_COST * len(threads))
            going: dict[int, _Saved] = {}
            for where, saved in threads.items():
                step = self._code[where]
                if step.op is Op.MATCH:
                    best = (saved[0], at, *saved[2:])
                    break  # the threads after this one are less preferred
                if _takes(step, char):
                    after = text[at + 1 : at + 2]
                    self._follow(going, where + 1, saved, at + 1, (char, after))
            threads = going
            before = char
            if best and not threads:
                break
        pairs = zip(best[::2], best[1::2], strict=True)
        return tuple(None if a is None or b is None else (a, b) for a, b in pairs)

    def _follow(
        self,
        threads: dict[int, _Saved],
        where: int,
        saved: _Saved,
        at: int,
        edge: tuple[str, str],
    ) -> None:
        """Add to `threads` what is reached from `where` at the `edge` between two characters.

        What is added first is preferred.
        """
        stack = [(where, saved)]
        while stack:
            where, saved = stack.pop()
            if where in threads:
                continue
            threads[where] = saved
            step = self._code[where]
            if step.op is Op.SPLIT:
                stack += ((where + jump, saved) for jump in reversed(step.jumps))
            elif step.op is Op.SAVE:
                kept = (*saved[: step.slot], at, *saved[step.slot + 1 :]) if saved else saved
                stack.append((where + 1, kept))
            elif step.op is Op.ASSERT and _holds(step.edge, *edge):
                stack.append((where + 1, saved))


def _has(members: Set, char: str) -> bool:
    return bisect_right(members, ord(char)) % 2 == 1


def _takes(step: Step, char: str) -> bool:
    """Whether the instruction goes on over `char`; nothing goes on over the end."""
    return step.op is Op.SET and char != "" and _has(step.members, char)


def _kind(char: str) -> str:
    """All that an edge can tell about a character."""
    return "_" if char and _has(WORD, char) else " "


def _holds(edge: str, before: str, after: str) -> bool:
    match edge:
        case "^":
            return not before
        case "$":
            return not after
    at_edge = (before != "" and _has(WORD, before)) is not (after != "" and _has(WORD, after))
    return at_edge is (edge == "b")


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """The matcher for `pattern`.

    Raises:
        QueryError: it is malformed, too large, or not of the linear kind.
    """
    parser = Parser(pattern)
    code = parser.parse()
    return Pattern((*code, Step(Op.MATCH)), parser.groups)
