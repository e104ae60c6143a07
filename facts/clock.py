"""SQLite's date functions without the machine's clock and time zone.

"Now" is the scan's time, wherever it is said or left out, and all times are UTC. The functions
themselves are SQLite's own, asked on a connection of their own once that is settled.
"""

from collections.abc import Callable, Mapping

import apsw

from facts.errors import QueryError
from facts.texts import MAX_LENGTH
from facts.values import Value

_MOMENTS = {
    "date": (0,),
    "datetime": (0,),
    "julianday": (0,),
    "strftime": (1,),
    "time": (0,),
    "timediff": (0, 1),
    "unixepoch": (0,),
}
"""The positions of each function's arguments that say when."""

_KEYWORDS = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}

NAMES = frozenset({*_MOMENTS, *_KEYWORDS})


def functions(now: str) -> Mapping[str, Callable[..., Value]]:
    """The date functions by name; `now` is RFC 3339 in UTC."""
    own = apsw.Connection(":memory:")
    own.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_LENGTH)
    made = {name: _function(own, name, now) for name in _MOMENTS}
    return made | {keyword: made[name] for keyword, name in _KEYWORDS.items()}


def _function(own: apsw.Connection, name: str, now: str) -> Callable[..., Value]:
    moments = _MOMENTS[name]

    def function(*arguments: Value) -> Value:
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
            answer: Value = own.execute(f"SELECT {name}({marks})", given).get
        except apsw.Error as e:
            raise QueryError("argument_refused", name, str(e)) from e
        return answer

    return function
