"""The mutants of a query: each with one small mistake of those that people make in SQL.

Turned comparisons and their boundaries, conditions left out, AND for OR, NOT more or less,
constants and parameters that are one off, members missing from lists, the other kind of join.

Left alone is what cannot change whether there is a row: the list of the outermost SELECT, which
says what an evidence row shows, and the `1` of `EXISTS (SELECT 1 …)`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policies.mutate_tokens import Group, Item, Token, tree

_TURNED = {
    "=": ("<>",),
    "==": ("<>",),
    "<>": ("=",),
    "!=": ("=",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
}

_LIST_ENDS = ("FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT")
"""What may follow the list of a SELECT."""

_PARTS = (
    *_LIST_ENDS,
    *("SELECT", "HAVING", "OFFSET", "WITH", "VALUES", "BY", "AS", "DISTINCT"),
    *("JOIN", "LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL", "ON", "USING"),
    *("WHEN", "THEN", "ELSE", "OVER", "FILTER", "WINDOW", ",", ";"),
)
"""What an expression ends at, where it stands outside all groups within the expression."""

_CONDITIONED = ("WHERE", "HAVING", "ON", "WHEN")
"""What a condition follows."""

_KEPT = 60
"""The most characters of what was replaced that a mutant's text shows."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A query with one mistake."""

    sql: str
    text: str
    """The line that the mistake is in, blanks narrowed, with `[what was → what is]`; a second
    mutant of the same text has ` #2` behind it. It stays the same while the line does."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What to put into a query instead of what stands there."""

    start: int
    end: int
    new: str


def mutants(sql: str, numbers: Iterable[str] = ()) -> Iterator[Mutant]:
    """The mutants of `sql`, in the order of where they differ; SQLite may refuse some of them.

    `numbers` are the parameters that are integers.

    Raises:
        ValueError: `sql` is not even made of tokens.
    """
    walked = _Walk(frozenset(f":{name}" for name in numbers))
    changes = sorted(walked.query(tree(sql), shows=True), key=lambda c: (c.start, c.end))
    made: set[str] = {sql}
    told: dict[str, int] = {}
    for change in changes:
        mutated = sql[: change.start] + change.new + sql[change.end :]
        if mutated not in made:
            made.add(mutated)
            text = _text(sql, change)
            told[text] = told.get(text, 0) + 1
            yield Mutant(mutated, text if told[text] == 1 else f"{text} #{told[text]}")


def _text(sql: str, change: _Change) -> str:
    """The line around `change`, and what changes in it."""
    start = sql.rfind("\n", 0, change.start) + 1
    end = sql.find("\n", change.end)
    old = " ".join(sql[change.start : change.end].split())
    old = old if len(old) <= _KEPT else f"{old[: _KEPT - 1]}…"
    behind = sql[change.end : len(sql) if end < 0 else end]
    return " ".join(f"{sql[start : change.start]}[{old} → {change.new}]{behind}".split())


class _Walk:
    """Finds the changes to make in the items of a query."""

    def __init__(self, numbers: frozenset[str]) -> None:
        self._numbers = numbers

    def query(self, items: Sequence[Item], *, shows: bool) -> Iterator[_Change]:
        """The changes within `items`, a query or a part of one; where it only `shows` what it
        found, or that it found something, its list is left alone.
        """
        kept = list(_without_lists(items, every=shows))
        for place, item in enumerate(kept):
            before = kept[place - 1] if place else None
            after = kept[place + 1] if place + 1 < len(kept) else None
            if isinstance(item, Group):
                yield from self._group(item, before)
            elif item.spoken("JOIN"):
                yield from _joined(kept, place)
            else:
                yield from self._token(item, before, after)
        for introduced, expression in _expressions(kept):
            yield from _of_conditions(introduced, expression)

    def _group(self, group: Group, before: Item | None) -> Iterator[_Change]:
        if before is not None and before.spoken("IN") and not _selects(group):
            members, _ = _split(group.items, ",")
            if len(members) > 1:
                yield from _members(members)
                return
        yield from self.query(group.items, shows=before is not None and before.spoken("EXISTS"))

    def _token(self, token: Token, before: Item | None, after: Item | None) -> Iterator[_Change]:
        start, end, said = token.start, token.end, token.said
        if token.kind == "text":
            # A separator with something behind it would still separate.
            word = any(c.isalnum() for c in said)
            yield _Change(end - 1, end, "~'") if word else _Change(start, end, "'~'")
        elif token.kind == "number" and said.isdecimal():
            yield _Change(start, end, str(int(said) + 1))
            if int(said) > 0:
                yield _Change(start, end, str(int(said) - 1))
        elif token.kind == "parameter" and said in self._numbers:
            yield _Change(start, end, f"({said} + 1)")
            yield _Change(start, end, f"({said} - 1)")
        elif token.kind == "mark":
            for other in _TURNED.get(said, ()):
                yield _Change(start, end, other)
        elif token.kind == "word":
            yield from _word(token, before, after)


def _word(token: Token, before: Item | None, after: Item | None) -> Iterator[_Change]:
    start, end = token.start, token.end
    negated = before is not None and before.spoken("NOT")
    if token.spoken("NOT") and after is not None and not after.spoken("MATERIALIZED"):
        yield _Change(start, end, "")
    elif token.spoken("EXISTS", "IN", "LIKE", "GLOB") and not negated:
        yield _Change(start, start, "NOT ")
    elif token.spoken("IS") and after is not None and after.spoken("NULL"):
        yield _Change(end, end, " NOT")


def _joined(items: Sequence[Item], place: int) -> Iterator[_Change]:
    """The other kind of join for the JOIN at `place`.

    A condition on the joined table refuses the row of nulls that a LEFT JOIN would add, so that
    only tables without one are joined the other way.
    """
    join = items[place]
    before = items[place - 1] if place else join
    if before.spoken("LEFT"):
        yield _Change(before.start, before.end, "")
    elif not before.spoken("CROSS", "INNER", "OUTER", "NATURAL"):
        ends = [i for i in range(place, len(items)) if items[i].spoken("ON", "USING")]
        name = items[ends[0] - 1] if ends else join
        conditions: list[Item] = []
        for item in items[place:]:
            if item.spoken("UNION", "EXCEPT", "INTERSECT"):
                break
            if conditions or item.spoken("WHERE"):
                conditions.append(item)
        if isinstance(name, Token) and ends and not _names(name, conditions):
            yield _Change(join.start, join.start, "LEFT ")


def _names(name: Token, items: Sequence[Item]) -> bool:
    """Whether `items` name a column of the table `name`."""
    for place, item in enumerate(items):
        if isinstance(item, Group):
            if _names(name, item.items):
                return True
        elif item.said == name.said and place + 1 < len(items) and items[place + 1].spoken("."):
            return True
    return False


def _members(members: Sequence[Sequence[Item]]) -> Iterator[_Change]:
    """Each member of a list left out, with the comma beside it."""
    for place, member in enumerate(members):
        if place:
            yield _Change(members[place - 1][-1].end, member[-1].end, "")
        else:
            yield _Change(member[0].start, members[1][0].start, "")


def _of_conditions(introduced: Item | None, expression: Sequence[Item]) -> Iterator[_Change]:
    """Each condition of `expression` left out, and AND for OR."""
    alternatives, ors = _split(expression, "OR")
    for alternative in alternatives:
        conditions, ands = _split(alternative, "AND")
        if ors:
            yield _over(alternative, "0")
        if ands:
            yield from (_over(condition, "1") for condition in conditions)
        elif not ors and introduced is not None and introduced.spoken(*_CONDITIONED):
            yield _over(alternative, "1")
        yield from (_over([word], "OR") for word in ands)
    yield from (_over([word], "AND") for word in ors)


def _over(items: Sequence[Item], new: str) -> _Change:
    """`new` instead of `items`."""
    return _Change(items[0].start, items[-1].end, new)


def _split(items: Sequence[Item], word: str) -> tuple[list[list[Item]], list[Item]]:
    """The parts of `items` between each `word`, and those words; the AND of a BETWEEN is none."""
    parts: list[list[Item]] = [[]]
    words: list[Item] = []
    between = False
    for item in items:
        if item.spoken(word) and not between:
            words.append(item)
            parts.append([])
        else:
            between = item.spoken("BETWEEN") or (between and not item.spoken("AND"))
            parts[-1].append(item)
    # What SQLite would refuse anyhow, such as `AND` without a right side, is not taken apart.
    return (parts, words) if all(parts) else ([list(items)] if items else [], [])


def _expressions(items: Sequence[Item]) -> Iterator[tuple[Item | None, list[Item]]]:
    """The expressions among `items`, each with the word that it follows."""
    # In `CASE x WHEN 1 THEN …` WHEN is followed by a value.
    cased = any(item.spoken("WHEN") for item in items) and not items[0].spoken("WHEN")
    introduced: Item | None = None
    expression: list[Item] = []
    for place, item in enumerate(items):
        distinct_from = item.spoken("DISTINCT", "FROM") and (
            place > 0 and items[place - 1].spoken("IS", "NOT", "DISTINCT") and bool(expression)
        )
        if item.spoken(*_PARTS) and not distinct_from:
            if expression:
                yield None if cased else introduced, expression
            introduced, expression = item, []
        else:
            expression.append(item)
    if expression:
        yield None if cased else introduced, expression


def _without_lists(items: Sequence[Item], *, every: bool) -> Iterator[Item]:
    """`items` without the list of each SELECT; if not `every`, only lists of one number."""
    place = 0
    while place < len(items):
        yield items[place]
        place += 1
        if items[place - 1].spoken("SELECT"):
            end = place
            while end < len(items) and not items[end].spoken(*_LIST_ENDS):
                end += 1
            number = end == place + 1 and getattr(items[place], "kind", "") == "number"
            if not (every or number):
                yield from items[place:end]
            place = end


def _selects(group: Group) -> bool:
    return any(item.spoken("SELECT", "VALUES") for item in group.items)
