"""The kernel's tables of sockets, of every network namespace, read once for all who ask.

Several tables of ours are made of them, and reading takes the kernel a walk over all connections
each time. Who holds the sockets is read after them, so that a socket that is there has its holder.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

from collectors import netns
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.owners import COLUMNS, NOT_ASKED, Owners, owners
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_FILES = (
    *("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6"),
    *("raw", "raw6", "icmp", "icmp6", "unix", "packet"),
)
_LIMIT = 32 * 1024 * 1024

T = TypeVar("T")


class Tables(NamedTuple):
    """The tables of one network namespace."""

    directory: str
    """Where they were read, such as /proc/net."""
    files: Mapping[str, bytes | OSError]

    def read(self, name: str) -> bytes | None:
        """One of them; None if this kernel has no such protocol.

        Raises:
            OSError: it could not be read.
        """
        found = self.files[name]
        if isinstance(found, FileNotFoundError) and name != "tcp":
            return None
        if isinstance(found, OSError):
            raise found
        return found


class _SocketTables:
    """All tables of a host, as they were when they were first asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._places = netns.namespaces(host)
        self._tables, self._condition = netns.read_each(host, self._places, self._read)

    def observed(
        self,
        wanted: frozenset[str],
        parse: Callable[[Tables], Iterable[T]],
        rows: Callable[[T, Owners], Iterable[Mapping[str, Cell]]],
    ) -> Observed:
        """The rows of what `parse` finds in each namespace, all with its number.

        Raises:
            OSError: of the own namespace, as `parse`.
            ValueError, IndexError: as `parse`, which finds a table damaged.
        """
        holders = self._holders(wanted)
        found: list[Mapping[str, Cell]] = []
        observed = netns.with_kept(self._condition, self._places, holders.namespaces)
        for inode, tables in self._tables:
            try:
                parsed = list(parse(tables))
            except OSError as e:
                if tables.directory == netns.OWN:
                    raise
                observed = Condition(Status.PARTIAL, condition_of(e, tables.directory).reason)
                continue
            own = {"net_namespace": inode}
            found += ({**row, **own} for item in parsed for row in rows(item, holders))
        return Observed(found, observed, {**holders.columns, **self._places.columns})

    def _holders(self, wanted: frozenset[str]) -> Owners:
        """Who holds them; read when a column of theirs is wanted."""
        return NOT_ASKED if wanted.isdisjoint(COLUMNS) else self._owners

    @cached_property
    def _owners(self) -> Owners:
        return owners(self._host)

    def _read(self, directory: str) -> Tables:
        files = {name: self._content(f"{directory}/{name}") for name in _FILES}
        if directory != netns.OWN:
            self._host.stat(f"{directory}/tcp")  # or its process ended in between
        return Tables(directory, files)

    def _content(self, path: str) -> bytes | OSError:
        try:
            return self._host.read(path, limit=_LIMIT)
        except OSError as e:
            return e


@lru_cache(maxsize=1)
def _tables(host: Host) -> _SocketTables:
    return _SocketTables(host)


def observed(
    host: Host,
    wanted: frozenset[str],
    parse: Callable[[Tables], Iterable[T]],
    rows: Callable[[T, Owners], Iterable[Mapping[str, Cell]]],
) -> Observed:
    """The rows of what `parse` finds in the tables of each namespace, with its number.

    `parse` raises OSError for what it cannot read, ValueError or IndexError for what is damaged.
    """
    try:
        tables = _tables(host)  # type: ignore[arg-type]  # hosts hash by identity
        return tables.observed(wanted, parse, rows)
    except OSError as e:
        return Observed((), condition_of(e, netns.OWN))
    except (ValueError, IndexError):
        return Observed((), condition(Status.UNREADABLE, "malformed_source", netns.OWN))
