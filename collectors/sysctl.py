"""Kernel settings in force below /proc/sys, and those configured for the next start."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from collectors.config import decoded, drop_ins, lines
from collectors.host import Host, SeamError, condition_of
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

_DIRECTORIES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)
_ROOT = "/proc/sys"
_OTHER_FILESYSTEM = f"{_ROOT}/fs/binfmt_misc"
"""Not settings, and looking inside would mount it."""
_SWAPPED = str.maketrans("./", "/.")
"""A setting's name is its path with the two characters exchanged."""
_NEVER_READ = re.compile(r"/(?:stable_secret|tcp_fastopen_key|random/uuid)$")
"""Two keys, and one that is another value at every reading."""


def system_controls(host: Host, columns: frozenset[str]) -> Observed:
    """Every setting of this kernel; a value only root may read makes the column partial."""
    conditions: dict[str, Condition] = {}
    rows: list[dict[str, Cell]] = []
    for parts, value, observed in _settings(host, ()):
        if not observed.complete:
            conditions["current_value"] = observed
        rows.append(
            {
                "name": "/".join(parts).translate(_SWAPPED),
                "oid": "",
                "subsystem": parts[0],
                "current_value": value,
                "config_value": None,
                "type": "string",
            }
        )
    if "config_value" in columns:
        try:
            configured = _configured(host)
        except OSError as e:
            configured = _Configured({}, [], [])
            conditions["config_value"] = condition_of(e, str(e.filename or "sysctl.d"))
        for row in rows:
            path = str(row["name"]).translate(_SWAPPED)
            row["config_value"] = configured.value(path)
    return Observed(rows, columns=conditions)


def _settings(
    host: Host, parts: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str | None, Condition]]:
    """Path, value and how well it was read, for each setting below `parts`."""
    directory = "/".join((_ROOT, *parts))
    try:
        names = host.names(directory)
    except FileNotFoundError:
        if not parts:
            raise
        return  # an interface that vanished took its settings along
    for name in names:
        path = f"{directory}/{name}"
        if path == _OTHER_FILESYSTEM:
            continue
        try:
            value = None if _NEVER_READ.search(path) else decoded(host.read(path)).rstrip("\n")
        except IsADirectoryError:
            yield from _settings(host, (*parts, name))
        except FileNotFoundError:
            continue
        except SeamError:
            raise
        except OSError as e:
            yield (*parts, name), None, _why_not(host, path, e)
        else:
            yield (*parts, name), value, COMPLETE


def _why_not(host: Host, path: str, error: OSError) -> Condition:
    """What a value that was not read means for its column; nothing, if nobody may read it."""
    if not host.stat(path).st_mode & 0o444:
        return COMPLETE
    return Condition(Status.PARTIAL, condition_of(error, path).reason)


@dataclass(frozen=True, slots=True)
class _Configured:
    """What sysctl.d(5) files say; names are paths below /proc/sys."""

    explicit: dict[str, str]
    patterns: list[tuple[Sequence[str], str]]
    excluded: list[Sequence[str]]

    def value(self, name: str) -> str | None:
        """The configured value of `name`: an explicit one counts before any pattern."""
        if name in self.explicit:
            return self.explicit[name]
        if not self.patterns:
            return None
        parts = name.split("/")
        if any(_matches(parts, pattern) for pattern in self.excluded):
            return None
        for pattern, value in reversed(self.patterns):
            if _matches(parts, pattern):
                return value
        return None


def _configured(host: Host) -> _Configured:
    """All files in the order `sysctl --system` reads them; /etc/sysctl.conf comes last."""
    found = _Configured({}, [], [])
    for path in (*drop_ins(host, _DIRECTORIES), "/etc/sysctl.conf"):
        for line in lines(host, path, comments="#;"):
            key, equals, value = line.text.partition("=")
            name = _path(key.strip().removeprefix("-").strip())
            if not equals:
                if key.startswith("-"):
                    found.excluded.append(name.split("/"))
            elif any(sign in name for sign in "*?["):
                found.patterns.append((name.split("/"), value.strip()))
            else:
                found.explicit[name] = value.strip()
    return found


def _path(key: str) -> str:
    """`net.ipv4.conf.eth0/100.mtu` as a path; the first separator says which one separates."""
    first = next((sign for sign in key if sign in "./"), ".")
    return key if first == "/" else key.translate(_SWAPPED)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))
