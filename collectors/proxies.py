"""Which proxies a host's programs are told to use, by the files that tell them all.

Host and port only. What stands before the last `@` of a value is taken for an account and dropped
before anything else is done with it: a password may hold any character.
"""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from collectors import config, proxy_files
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.proxy_files import Setting
from collectors.sysfs import plain
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_LIMIT = 1024 * 1024
_NONE = frozenset({"", "direct", "_none_", "none", "null", "false", "off"})
"""Values that say: no proxy."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_PLACE = re.compile(r"(\[[0-9a-f:.%]+\]|[\w.-]+)(?::(\d{1,5}))?", re.IGNORECASE | re.ASCII)


class _Kind(NamedTuple):
    """One kind of file: how it is read, and where it is; `*` for any name in a directory."""

    name: str
    read: Callable[[bytes], Iterator[Setting]]
    paths: tuple[str, ...]


_KINDS = (
    _Kind(
        "environment",
        proxy_files.variables,
        ("/etc/environment", "/etc/environment.d/*.conf", "/usr/lib/environment.d/*.conf"),
    ),
    _Kind(
        "profile",
        proxy_files.variables,
        (
            *("/etc/profile", "/etc/profile.d/*.sh", "/etc/profile.d/*.csh"),
            *("/etc/bash.bashrc", "/etc/bashrc"),
            *("/etc/csh.cshrc", "/etc/csh.login", "/etc/zshenv", "/etc/zsh/zshenv"),
        ),
    ),
    _Kind(
        "systemd",
        proxy_files.variables,
        (
            *("/etc/systemd/system.conf", "/etc/systemd/system.conf.d/*.conf"),
            *("/etc/systemd/user.conf", "/etc/systemd/user.conf.d/*.conf"),
            *("/etc/systemd/system/*.service", "/etc/systemd/system/*.service.d/*.conf"),
        ),
    ),
    _Kind(
        "sysconfig",
        proxy_files.variables,
        ("/etc/sysconfig/proxy", "/etc/sysconfig/docker", "/etc/default/docker"),
    ),
    _Kind("apt", proxy_files.apt, ("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*")),
    _Kind(
        "dnf",
        proxy_files.packages,
        ("/etc/dnf/dnf.conf", "/etc/yum.conf", "/etc/yum.repos.d/*.repo"),
    ),
    _Kind("wget", proxy_files.variables, ("/etc/wgetrc",)),
    _Kind("npm", proxy_files.npm, ("/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc")),
    _Kind("pip", proxy_files.pip, ("/etc/pip.conf", "/etc/xdg/pip/pip.conf")),
    _Kind("git", proxy_files.git, ("/etc/gitconfig",)),
    _Kind("docker", proxy_files.docker, ("/etc/docker/daemon.json",)),
    _Kind("dconf", proxy_files.dconf, ("/etc/dconf/db/*.d/*",)),
    _Kind(
        "proxychains",
        proxy_files.proxychains,
        ("/etc/proxychains.conf", "/etc/proxychains4.conf"),
    ),
)
PATHS = tuple(path for kind in _KINDS for path in kind.paths)
"""All of them, as a table's source has it."""


def proxy_settings(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # one file tells all columns
    """One row for each setting that names a proxy; none where no file does."""
    rows: list[dict[str, Cell]] = []
    columns: dict[str, Condition] = {}
    observed = COMPLETE
    for kind in _KINDS:
        for pattern in kind.paths:
            try:
                paths = list(_found(host, pattern))
            except OSError as e:
                observed = condition_of(e, str(e.filename or pattern))
                continue
            for path in paths:
                try:
                    settings = list(kind.read(host.read(path, limit=_LIMIT)))
                except (FileNotFoundError, IsADirectoryError):
                    continue
                except OSError as e:
                    if not config.masked(host, path):
                        observed = condition_of(e, path)
                    continue
                except (ValueError, IndexError):
                    observed = condition(Status.UNREADABLE, "malformed_source", path)
                    continue
                for name, traffic, value in settings:
                    if value.lower() in _NONE:
                        continue
                    place = _place(value)
                    if place["host"] is None:
                        computed = condition(Status.PARTIAL, "value_not_evaluated", path)
                        columns |= dict.fromkeys(("host", "port"), computed)
                    about = {"kind": kind.name, "path": path, "name": name, "protocol": traffic}
                    rows.append({**about, **place})
    if rows and not observed.complete:
        observed = Condition(Status.PARTIAL, observed.reason)
    return Observed(rows, observed, columns)


def _found(host: Host, pattern: str) -> Iterator[str]:
    """The paths that `pattern` stands for; a file that is not there need not be told apart.

    Raises:
        OSError: a directory cannot be listed.
    """
    directory, _, name = pattern.rpartition("/")
    if "*" in directory:
        above, _, part = directory.rpartition("/")
        for found in config.entries(host, above):
            if fnmatchcase(found, part):
                yield from _found(host, f"{above}/{found}/{name}")
    elif "*" in name:
        for found in config.entries(host, directory):
            # apt and dconf take names without a dot, and apt those that end in .conf.
            counts = name != "*" or "." not in found.removesuffix(".conf")
            if counts and fnmatchcase(found, name) and not found.startswith("."):
                yield f"{directory}/{found}"
    elif config.present(host, pattern):
        yield pattern


def _place(value: str) -> dict[str, Cell]:
    """Where a proxy is; host and port are NULL where the value is not one that can be read."""
    scheme = _SCHEME.match(value)
    rest = value[scheme.end() :] if scheme else value
    account, _, rest = rest.rpartition("@")
    place = _PLACE.fullmatch(re.split(r"[/?#]", rest, maxsplit=1)[0])
    return {
        "scheme": scheme[1].lower() if scheme else "",
        "host": None if place is None else plain(place[1].strip("[]").lower().encode()),
        "port": int(place[2]) if place and place[2] else None,
        "credentials": int(bool(account)),
    }
