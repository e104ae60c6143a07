"""The connections NetworkManager is told of, by the files that say so.

A Wi-Fi connection is usually called by its network's name, one over Bluetooth by its phone's, and
so is its file: of those neither name is kept.
"""

import posixpath

from collectors import config, nm_profiles
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_RUN = "/run/NetworkManager/system-connections"
_ETC = "/etc/NetworkManager/system-connections"
_VENDOR = "/usr/lib/NetworkManager/system-connections"
_IFCFG = "/etc/sysconfig/network-scripts"
_SUFFIX, _HIDES, _IFCFG_PREFIX = ".nmconnection", ".nmmeta", "ifcfg-"
_LEFT_OVER = ("~", ".bak", ".orig", ".rej", ".rpmnew", ".rpmorig", ".rpmsave", ".swp", ".swpx")
_LIMIT = 256 * 1024


def nm_connections(host: Host, wanted: frozenset[str]) -> Observed:  # noqa: ARG001  # one file tells all columns
    """One row for each connection; none on a host that has no such directory.

    The connection of a directory hides the one with the same uuid in those after it.
    """
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    hidden: set[Cell] = set()
    running = (_RUN,) if host.running else ()  # a root that does not run keeps nothing there
    for directory in (*running, _ETC, _VENDOR, _IFCFG):
        shown: set[Cell] = set()
        try:
            names = _names(host, directory)
        except OSError as e:
            observed = condition_of(e, directory)
            continue
        for name in names:
            path = f"{directory}/{name}"
            if name.endswith(_HIDES):
                if config.masked(host, path):
                    shown.add(name.removesuffix(_HIDES))
                continue
            try:
                row = _row(host, path)
            except FileNotFoundError:
                continue  # gone meanwhile
            except OSError as e:
                observed = condition_of(e, path)
                continue
            except ValueError:
                observed = condition(Status.UNREADABLE, "malformed_source", path)
                continue
            if row["uuid"] not in hidden:
                rows.append(row)
            shown.add(row["uuid"])
        hidden |= shown - {""}
    if rows and not observed.complete:
        observed = Condition(Status.PARTIAL, observed.reason)
    return Observed(rows, observed)


def _names(host: Host, directory: str) -> list[str]:
    """The files in `directory` that count; none if there is no such directory.

    Raises:
        OSError: it cannot be told.
    """
    if config.present(host, directory) is None:
        return []
    names = [name for name in host.names(directory) if not name.startswith(".")]
    names = [name for name in names if not name.endswith(_LEFT_OVER)]
    if directory == _IFCFG:
        return [n for n in names if n.startswith(_IFCFG_PREFIX) and n != f"{_IFCFG_PREFIX}lo"]
    if directory == _ETC:
        return names  # files of before there was a suffix
    return [name for name in names if name.endswith((_SUFFIX, _HIDES))]


def _row(host: Host, path: str) -> dict[str, Cell]:
    data = host.read(path, limit=_LIMIT)
    directory = posixpath.dirname(path)
    ifcfg = directory == _IFCFG
    row = nm_profiles.ifcfg(data) if ifcfg else nm_profiles.keyfile(data)
    row |= {"format": "ifcfg" if ifcfg else "keyfile", "path": path}
    return row | {"id": "", "path": directory} if nm_profiles.personal(row) else row
