"""How long logs are kept: one part a logging system, put together as one table.

A part whose files are not on the host is not in use there, and adds no row. A part that cannot
be read makes the table partial, never shorter in silence.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from collectors.config import drop_ins, entries, first, lines, present, settings
from collectors.forwarding import forwards
from collectors.host import Host, condition_of
from collectors.interface import Observed
from collectors.logrotate import rules
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

_JOURNALD = ("/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald")
_JOURNALD_CONF = tuple(
    f"{directory}/systemd/journald.conf"
    for directory in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
)
_JOURNAL = "/var/log/journal"
_AUDITD_CONF = "/etc/audit/auditd.conf"
_AUDIT_LOG = "/var/log/audit/audit.log"
_DAY_S = 86400
_MIB = 1024 * 1024
_SPAN = re.compile(r"(\d+)\s*([a-zA-Zµ]*)")
_UNITS_S = {
    ("", "s", "sec", "second", "seconds"): 1,
    ("m", "min", "minute", "minutes"): 60,
    ("h", "hr", "hour", "hours"): 3600,
    ("d", "day", "days"): _DAY_S,
    ("w", "week", "weeks"): 7 * _DAY_S,
    ("M", "month", "months"): 2629800,
    ("y", "year", "years"): 31557600,
}
"""systemd.time(7); smaller units keep nothing for a day."""
_SIZE_UNITS = {"": 1, "K": 1024, "M": _MIB, "G": 1024 * _MIB, "T": 1024**2 * _MIB}
_ARCHIVED = re.compile(r".*@[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{16})\.journal")
"""An archived journal's name ends in the time of its first record, in hexadecimal microseconds."""


def log_retention(host: Host, columns: frozenset[str]) -> Observed:
    """What journald, auditd, logrotate and the forwarders are told."""
    parts: tuple[Callable[[Host], Iterator[dict[str, Cell]]], ...] = (_journald, _auditd, _rotated)
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for part in (*parts, forwards):
        try:
            rows += part(host)
        except OSError as e:
            observed = Condition(
                Status.PARTIAL, condition_of(e, str(e.filename or "/var/log")).reason
            )
    dates = COMPLETE
    if "oldest_record" in columns:
        for row in rows:
            try:
                row["oldest_record"] = _oldest(host, row)
            except OSError as e:
                reason = condition_of(e, str(e.filename or row["name"])).reason
                dates = Condition(Status.PARTIAL, reason)
    return Observed(rows, observed, {} if dates.complete else {"oldest_record": dates})


def _journald(host: Host) -> Iterator[dict[str, Cell]]:
    if not present(host, *_JOURNALD):
        return
    main = first(host, *_JOURNALD_CONF)
    paths = drop_ins(host, [f"{path}.d" for path in _JOURNALD_CONF])
    said = settings(host, [*([main] if main else []), *paths], "Journal")
    storage = said.get("Storage", ("auto", ""))[0].lower()
    kept, source = said.get("MaxRetentionSec", ("", main))
    seconds = span_s(kept)
    yield {
        "name": "journal",
        "kind": "journald",
        "path": _JOURNAL,
        "retention_days": seconds // _DAY_S if seconds else None,
        "rotations": _number(said.get("SystemMaxFiles", ("", ""))[0]),
        "max_size_bytes": size_bytes(said.get("SystemMaxUse", ("", ""))[0]),
        "persistent": int(
            storage == "persistent" or (storage == "auto" and present(host, _JOURNAL) is not None)
        ),
        "forwarded": 0,
        "source": source,
    }


def _auditd(host: Host) -> Iterator[dict[str, Cell]]:
    if not present(host, _AUDITD_CONF):
        return
    said: dict[str, str] = {}
    for line in lines(host, _AUDITD_CONF):
        key, _, value = line.text.partition("=")
        said[key.strip().lower()] = value.strip()
    action = said.get("max_log_file_action", "rotate").lower()
    size = _number(said.get("max_log_file", ""))
    yield {
        "name": "audit",
        "kind": "auditd",
        "path": said.get("log_file", _AUDIT_LOG),
        "retention_days": None,
        "rotations": _number(said.get("num_logs", "0")) if action == "rotate" else None,
        "max_size_bytes": size * _MIB if size is not None and action == "rotate" else None,
        "persistent": int(said.get("write_logs", "yes").lower() == "yes"),
        "forwarded": 0,
        "source": _AUDITD_CONF,
    }


def _rotated(host: Host) -> Iterator[dict[str, Cell]]:
    for rule in rules(host):
        for pattern in rule.patterns:
            yield {
                "name": pattern,
                "kind": "logrotate",
                "path": pattern,
                "retention_days": rule.retention_days,
                "rotations": rule.rotations,
                "max_size_bytes": rule.size_bytes,
                "persistent": int(not pattern.startswith(("/run/", "/dev/"))),
                "forwarded": 0,
                "source": rule.source,
            }


def _oldest(host: Host, row: dict[str, Cell]) -> str | None:
    """The oldest date among the files of `row`; file names and dates only, no content."""
    path = str(row.get("path") or "")
    if row["kind"] == "journald":
        times = [
            _journal_time(host, f"{path}/{machine}/{name}")
            for machine in entries(host, path)
            for name in entries(host, f"{path}/{machine}")
        ]
    else:
        directory, _, pattern = path.rpartition("/")
        if "*" in directory or not directory:
            return None
        names = [name for name in entries(host, directory) if fnmatchcase(name, f"{pattern}*")]
        times = [_changed(host, f"{directory}/{name}") for name in names]
    known = [time for time in times if time is not None]
    return datetime.fromtimestamp(min(known), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if known else None


def _journal_time(host: Host, path: str) -> float | None:
    archived = _ARCHIVED.fullmatch(path.rpartition("/")[2])
    return int(archived[1], 16) / 1e6 if archived else _changed(host, path)


def _changed(host: Host, path: str) -> float | None:
    try:
        return host.stat(path).st_mtime
    except FileNotFoundError:
        return None


def span_s(text: str) -> int | None:
    """A time span such as `1month 2w` in seconds; NULL for none, and for one without end."""
    found = _SPAN.findall(text)
    total = 0
    for number, unit in found:
        factors = [factor for names, factor in _UNITS_S.items() if unit in names]
        total += int(number) * (factors[0] if factors else 0)
    return total or None


def size_bytes(text: str) -> int | None:
    """A size such as `500M` in bytes; NULL if none is set."""
    found = re.fullmatch(r"(\d{1,12})\s*([KMGT]?)B?", text.strip(), re.IGNORECASE)
    return int(found[1]) * _SIZE_UNITS[found[2].upper()] if found else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004 - INTEGER
