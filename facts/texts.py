"""Functions on text, at a cost that grows with the text and no faster; NULLs never come here."""

from collections.abc import Callable

from facts.errors import QueryError
from facts.regex import compile_pattern
from facts.values import Value, integer, text
from facts.versions import OPERATORS, compare, flavour

MAX_LENGTH = 128 * 1024
"""The longest text inside SQL, in bytes."""

_SPACE = " \t\n\v\f\r"


def instr(subject: Value, part: Value) -> Value:
    """Where `part` begins in `subject`, from 1; 0 if nowhere."""
    return text(subject).find(text(part)) + 1


def replace(subject: Value, part: Value, by: Value) -> Value:
    """`subject` with every `part` replaced."""
    old, out, new = text(subject), text(part), text(by)
    if not out:
        return old
    if len(old) + old.count(out) * (len(new) - len(out)) > MAX_LENGTH:
        raise QueryError("over_length", str(MAX_LENGTH))
    return old.replace(out, new)


def trim(subject: Value, characters: Value) -> Value:
    """`subject` without any of the `characters` at both ends."""
    return text(subject).strip(_once(characters))


def ltrim(subject: Value, characters: Value) -> Value:
    """`subject` without any of the `characters` at its start."""
    return text(subject).lstrip(_once(characters))


def rtrim(subject: Value, characters: Value) -> Value:
    """`subject` without any of the `characters` at its end."""
    return text(subject).rstrip(_once(characters))


def _once(characters: Value) -> str:
    return "".join(set(text(characters)))


def split(subject: Value, separators: Value, index: Value) -> Value:
    """The field number `index`, from 0, of `subject` cut at each of the `separators`.

    Empty fields do not count and white space around a field is dropped, as osquery has it.
    """
    cut = text(separators)
    if not cut:
        raise QueryError("argument_refused", "split", "no separator")
    parts = text(subject).translate(dict.fromkeys(map(ord, cut), cut[0])).split(cut[0])
    fields = [part.strip(_SPACE) for part in parts if part]
    at = integer(index)
    return fields[at] if 0 <= at < len(fields) else None


def regex_match(spend: Callable[[int], None]) -> Callable[[Value, Value, Value], Value]:
    """The function that finds group `index` of the first match of `pattern` in `subject`.

    NULL if there is no match or no such group; group 0 is the whole match, and a group that took
    no part is empty, as osquery has it.
    """

    def function(subject: Value, pattern: Value, index: Value) -> Value:
        searched = text(subject)
        spans = compile_pattern(text(pattern)).search(searched, spend)
        at = integer(index)
        if spans is None or not 0 <= at < len(spans):
            return None
        span = spans[at]
        return "" if span is None else searched[span[0] : span[1]]

    return function


def version_compare(left: Value, operator: Value, right: Value, *flags: Value) -> Value:
    """Whether version `left` stands in the relation `operator` to version `right`: 1 or 0.

    Up to four flags choose whose rules hold, as osquery has them (`facts.versions.flavour`).
    """
    sign = text(operator)
    holds = OPERATORS.get(sign)
    if holds is None:
        raise QueryError("argument_refused", "version_compare", f"{sign} is no operator")
    rules = flavour(tuple(bool(integer(flag)) for flag in flags))
    return int(holds(compare(text(left), text(right), rules), 0))
