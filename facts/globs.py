"""Patterns of paths as osquery has them behind LIKE: `%` stays within a directory, `%%` does not.

    /etc/cron.%/%       one level below each /etc/cron.…
    /etc/ssh/%%         everything below /etc/ssh, at any depth
    /usr/lib/%%.so      every such name at any depth

`%` stands for any characters but a slash, `%%` for any characters, `_` for one that is no slash;
all else stands for itself, in this very case, as file names do. LIKE itself lets all of them cross
slashes and ignores case, so what a pattern finds always passes LIKE.

A pattern is matched by following all its possible positions at once, one bit each, so the time
grows with the text and no faster. The positions are also what a search through directories
carries along: they tell which names match and which directories may still hold one.
"""

import re
from functools import lru_cache
from typing import Final

MAX_PATTERN: Final = 256
"""The longest pattern, in characters."""

_TOKEN = re.compile(r"%%+|%|_|[^%_]", re.DOTALL)


class Glob:
    """One pattern; a state is a set of its positions, as bits, and 0 when no text can match."""

    __slots__ = (
        *("_across", "_end", "_literals", "_one", "_tokens", "_wild", "_within"),
        *("base", "start"),
    )

    def __init__(self, pattern: str) -> None:
        self._tokens: list[str] = ["%%" if t[:2] == "%%" else t for t in _TOKEN.findall(pattern)]
        self._literals: dict[str, int] = {}
        self._one = self._within = self._across = 0
        for position, token in enumerate(self._tokens):
            bit = 1 << position
            match token:
                case "%%":
                    self._across |= bit
                case "%":
                    self._within |= bit
                case "_":
                    self._one |= bit
                case _:
                    self._literals[token] = self._literals.get(token, 0) | bit
        self._wild = self._within | self._across
        self._end = 1 << len(self._tokens)
        self.base = re.split("[%_]", pattern, maxsplit=1)[0].rpartition("/")[0]
        """The directory that everything the pattern matches is below; '' for the root."""
        self.start = self.feed(self._skip(1), self.base)
        """The state behind `base`."""

    def feed(self, state: int, text: str) -> int:
        """The state after `text`."""
        for char in text:
            here = self._literals.get(char, 0)
            if char == "/":
                stays = state & self._across
            else:
                here |= self._one
                stays = state & self._wild
            state = self._skip((state & here) << 1 | stays)
            if not state:
                return 0
        return state

    def accepts(self, state: int) -> bool:
        """Whether what was fed so far matches."""
        return bool(state & self._end)

    def matches(self, text: str) -> bool:
        """Whether the whole `text` matches."""
        if not text.startswith(self.base):
            return False
        return self.accepts(self.feed(self.start, text[len(self.base) :]))

    def deep(self, state: int) -> bool:
        """Whether what follows may be in any depth."""
        return bool(state & self._across)

    def name(self, state: int) -> str | None:
        """The one name that may follow in a directory, so that it need not be listed; or None."""
        if state & (state - 1) or not state or state == self._end:
            return None
        name = ""
        for part in self._tokens[state.bit_length() - 1 :]:
            if part == "/":
                break
            if part in ("%", "%%", "_"):
                return None
            name += part
        return name or None

    def _skip(self, state: int) -> int:
        """`state` and what is reached from it without a character: a wildcard may stand for none.

        No two wildcards are next to each other, so one step is all.
        """
        return state | (state & self._wild) << 1


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Glob:
    """The pattern, made once.

    Raises:
        ValueError: it is longer than `MAX_PATTERN`.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern of more than {MAX_PATTERN} characters")
    return Glob(pattern)
