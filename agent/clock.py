"""Times as evidence writes them."""

import time
from datetime import UTC, datetime


def now() -> str:
    """The time as RFC 3339 in UTC with whole seconds."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """`seconds` since 1970 as RFC 3339 in UTC with whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(stamp: str) -> int:
    """The seconds since 1970 of a time that `stamp` wrote; ValueError for any other text."""
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007  # the Z is in it
    return int(moment.replace(tzinfo=UTC).timestamp())
