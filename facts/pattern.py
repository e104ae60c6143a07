r"""The syntax of patterns: text in, instructions for `facts.regex` out.

    . [a-z] [^a-z] \d \D \w \W \s \S      one character; \d, \w and \s are ASCII; . is not \n
    \t \n \r \f \v \xHH \uHHHH \. \/ …    that character; a letter stands for nothing else
    ^ $ \b \B                             start of the text, its very end, a word's edge or not
    * + ? {m} {m,} {m,n}                  as often as possible; with a further ?, as rarely
    | (…) (?:…)                           alternatives, groups

Look-around and back-references have no linear matcher and are refused, and so is a pattern of
more than `MAX_PATTERN` characters or `MAX_PROGRAM` instructions.
"""

from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from facts.errors import QueryError

MAX_PATTERN = 256
MAX_PROGRAM = 2_000
MAX_REPEAT = 1_000
MAX_DEPTH = 40
"""Groups within groups."""

Set: TypeAlias = tuple[int, ...]
"""A set of characters as sorted code points at which membership begins, ends, begins …"""


def _set(*ranges: tuple[str, str]) -> Set:
    """The set of the characters in these inclusive `ranges`, which may overlap."""
    bounds: list[int] = []
    for first, last in sorted((ord(low), ord(high) + 1) for low, high in ranges):
        if bounds and first <= bounds[-1]:
            bounds[-1] = max(bounds[-1], last)
        else:
            bounds += (first, last)
    return tuple(bounds)


def _not(bounds: Set) -> Set:
    return bounds[1:] if bounds[:1] == (0,) else (0, *bounds)


def _ranges(bounds: Set) -> list[tuple[str, str]]:
    ends = [*bounds, 0x110000] if len(bounds) % 2 else bounds
    return [(chr(a), chr(b - 1)) for a, b in zip(ends[::2], ends[1::2], strict=True)]


_DIGIT = _set(("0", "9"))
WORD = _set(("0", "9"), ("A", "Z"), ("a", "z"), ("_", "_"))
_SPACE = _set(("\t", "\r"), (" ", " "))
_CLASSES = {"d": _DIGIT, "w": WORD, "s": _SPACE}
_CLASSES |= {name.upper(): _not(members) for name, members in _CLASSES.items()}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_HEX = {"x": 2, "u": 4}
_ANY = _not(_set(("\n", "\n")))


class Op(Enum):
    """What an instruction does."""

    SET = auto()
    SPLIT = auto()
    SAVE = auto()
    ASSERT = auto()
    MATCH = auto()


class Step(NamedTuple):
    """One instruction; a jump is relative to it, and SPLIT prefers the first of two."""

    op: Op
    members: Set = ()
    jumps: tuple[int, ...] = ()
    slot: int = 0
    edge: str = ""


Code: TypeAlias = tuple[Step, ...]


class Parser:
    """Reads a pattern, by recursive descent, straight into instructions.

    `groups` counts them. Whatever is wrong with the pattern is a QueryError `pattern_refused`.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0
        self.groups = 0

    def parse(self) -> Code:
        """The instructions for the whole pattern, without the final MATCH."""
        if len(self._pattern) > MAX_PATTERN:
            raise self._refused(f"more than {MAX_PATTERN} characters")
        code = self._alternatives()
        if self._at < len(self._pattern):
            raise self._refused("a ) without its (")
        return code

    def _refused(self, why: str) -> QueryError:
        return QueryError("pattern_refused", self._pattern[:MAX_PATTERN], why)

    def _take(self, wanted: str) -> bool:
        """Whether `wanted` comes next; then it is taken."""
        if self._pattern.startswith(wanted, self._at):
            self._at += len(wanted)
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._pattern):
            raise self._refused("it ends too early")
        self._at += 1
        return self._pattern[self._at - 1]

    def _alternatives(self) -> Code:
        code = self._sequence()
        if self._take("|"):
            other = self._alternatives()
            code = _either(code, other)
        return self._bounded(code)

    def _sequence(self) -> Code:
        code: list[Step] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            code += self._repeated()
        return tuple(code)

    def _repeated(self) -> Code:
        start = self._at
        atom = self._atom()
        times = self._times()
        if times is None:
            return atom
        if len(atom) == 1 and atom[0].op is Op.ASSERT:
            raise self._refused(f"{self._pattern[start]} cannot be repeated")
        eager = not self._take("?")
        if self._pattern[self._at : self._at + 1] in ("*", "+", "?", "{"):
            raise self._refused("a repetition of a repetition")
        least, most = times
        if most is None:
            tail = _plus(atom, eager=eager)
            code = atom * (least - 1) + tail if least else _maybe(tail, eager=eager)
        else:
            code = ()
            for _ in range(most - least):
                code = _maybe(self._bounded(atom + code), eager=eager)
            code = atom * least + code
        return self._bounded(code)

    def _times(self) -> tuple[int, int | None] | None:
        """How often the last atom may come, if that is said."""
        for sign, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return times
        if not self._take("{"):
            return None
        inside, closed, _ = self._pattern[self._at :].partition("}")
        low, comma, high = inside.partition(",")
        numbers = (low, high) if high else (low,)
        if not closed or not all(number.isascii() and number.isdigit() for number in numbers):
            raise self._refused("a { that begins no repetition; write \\{")
        self._at += len(inside) + 1
        least = int(low)
        most = int(high) if high else None if comma else least
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise self._refused(f"{{{inside}}} does not count up to at most {MAX_REPEAT}")
        return least, most

    def _bounded(self, code: Code) -> Code:
        if len(code) > MAX_PROGRAM:
            raise self._refused(f"more than {MAX_PROGRAM} instructions")
        return code

    def _atom(self) -> Code:
        match char := self._next():
            case "(":
                return self._group()
            case "[":
                return (Step(Op.SET, self._members()),)
            case ".":
                return (Step(Op.SET, _ANY),)
            case "^" | "$":
                return (Step(Op.ASSERT, edge=char),)
            case "*" | "+" | "?" | "{":
                raise self._refused(f"{char} has nothing to repeat")
            case "\\":
                if self._take("b"):
                    return (Step(Op.ASSERT, edge="b"),)
                if self._take("B"):
                    return (Step(Op.ASSERT, edge="B"),)
                return (Step(Op.SET, self._escape()),)
        return (Step(Op.SET, _set((char, char))),)

    def _group(self) -> Code:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._refused(f"more than {MAX_DEPTH} groups within groups")
        if self._take("?:"):
            code = self._alternatives()
        elif self._take("?"):
            raise self._refused("of (?…) only (?:…) is linear")
        else:
            self.groups += 1
            slot = 2 * self.groups
            inner = self._alternatives()
            code = (Step(Op.SAVE, slot=slot), *inner, Step(Op.SAVE, slot=slot + 1))
        if not self._take(")"):
            raise self._refused("a ( without its )")
        self._depth -= 1
        return code

    def _escape(self) -> Set:
        char = self._next()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _HEX:
            digits = self._pattern[self._at : self._at + _HEX[char]]
            if len(digits) < _HEX[char] or not set(digits) <= set("0123456789abcdefABCDEF"):
                raise self._refused(f"\\{char} needs {_HEX[char]} hexadecimal digits")
            self._at += len(digits)
            char = chr(int(digits, 16))
        elif char in _CONTROLS:
            char = _CONTROLS[char]
        elif char.isalnum():
            raise self._refused(f"\\{char} is no character, and back-references are not linear")
        return _set((char, char))

    def _members(self) -> Set:
        """The set in square brackets, whose [ is taken."""
        negated = self._take("^")
        ranges: list[tuple[str, str]] = []
        first = True
        while first or not self._take("]"):
            first = False
            low = self._member()
            if self._pattern[self._at : self._at + 1] == "-" and not self._pattern.startswith(
                "-]", self._at
            ):
                self._at += 1
                high = self._member()
                if len(low) > 1 or len(high) > 1 or low[0][0] > high[0][0]:
                    raise self._refused("a range of characters that has no order")
                ranges.append((low[0][0], high[0][0]))
            else:
                ranges += low
        return _not(_set(*ranges)) if negated else _set(*ranges)

    def _member(self) -> list[tuple[str, str]]:
        char = self._next()
        if char == "\\":
            return [("\b", "\b")] if self._take("b") else _ranges(self._escape())
        if char == "[" and self._pattern[self._at : self._at + 1] in (":", "=", "."):
            raise self._refused("named sets such as [:alpha:] are not known; write [A-Za-z]")
        return [(char, char)]


def _either(one: Code, other: Code) -> Code:
    split = Step(Op.SPLIT, jumps=(1, len(one) + 2))
    return (split, *one, Step(Op.SPLIT, jumps=(len(other) + 1,)), *other)


def _maybe(code: Code, *, eager: bool) -> Code:
    jumps = (1, len(code) + 1)
    return (Step(Op.SPLIT, jumps=jumps if eager else jumps[::-1]), *code)


def _plus(code: Code, *, eager: bool) -> Code:
    """Once or more; `*` is this or nothing, which is also right when `code` can be empty."""
    jumps = (-len(code), 1)
    return (*code, Step(Op.SPLIT, jumps=jumps if eager else jumps[::-1]))
