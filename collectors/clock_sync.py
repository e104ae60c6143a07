"""Who keeps this host's clock, and whether it is right.

The kernel's own judgement is a row too, because a clock can be kept from outside (a hypervisor,
PTP): adjtimex(2), or, where our own sandbox refuses that call, timedatectl, which asks it.
chronyd and ntpd are asked by their own programs, without name look-ups, and only while they run.
"""

import ctypes
import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from collectors import procfs
from collectors.config import decoded, first, present
from collectors.errors import ProgramFailedError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.time_servers import PROGRAMS
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_CALL = "adjtimex(2)"
_TIMEDATECTL = ("/usr/bin/timedatectl", "show", "--property=NTPSynchronized")
_TRACKING = ("/usr/bin/chronyc", "-c", "-n", "tracking")
_VARIABLES = ("/usr/bin/ntpq", "-n", "-c", "rv")
_TIMESYNC = ("/usr/bin/timedatectl", "show-timesync", "--property=ServerAddress",
             "--property=NTPMessage")  # fmt: skip
_STAMP = "/run/systemd/timesync/synchronized"
_NAMES = {"chronyd": "chronyd", "ntpd": "ntpd", "systemd-timesyn": "systemd-timesyncd"}
"""What the kernel calls the services' processes: 15 characters at most."""
_STATED = ("synchronized", "reference", "stratum", "offset_us", "last_sync")
_UNSYNCHRONIZED = 0x40
"""STA_UNSYNC of adjtimex(2)."""
_ALARM = ("leap_alarm", "11", "3")
_ERROR = 5
"""TIME_ERROR, which adjtimex(2) returns while the clock is not synchronized."""
_INT64 = 2**63
_STRATUM = re.compile(r"[{ ]Stratum=(\d{1,3}),")


class _Timex(ctypes.Structure):
    """struct timex up to what is asked for; the kernel fills more behind it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def clock_sync(host: Host, columns: frozenset[str]) -> Observed:
    """The kernel's row on a live host, then one for each service that is installed."""
    del columns
    rows: list[dict[str, Cell]] = []
    conditions: dict[str, Condition] = {}
    if host.live:
        kernel: dict[str, Cell] = {"service": "kernel", "path": None, "running": 1}
        try:
            kernel |= _kernel(host)
        except OSError as e:
            conditions |= dict.fromkeys(_STATED, condition_of(e, _CALL))
        if "max_error_us" not in kernel:
            conditions["max_error_us"] = condition(Status.UNREADABLE, "own_sandbox", _CALL)
        rows.append(kernel)
    running, listing = _running(host)
    if not listing.complete:
        conditions["running"] = listing
    observed = COMPLETE
    for service, programs in PROGRAMS.items():
        try:
            path = present(host, *programs)
        except OSError as e:
            reason = condition_of(e, programs[0]).reason
            observed = Condition(Status.PARTIAL, reason)
            continue
        if path is None:
            continue
        row: dict[str, Cell] = {"service": service, "path": path}
        if listing.complete:
            row["running"] = int(service in running)
        if service in running:
            try:
                row |= _ASKED[service](host)
            except OSError as e:
                conditions |= dict.fromkeys(_STATED, condition_of(e, service))
        rows.append(row)
    if not host.running:
        asked = condition(Status.UNSUPPORTED, "not_live", "chronyc tracking")
        conditions |= dict.fromkeys((*_STATED, "max_error_us"), asked)
    elif not host.live:
        observed = condition(Status.PARTIAL, "not_live", _CALL)
    return Observed(rows, observed, conditions)


def _running(host: Host) -> tuple[set[str], Condition]:
    """The services that have a process, and whether all processes could be seen."""
    if not host.running:
        return set(), condition(Status.UNSUPPORTED, "not_live", "/proc")
    listing = procfs.view(host).listing
    if not listing.complete:
        return set(), listing
    found = set()
    for pid in host.names("/proc"):
        if pid.isdecimal():
            try:
                name = decoded(host.read(f"/proc/{pid}/comm")).rstrip("\n")
            except (FileNotFoundError, ProcessLookupError):
                continue
            found.add(_NAMES.get(name, ""))
    return found - {""}, COMPLETE


def _kernel(host: Host) -> dict[str, Cell]:
    """What the kernel thinks of its clock."""
    timex = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.byref(timex))
    if state >= 0:
        synchronized = state != _ERROR and not timex.status & _UNSYNCHRONIZED
        return {
            "synchronized": int(synchronized),
            "max_error_us": timex.maxerror if synchronized else None,
        }
    refused = ctypes.get_errno()
    if refused not in (errno.EPERM, errno.ENOSYS) or not first(host, _TIMEDATECTL[0]):
        raise OSError(refused, os.strerror(refused), _CALL)
    said = _answers(_asked(host, _TIMEDATECTL).split("\n"))
    return {"synchronized": int(said.get("NTPSynchronized") == "yes")}


def _chronyd(host: Host) -> dict[str, Cell]:
    """Reference, stratum, time of the last update, and how slow the clock is; chronyc(1)."""
    fields = _asked(host, _TRACKING).strip().split(",")
    try:
        synchronized = int(fields[13] != "Not synchronised")
        return {
            "synchronized": synchronized,
            "reference": fields[1] or None,
            "stratum": _integer(fields[2]) if synchronized else None,
            "last_sync": _integer(fields[3]) or None,
            "offset_us": _integer(fields[4], 1_000_000) if synchronized else None,
        }
    except (ValueError, IndexError) as e:
        raise ProgramFailedError(_TRACKING[0], "unexpected answer") from e


def _ntpd(host: Host) -> dict[str, Cell]:
    """The same from the system variables; ntpq(1) states the offset in milliseconds."""
    answer = _asked(host, _VARIABLES).replace("\n", " ")
    said = _answers(part.strip() for part in answer.split(","))
    try:
        synchronized = int(said["leap"] not in _ALARM)
        return {
            "synchronized": synchronized,
            "reference": said.get("refid"),
            "stratum": _integer(said["stratum"]) if synchronized else None,
            "offset_us": _integer(said["offset"], 1000) if synchronized else None,
        }
    except (KeyError, ValueError) as e:
        raise ProgramFailedError(_VARIABLES[0], "unexpected answer") from e


def _timesyncd(host: Host) -> dict[str, Cell]:
    """Whether it has set the clock since it started, when last, and by which server."""
    row: dict[str, Cell] = {"synchronized": 0}
    stamp = first(host, _STAMP)
    if stamp:
        row.update(synchronized=1, last_sync=int(host.stat(stamp).st_mtime))
    said = _asked(host, _TIMESYNC)
    stratum = _STRATUM.search(said)
    row["reference"] = _answers(said.split("\n")).get("ServerAddress") or None
    row["stratum"] = int(stratum[1]) if stratum else None
    return row


_ASKED: Mapping[str, Callable[[Host], dict[str, Cell]]] = {
    "chronyd": _chronyd,
    "ntpd": _ntpd,
    "systemd-timesyncd": _timesyncd,
}


def _asked(host: Host, argv: Sequence[str]) -> str:
    """What a program answers.

    Raises:
        OSError: it is not there, or could not reach its service.
    """
    answer = host.run(argv)
    if answer.returncode != 0:
        said = decoded(answer.stderr or answer.stdout).strip().splitlines()
        raise ProgramFailedError(argv[0], said[-1] if said else str(answer.returncode))
    return decoded(answer.stdout)


def _answers(parts: Iterable[str]) -> dict[str, str]:
    pairs = (part.partition("=") for part in parts)
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _integer(text: str, factor: int = 1) -> int:
    """A decimal number times `factor`, rounded; ValueError if no clock has such a number."""
    number = float(text) * factor
    if not abs(number) < _INT64:
        raise ValueError(text)
    return round(number)
