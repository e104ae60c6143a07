"""The servers of time that chronyd, ntpd and systemd-timesyncd are told to ask.

Files are merged as each service merges them: chrony.conf(5) `include`, `confdir` and `sourcedir`
(a name in an earlier directory of one directive masks it in a later one), ntp.conf(5)
`includefile`, systemd's drop-ins. A service whose program is not installed has no row.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from collectors.config import decoded, drop_ins, entries, lines, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.systemd_lists import assignments, listed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

PROGRAMS: Mapping[str, Sequence[str]] = {
    "chronyd": ("/usr/sbin/chronyd",),
    "ntpd": ("/usr/sbin/ntpd",),
    "systemd-timesyncd": ("/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd"),
}
"""The services that keep the clock, and where their programs are."""

_CHRONY_CONF = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
_NTP_CONF = (
    "/run/ntpsec/ntp.conf.dhcp",
    "/etc/ntpsec/ntp.conf",
    "/etc/ntp.conf",
    "/etc/openntpd/ntpd.conf",
    "/etc/ntpd.conf",
)
"""NTPsec with servers from DHCP and without, the reference implementation, OpenNTPD."""
_NTP_DIRECTORIES = ("/etc/ntpsec/ntp.d", "/etc/ntp.d")
_LINKS = "/run/systemd/netif/links"
_KINDS = frozenset({"server", "pool", "peer", "refclock"})
_REFERENCE_CLOCK = re.compile(r"127\.127\.(\d+)\.\d+")
"""How ntp.conf names a clock that is attached to the host."""
_AUTHENTICATED = frozenset({"key", "nts", "autokey"})
_MAX_DEPTH = 8
_WILD = re.compile(r"[*?[]")


def clock_servers(host: Host, columns: frozenset[str]) -> Observed:
    """The servers of each service that is installed."""
    del columns
    readers: Mapping[str, Callable[[Host], Iterator[dict[str, Cell]]]] = {
        "chronyd": _of_chrony,
        "ntpd": _of_ntp,
        "systemd-timesyncd": _of_timesyncd,
    }
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for service, read in readers.items():
        try:
            if present(host, *PROGRAMS[service]):
                rows += ({"service": service, **row} for row in read(host))
        except OSError as e:
            reason = condition_of(e, str(e.filename or service)).reason
            observed = Condition(Status.PARTIAL, reason)
    return Observed(rows, observed)


def _of_chrony(host: Host) -> Iterator[dict[str, Cell]]:
    main = present(host, *_CHRONY_CONF)
    if main:
        yield from _chrony(host, main, _MAX_DEPTH)


def _chrony(host: Host, path: str, depth: int) -> Iterator[dict[str, Cell]]:
    for line in lines(host, path, comments="#%;!"):
        directive, *words = line.text.split()
        directive = directive.lower()
        if directive in _KINDS and words:
            yield _server(directive, words, path)
        elif directive in ("include", "confdir", "sourcedir") and words:
            if not depth:
                raise OSError(None, "includes itself", path)
            for included in _included(host, directive, words):
                yield from _chrony(host, included, depth - 1)


def _included(host: Host, directive: str, words: Sequence[str]) -> list[str]:
    if directive == "include":
        return _matching(host, words[0])
    return drop_ins(host, words, ".conf" if directive == "confdir" else ".sources")


def _matching(host: Host, pattern: str) -> list[str]:
    """The paths that `pattern` stands for; wildcards count in its last part only."""
    directory, _, name = pattern.rpartition("/")
    if not _WILD.search(name):
        return [pattern]
    return [
        f"{directory}/{found}" for found in entries(host, directory) if fnmatchcase(found, name)
    ]


def _of_ntp(host: Host) -> Iterator[dict[str, Cell]]:
    main = present(host, *_NTP_CONF)
    if main:
        yield from _ntp(host, main, _MAX_DEPTH)
    for path in drop_ins(host, _NTP_DIRECTORIES):
        yield from _ntp(host, path, _MAX_DEPTH)


def _ntp(host: Host, path: str, depth: int) -> Iterator[dict[str, Cell]]:
    for line in lines(host, path):
        directive, *words = line.text.partition("#")[0].split()
        words = [word for word in words if word not in ("-4", "-6")]
        if directive == "servers":  # OpenNTPD's pool
            directive = "pool"
        if directive in _KINDS and words:
            yield _server(directive, words, path)
        elif directive == "includefile" and words:
            if not depth:
                raise OSError(None, "includes itself", path)
            yield from _ntp(host, words[0], depth - 1)


def _server(kind: str, words: Sequence[str], path: str) -> dict[str, Cell]:
    if kind == "refclock" or _REFERENCE_CLOCK.fullmatch(words[0]):
        kind, address = "refclock", " ".join(words[: 1 + (words[0].isupper())])
    else:
        address = words[0]
    authenticated = int(not _AUTHENTICATED.isdisjoint(words[1:]))
    return {"kind": kind, "address": address, "authenticated": authenticated, "source": path}


def _of_timesyncd(host: Host) -> Iterator[dict[str, Cell]]:
    """Its servers, those of single links, and what it falls back to when there are none."""
    for kind, key in (("server", "NTP"), ("fallback", "FallbackNTP")):
        said = listed(host, "timesyncd.conf", "Time", key)
        if said is None and kind == "fallback":
            yield {"kind": kind, "address": None, "authenticated": 0, "source": None}
        for found in said or ():
            yield {"kind": kind, "address": found.value, "authenticated": 0, "source": found.path}
    for number in entries(host, _LINKS):
        path = f"{_LINKS}/{number}"
        for address in assignments(decoded(host.read(path))).get("NTP", "").split():
            yield {"kind": "server", "address": address, "authenticated": 0, "source": path}
