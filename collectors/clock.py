"""What time it is on this host, and how long it has been running."""

import time
from datetime import UTC, datetime, timedelta

from collectors.config import decoded
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, live_only, running_only
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_UPTIME = "/proc/uptime"
_ZONE = "/etc/localtime"
_CALENDAR = {
    "weekday": "%A",
    "timestamp": "%a %b %e %H:%M:%S %Y UTC",
    "datetime": "%Y-%m-%dT%H:%M:%SZ",
    "iso_8601": "%Y-%m-%dT%H:%M:%SZ",
}


@running_only(_UPTIME)
def uptime(host: Host, columns: frozenset[str]) -> Observed:
    """One row; the time a machine slept counts."""
    del columns
    said = decoded(host.read(_UPTIME)).partition(".")[0]
    if not (said.isascii() and said.isdecimal() and len(said) <= 11):  # noqa: PLR2004  # 3,000 years
        return Observed((), condition(Status.UNREADABLE, "malformed_source", _UPTIME))
    running = timedelta(seconds=int(said))
    row: dict[str, Cell] = {
        "days": running.days,
        "hours": running.seconds // 3600,
        "minutes": running.seconds // 60 % 60,
        "seconds": running.seconds % 60,
        "total_seconds": int(said),
    }
    return Observed([row])


@live_only("clock_gettime(2)")
def now(host: Host, columns: frozenset[str]) -> Observed:
    """One row: this moment by the host's clock, in UTC."""
    seconds = int(time.time())
    moment = datetime.fromtimestamp(seconds, UTC)
    row: dict[str, Cell] = {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "hour": moment.hour,
        "minutes": moment.minute,
        "seconds": moment.second,
        "timezone": "UTC",
        "unix_time": seconds,
        **{name: moment.strftime(shape) for name, shape in _CALENDAR.items()},
    }
    conditions: dict[str, Condition] = {}
    if "local_timezone" in columns:
        try:
            row["local_timezone"] = _abbreviation(host, seconds)
        except OSError as e:
            conditions["local_timezone"] = condition_of(e, _ZONE)
    return Observed([row], columns=conditions)


def _abbreviation(host: Host, seconds: int) -> str:
    """What people here call the zone at this moment; a host without a zone keeps UTC.

    Read by the C library, which stands what a damaged file makes of other readers.
    """
    try:
        host.stat(_ZONE)
    except FileNotFoundError:
        return "UTC"
    return time.localtime(seconds).tm_zone
