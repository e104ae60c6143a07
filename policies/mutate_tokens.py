"""SQL as tokens and the groups they form: what stands in parentheses, and what in CASE … END.

No more of SQLite's grammar is known here than mutating needs: where a text, a comment or a name
begins and ends, and which parenthesis closes which. Whatever is made of it is put before SQLite.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>[xX]?'(?:[^']|'')*')"
    r'|(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])'
    r"|(?P<parameter>[:@$]\w+|\?\d*)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<mark>->>|->|<>|!=|<=|>=|==|\|\||<<|>>|[^\s\w])",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token and where it stands."""

    kind: str
    """`text`, `name` (quoted), `parameter`, `number`, `word` or `mark`."""
    said: str
    """Words in capitals, all else as written."""
    start: int
    end: int

    def spoken(self, *words: str) -> bool:
        """Whether this is one of these `words` or marks, and no text or quoted name."""
        return self.kind in ("word", "mark") and self.said in words


@dataclass(frozen=True, slots=True)
class Group:
    """What stands between an opening and its closing token."""

    opening: Token
    items: "tuple[Item, ...]"
    closing: Token

    @property
    def start(self) -> int:
        """Where the opening token starts."""
        return self.opening.start

    @property
    def end(self) -> int:
        """Where the closing token ends."""
        return self.closing.end

    def spoken(self, *_words: str) -> bool:
        """Never; see `Token.spoken`."""
        return False


Item: TypeAlias = Token | Group


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of `sql` without blanks and comments.

    Raises:
        ValueError: a text or a quoted name that does not end.
    """
    place = 0
    while place < len(sql):
        match = _TOKEN.match(sql, place)
        kind = match.lastgroup if match else None
        if match is None or kind is None or match[0] in ("'", '"', "`"):
            raise ValueError(f"what begins at {place} does not end")
        place = match.end()
        if kind != "blank":
            said = match[0].upper() if kind == "word" else match[0]
            yield Token(kind, said, match.start(), place)


def tree(sql: str) -> tuple[Item, ...]:
    """The tokens of `sql`, those in parentheses and in CASE … END as groups.

    Raises:
        ValueError: what is opened is not closed, or the other way round.
    """
    stack: list[tuple[Token | None, list[Item]]] = [(None, [])]
    for token in tokens(sql):
        opening, items = stack[-1]
        if token.spoken("(", "CASE"):
            stack.append((token, []))
        elif token.spoken(")", "END"):
            if opening is None or opening.spoken("(") is not token.spoken(")"):
                raise ValueError(f"nothing to close at {token.start}")
            stack.pop()
            stack[-1][1].append(Group(opening, tuple(items), token))
        else:
            items.append(token)
    if len(stack) > 1:
        raise ValueError("something is not closed")
    return tuple(stack[0][1])
