"""The functions SQL may call: SQLite's harmless ones, osquery's, and safe versions of some.

A function is allowed when its answer depends on its arguments only, on every machine, and its
cost is bounded. So there is no random, no printf (its width burns a second in one operation) and
no sine (its last digit is the C library's). Some of SQLite's own are replaced by ones that count
what they cost: LIKE, GLOB, `instr`, `replace` and `trim` compare each character with each other
(215 s for one call on a megabyte), reading JSON takes milliseconds, and the date functions would
ask the machine's clock and time zone.
"""

from collections.abc import Callable

import apsw

from facts import addresses, clock, texts
from facts.errors import QueryError
from facts.like import matchers
from facts.texts import MAX_LENGTH
from facts.values import Value

_AGGREGATES = """
    avg count group_concat json_group_array json_group_object max min string_agg sum total
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
    row_number
"""
_SCALARS = """
    abs ceil ceiling char coalesce concat concat_ws floor hex if ifnull iif json_array json_each
    json_object json_quote json_tree length likelihood likely lower ltrim nullif octet_length
    quote round rtrim sign substr substring trim trunc typeof unhex unicode unlikely upper
"""
_READING_JSON = "-> ->> json_array_length json_extract json_type json_valid"
_OWN = "glob instr like replace in_cidr_block inet_aton regex_match split version_compare"

ALLOWED = frozenset(f"{_AGGREGATES} {_SCALARS} {_READING_JSON} {_OWN}".split()) | clock.NAMES

_CALL = 50
"""What calling a function of ours is worth in SQLite's operations, as measured."""

_CHARS = 32
"""How many characters a function reads for the price of one of SQLite's operations."""

_JSON_COST = 2
"""What reading one character of JSON is worth in SQLite's operations."""


def register(connection: apsw.Connection, *, now: str, spend: Callable[[int], None]) -> None:
    """Give `connection` these functions; `now` is the scan's time, RFC 3339 in UTC.

    `spend` is told what a call is worth in SQLite's operations, and raises when a query has had
    its share. NULL in is NULL out.
    """

    def add(name: str, function: Callable[..., Value], arguments: int = -1, cost: int = 0) -> None:
        def call(*values: Value) -> Value:
            size = 0
            for value in values:
                if value is None:
                    return None
                if isinstance(value, str):
                    size += len(value)
            spend(_CALL + (size * cost or size // _CHARS))
            return function(*values)

        connection.create_scalar_function(name, call, arguments, deterministic=True)

    like, glob = matchers(spend)
    for name, matcher, arguments in (("like", like, 2), ("like", like, 3), ("glob", glob, 2)):
        connection.create_scalar_function(name, matcher, arguments, deterministic=True)
    add("instr", texts.instr, 2)
    add("replace", texts.replace, 3)
    add("trim", texts.trim, 2)
    add("ltrim", texts.ltrim, 2)
    add("rtrim", texts.rtrim, 2)
    add("split", texts.split, 3)
    add("regex_match", texts.regex_match(spend), 3)
    for arguments in range(3, 8):  # two versions, the operator, up to four flags
        add("version_compare", texts.version_compare, arguments)
    add("in_cidr_block", addresses.in_cidr_block, 2)
    add("inet_aton", addresses.inet_aton, 1)
    for name, function in clock.functions(now).items():
        add(name, function)
    own = apsw.Connection(":memory:")
    own.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_LENGTH)
    for name in _READING_JSON.split():
        add(name, _read_json(own, name), cost=_JSON_COST)


def _read_json(own: apsw.Connection, name: str) -> Callable[..., Value]:
    """SQLite's own JSON function `name`, asked on a connection of its own."""

    def function(*values: Value) -> Value:
        marks = ", ".join("?" * len(values))
        try:
            answer: Value = own.execute(f'SELECT "{name}"({marks})', values).get
        except apsw.Error as e:
            raise QueryError("argument_refused", name, str(e)) from e
        return answer

    return function
