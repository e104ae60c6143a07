"""Which processes hold which sockets, told by the inodes in /proc/<pid>/fd (proc(5))."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collectors import procfs
from collectors.host import Host
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition

COLUMNS = frozenset({"pid", "fd"})
"""The columns for which every descriptor there is has to be read."""

_SOCKET, _NAMESPACE = "socket:[", "net:["
_INIT = 1


class Holder(NamedTuple):
    """A process, and by which descriptor it holds a socket."""

    pid: int
    fd: int


@dataclass(frozen=True, slots=True)
class Owners:
    """Who holds the sockets of this host."""

    held: Mapping[int, Sequence[Holder]]
    """By inode; the first is the lowest process, but a service before the init process, which may
    hold a socket open for it."""
    namespaces: frozenset[str]
    """The inodes of the network namespaces that a descriptor keeps."""
    condition: Condition
    """Complete, or why some holders are not known."""

    def of(self, inode: int) -> dict[str, Cell]:
        """The cells of the first holder: -1 when nobody holds it, NULL when that is not known."""
        return self.all(inode)[0]

    def all(self, inode: int) -> list[dict[str, Cell]]:
        """The cells of each process that holds it, or those that say that none does."""
        holders: dict[int, int] = {}
        for pid, fd in self.held.get(inode, ()):
            holders.setdefault(pid, fd)
        if not holders:
            unheld = -1 if self.condition.complete else None
            return [{"pid": unheld, "fd": unheld, "socket": inode}]
        return [{"pid": pid, "fd": fd, "socket": inode} for pid, fd in holders.items()]

    @property
    def columns(self) -> Mapping[str, Condition]:
        """The conditions of the columns `pid` and `fd`, where they are not complete."""
        return {} if self.condition.complete else dict.fromkeys(sorted(COLUMNS), self.condition)


NOT_ASKED = Owners({}, frozenset(), COMPLETE)
"""What is known when nobody wants to know."""


def owners(host: Host) -> Owners:
    """Who holds which socket; costs a look at every descriptor of every process."""
    view = procfs.view(host)
    if not view.listing.complete:
        return Owners({}, frozenset(), view.listing)
    held: dict[int, list[Holder]] = {}
    namespaces: set[str] = set()
    found = COMPLETE
    for pid in sorted((int(name) for name in host.names("/proc") if name.isdecimal()), key=_rank):
        try:
            for fd, target in _descriptors(host, f"/proc/{pid}/fd"):
                if target.startswith(_SOCKET):
                    held.setdefault(int(target[len(_SOCKET) : -1]), []).append(Holder(pid, fd))
                elif target.startswith(_NAMESPACE):
                    namespaces.add(target[len(_NAMESPACE) : -1])
        except PermissionError:
            found = view.denied(f"/proc/{pid}/fd")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return Owners(held, frozenset(namespaces), found)


def _descriptors(host: Host, directory: str) -> Iterator[tuple[int, str]]:
    """Each descriptor of a process, and what it stands for."""
    for name in host.names(directory):
        try:
            yield int(name), host.link(f"{directory}/{name}")
        except FileNotFoundError:
            continue  # closed meanwhile


def _rank(pid: int) -> tuple[bool, int]:
    return pid == _INIT, pid
