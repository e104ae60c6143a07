"""The functions SQL may call: SQLite's harmless ones, osquery's, and safe versions of some.

A function is allowed when its answer depends on its arguments only, on every machine, and its
cost is bounded. So there is no random, no printf (its width burns a second in one operation), no
sine (its last digit is the C library's), and four of SQLite's own are replaced: `instr`, `replace`
and `trim` compare quadratically (215 s for one call on a megabyte), and the date functions would
ask the machine's clock and time zone.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import apsw

from evidence import canonical
from facts.errors import QueryError
from facts.regex import compile_pattern
from facts.versions import OPERATORS, compare, flavour

MAX_LENGTH = 256 * 1024
"""The longest text inside SQL, in bytes."""

Value: TypeAlias = str | int | float | bytes | None

_AGGREGATES = """
    avg count group_concat json_group_array json_group_object max min string_agg sum total
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
    row_number
"""
_SCALARS = """
    abs ceil ceiling char coalesce concat concat_ws floor glob hex if ifnull iif length like
    likelihood likely lower ltrim nullif octet_length quote round rtrim sign substr substring
    trim trunc typeof unhex unicode unlikely upper instr replace
"""
_JSON = """
    json json_array json_array_length json_each json_error_position json_extract json_insert
    json_object json_patch json_quote json_remove json_replace json_set json_tree json_type
    json_valid -> ->>
"""
_CLOCK = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}
_DATES = "date datetime julianday strftime time timediff unixepoch"
_OSQUERY = "in_cidr_block inet_aton regex_match split version_compare"

ALLOWED = frozenset(" ".join((_AGGREGATES, _SCALARS, _JSON, *_CLOCK, _DATES, _OSQUERY)).split())


def register(connection: apsw.Connection, *, now: str, spend: Callable[[int], None]) -> None:
    """Give `connection` these functions; `now` is the scan's time, RFC 3339 in UTC.

    `spend` is told what a costly call is worth in SQLite's operations, and raises when a query
    has had its share.
    """

    def add(name: str, function: Callable[..., Value], arguments: int = -1) -> None:
        connection.create_scalar_function(name, function, arguments, deterministic=True)

    add("in_cidr_block", in_cidr_block, 2)
    add("inet_aton", inet_aton, 1)
    add("split", split, 3)
    add("version_compare", version_compare)
    add("regex_match", _matcher(spend), 3)
    add("instr", instr, 2)
    add("replace", replace, 3)
    for name, strip in (("trim", str.strip), ("ltrim", str.lstrip), ("rtrim", str.rstrip)):
        add(name, _trimmer(strip), 2)
    clock = apsw.Connection(":memory:")
    clock.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_LENGTH)
    for name in _DATES.split():
        add(name, _dated(clock, name, now))
    for name, same in _CLOCK.items():
        add(name, _dated(clock, same, now), 0)


def _dated(clock: apsw.Connection, name: str, now: str) -> Callable[..., Value]:
    """SQLite's own date function `name`, asked on `clock` with `now` wherever it means "now"."""
    moments = {"strftime": (1,), "timediff": (0, 1)}.get(name, (0,))

    def dated(*arguments: Value) -> Value:
        if any(isinstance(value, bytes) for value in arguments):
            return None
        # SQLite reads a text up to its first NUL, so that is what must be looked at.
        given = [v.partition("\0")[0] if isinstance(v, str) else v for v in arguments]
        if len(given) == moments[0]:
            given.append(now)
        for index, value in enumerate(given):
            word = value.lower() if isinstance(value, str) else ""
            if index in moments and word in {"now", "subsec", "subsecond"}:
                given[index] = now
            elif index > moments[-1] and word in {"localtime", "utc"}:
                raise QueryError("localtime_refused", word)
        marks = ", ".join("?" * len(given))
        try:
            cursor = clock.execute(f"SELECT {name}({marks})", given)  # noqa: S608  # our own words
        except apsw.SQLError as e:
            raise QueryError("argument_refused", name, str(e)) from e
        answer: Value = cursor.get
        return answer

    return dated


def instr(text: Value, part: Value) -> Value:
    """Where `part` begins in `text`, from 1; 0 if nowhere."""
    if text is None or part is None:
        return None
    return _text(text).find(_text(part)) + 1


def replace(text: Value, part: Value, by: Value) -> Value:
    """`text` with every `part` replaced."""
    if text is None or part is None or by is None:
        return None
    old, part, by = _text(text), _text(part), _text(by)
    if not part:
        return old
    if len(old) + old.count(part) * (len(by) - len(part)) > MAX_LENGTH:
        raise QueryError("over_length", str(MAX_LENGTH))
    return old.replace(part, by)


def _trimmer(strip: Callable[[str, str], str]) -> Callable[[Value, Value], Value]:
    def trim(text: Value, characters: Value) -> Value:
        if text is None or characters is None:
            return None
        return strip(_text(text), "".join(set(_text(characters))))

    return trim


def split(text: Value, separators: Value, index: Value) -> Value:
    """The field number `index`, from 0, of `text` cut at each of the characters `separators`.

    Empty fields do not count and white space around a field is dropped, as osquery has it.
    """
    if text is None or separators is None or index is None:
        return None
    cut = _text(separators)
    if not cut:
        raise QueryError("argument_refused", "split", "no separator")
    parts = _text(text).translate(dict.fromkeys(map(ord, cut), cut[0])).split(cut[0])
    fields = [part.strip(" \t\n\v\f\r") for part in parts if part]
    at = _integer(index)
    return fields[at] if 0 <= at < len(fields) else None


def _matcher(spend: Callable[[int], None]) -> Callable[[Value, Value, Value], Value]:
    def regex_match(text: Value, pattern: Value, index: Value) -> Value:
        """Group number `index` of the first match of `pattern` in `text`; NULL if none.

        Group 0 is the whole match; a group that took no part is empty, as osquery has it.
        """
        if text is None or pattern is None or index is None:
            return None
        subject = _text(text)
        spans = compile_pattern(_text(pattern)).search(subject, spend)
        at = _integer(index)
        if spans is None or not 0 <= at < len(spans):
            return None
        span = spans[at]
        return "" if span is None else subject[span[0] : span[1]]

    return regex_match


def inet_aton(address: Value) -> Value:
    """An IPv4 address as a number; NULL for anything else."""
    packed = _packed(_text(address)) if address is not None else None
    return int.from_bytes(packed) if packed is not None and len(packed) == _IPV4 else None


def in_cidr_block(block: Value, address: Value) -> Value:
    """Whether `address` lies in `block`, both IPv4 or both IPv6; NULL if either is malformed.

    Bits of the block beyond its prefix are ignored, and so is an address's zone (`%eth0`).
    """
    if block is None or address is None:
        return None
    network = _network(_text(block))
    packed = _packed(_text(address).partition("%")[0])
    if network is None or packed is None:
        return None
    base, prefix = network
    if len(base) != len(packed):
        return 0
    shift = 8 * len(base) - prefix
    return int(int.from_bytes(base) >> shift == int.from_bytes(packed) >> shift)


_IPV4 = 4


@lru_cache(maxsize=1024)
def _network(block: str) -> tuple[bytes, int] | None:
    address, slash, prefix = block.partition("/")
    packed = _packed(address)
    if packed is None or not slash or not (prefix.isascii() and prefix.isdigit()):
        return None
    return (packed, int(prefix)) if len(prefix) <= 3 and int(prefix) <= 8 * len(packed) else None


def _packed(address: str) -> bytes | None:
    import socket  # noqa: PLC0415  # 3 ms that most queries never need

    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return None


def version_compare(*arguments: Value) -> Value:
    """Whether version `left` stands in the relation `operator` to version `right`: 1 or 0.

    `version_compare(left, operator, right)`; up to four flags follow, which choose whose rules
    hold, as osquery has them (`facts.versions.flavour`).
    """
    if len(arguments) < 3 or any(value is None for value in arguments[:3]):
        return None
    left, operator, right = (_text(value) for value in arguments[:3])
    holds = OPERATORS.get(operator)
    if holds is None:
        raise QueryError("argument_refused", "version_compare", f"{operator} is no operator")
    rules = flavour(tuple(bool(_integer(value)) for value in arguments[3:7]))
    return int(holds(compare(left, right, rules), 0))


def _text(value: Value) -> str:
    """`value` as SQL text."""
    match value:
        case str():
            return value
        case bytes():
            return canonical.text(value)
        case _:
            return str(value)


def _integer(value: Value) -> int:
    """`value` as SQL casts it to an integer."""
    match value:
        case int() | float():
            return int(value)
        case str() if value.lstrip("+-").isdecimal() and value.isascii():
            return int(value)
        case _:
            return 0
