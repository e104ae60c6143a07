"""How a single text or time is shown to a person; cheap to import.

Nothing that a host's data holds can steer what shows it, and times are Beijing time with their
offset, whatever the machine's own zone is.
"""

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""A fixed offset: China has had no summer time since 1991."""

MAX_SHOWN = 1000
"""How much of one text is shown, in characters."""


def visible(text: str) -> str:
    """`text` with escapes for what could move a cursor, colour, or turn the reading direction."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def excerpt(text: str) -> str:
    """`text` as `visible` has it, and no more of it than a person can read."""
    if len(text) <= MAX_SHOWN:
        return visible(text)
    return f"{visible(text[:MAX_SHOWN])}… [+{len(text) - MAX_SHOWN}]"


def beijing(stamp: str) -> str:
    """A time as people here read it: `2026-11-23 16:00:00 +08:00`.

    Raises:
        ValueError: `stamp` is not RFC 3339 in UTC with whole seconds.
    """
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    try:
        return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")
    except OverflowError as e:  # the last hours of the year 9999
        raise ValueError(f"{stamp} is beyond every calendar") from e
