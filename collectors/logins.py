"""Who signed in when, from utmp(5) records and the session files of systemd-logind."""

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.accounts import users
from collectors.config import decoded, entries
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_WTMP, _UTMP, _LASTLOG = "/var/log/wtmp", "/run/utmp", "/var/log/lastlog"
_SESSIONS = "/run/systemd/sessions"
_LIMIT = 64 * 1024 * 1024
"""The most bytes of a record file, 170,000 records."""
_LAYOUTS = (
    struct.Struct("<h2xi32s4s32s256s4x4xii16s20x"),
    struct.Struct("<h2xi32s4s32s256s4x8xqq16s20x4x"),
)
"""With 32-bit times (x86-64 and most) and with 64-bit ones (arm64, some others): type, pid, line,
id, user, host, seconds, microseconds, address."""
_LASTLOGS = (struct.Struct("<i32s256s"), struct.Struct("<q32s256s"))
_KINDS = (
    *("empty", "run-level", "boot-time", "new-time", "old-time", "init-process"),
    *("login-process", "user-process", "dead-process", "accounting"),
)
_USER_PROCESS = 7
_END = 2**33
"""Seconds that no record has before the year 2242."""
_PREFIXES = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class _Record:
    """One record of utmp(5)."""

    type: int
    pid: int
    tty: str
    user: str
    host: str
    time: int

    @property
    def kind(self) -> str:
        return _KINDS[self.type]


def last(host: Host, columns: frozenset[str]) -> Observed:
    """Every record of wtmp, in the order they were written."""
    del columns
    records, observed = _records(host, _WTMP)
    rows: list[dict[str, Cell]] = [
        {
            "username": record.user,
            "tty": record.tty,
            "pid": record.pid,
            "type": record.type,
            "type_name": record.kind,
            "time": record.time,
            "host": record.host,
            "host_network": network(record.host),
        }
        for record in records
    ]
    return Observed(rows, observed)


@running_only(_UTMP)
def logged_in_users(host: Host, columns: frozenset[str]) -> Observed:
    """The records of utmp, else the sessions of systemd-logind."""
    del columns
    try:
        records, observed = _records(host, _UTMP)
    except FileNotFoundError:
        host.names(_SESSIONS)  # one of the two is there on a host that records sessions at all
        return Observed([_row(record) for record in _sessions(host)])
    return Observed([_row(record) for record in records], observed)


def account_activity(host: Host, columns: frozenset[str]) -> Observed:
    """The day each account was last seen, in lastlog or wtmp."""
    del columns
    known = users(host, frozenset())
    records, observed = _records(host, _WTMP)
    seen: dict[str, int] = {}
    for record in records:
        if record.type == _USER_PROCESS:
            seen[record.user] = max(record.time, seen.get(record.user, 0))
    times = _lastlog(host, [int(str(row["uid"])) for row in known.rows])
    oldest = min((record.time for record in records if record.time > 0), default=None)
    rows: list[dict[str, Cell]] = []
    for row in known.rows:
        newest = max(seen.get(str(row["username"]), 0), times.get(int(str(row["uid"])), 0))
        rows.append(
            {
                "uid": row["uid"],
                "username": row["username"],
                "last_seen": _day(newest) if newest > 0 else None,
                "records_from": None if oldest is None else _day(oldest),
            }
        )
    return Observed(rows, known.condition if observed.complete else observed)


def network(host: str) -> str:
    """The network that the address `host` is in; empty if it is none."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return str(ipaddress.ip_network((address, _PREFIXES[address.version]), strict=False))


def _row(record: _Record) -> dict[str, Cell]:
    return {
        "type": record.kind,
        "user": record.user,
        "tty": record.tty,
        "host": record.host,
        "time": record.time,
        "pid": record.pid,
        "host_network": network(record.host),
    }


def _records(host: Host, path: str) -> tuple[list[_Record], Condition]:
    """The records in `path`, and partial if its end or an entry is none."""
    data = b"".join(host.chunks(path, limit=_LIMIT))
    best: list[_Record] = []
    for layout in _LAYOUTS:
        found = list(_unpacked(layout, data))
        if len(found) * layout.size == len(data):
            return [record for record in found if record.type], COMPLETE
        best = max(best, found, key=len)
    return [record for record in best if record.type], condition(
        Status.PARTIAL, "malformed_source", path
    )


def _unpacked(layout: struct.Struct, data: bytes) -> Iterator[_Record]:
    """The records up to the first that is none; an unused one has type 0."""
    for at in range(0, len(data) - layout.size + 1, layout.size):
        kind, pid, tty, _, user, source, seconds, micros, _ = layout.unpack_from(data, at)
        if not (0 <= kind < len(_KINDS) and 0 <= seconds < _END and 0 <= micros < 1_000_000):  # noqa: PLR2004 - a second
            return
        yield _Record(kind, pid, _text(tty), _text(user), _text(source), seconds)


def _lastlog(host: Host, uids: Iterable[int]) -> dict[int, int]:
    """Seconds of the last login by user number; none where the host keeps no lastlog."""
    try:
        size = host.stat(_LASTLOG).st_size
        data = b"" if not size else b"".join(host.chunks(_LASTLOG, limit=_LIMIT))
    except FileNotFoundError:
        return {}
    layout = next((each for each in _LASTLOGS if len(data) % each.size == 0), _LASTLOGS[0])
    found = {}
    for uid in uids:
        if (uid + 1) * layout.size <= len(data):
            found[uid] = layout.unpack_from(data, uid * layout.size)[0]
    return {uid: seconds for uid, seconds in found.items() if 0 < seconds < _END}


def _sessions(host: Host) -> Iterator[_Record]:
    """What systemd-logind keeps of each session; of the user ones."""
    for name in entries(host, _SESSIONS):
        if name.endswith(".ref"):
            continue
        try:
            text = decoded(host.read(f"{_SESSIONS}/{name}"))
        except FileNotFoundError:
            continue  # ended meanwhile
        said = dict(line.partition("=")[::2] for line in text.splitlines())
        if said.get("CLASS", "user").startswith("user"):
            yield _Record(
                type=_USER_PROCESS,
                pid=_number(said.get("LEADER", "")),
                tty=said.get("TTY", ""),
                user=said.get("USER", ""),
                host=said.get("REMOTE_HOST", ""),
                time=_number(said.get("REALTIME", "")) // 1_000_000,
            )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004 - BIGINT


def _text(field: bytes) -> str:
    return decoded(field.partition(b"\0")[0])


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
