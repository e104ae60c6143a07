"""Network namespaces, and where /proc shows what is in each of them.

/proc/<pid>/net shows the network namespace of that process, so that one process of each is enough
and none has to be entered, which would need CAP_SYS_ADMIN. A namespace without a process, kept by
a mount of its handle (`ip netns add`) or by an open descriptor, cannot be seen so, and is told of.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from collectors import procfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.mountinfo import unescape
from evidence import canonical
from facts.status import COMPLETE, Condition, Status, condition

OWN = "/proc/net"
"""Where the namespace of this process is shown, or of the one that recorded."""

_HANDLE = re.compile(rb"^\d+ \d+ \S+ net:\[(\d+)\] (\S+) .* - nsfs ", re.MULTILINE)
"""A mount of a namespace's handle: its inode stands where others have their root; proc(5)."""
_LINK = re.compile(r"net:\[(\d+)\]")
_MAX_NAMED = 20
"""How many namespaces a reason names."""

T = TypeVar("T")


class Namespace(NamedTuple):
    """A network namespace that a process is in."""

    inode: str | None
    """Its number; None if it may not be told, as it takes the right to trace such a process."""
    directories: tuple[str, ...]
    """Where it is shown: /proc/net, or /proc/<pid>/net of each process in it."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The network namespaces of a host, the own one first."""

    seen: tuple[Namespace, ...]
    condition: Condition
    """Complete, or partial with why there may be others."""
    naming: Condition
    """Complete, or why some have no number."""

    @property
    def columns(self) -> Mapping[str, Condition]:
        """The condition of the column `net_namespace`, where it is not complete."""
        return {} if self.naming.complete else {"net_namespace": self.naming}


def namespaces(host: Host) -> Namespaces:
    """Every network namespace that a process is in.

    Raises:
        OSError: not even the own one can be told.
    """
    own = inode(host.link("/proc/self/ns/net"))
    view = procfs.view(host)
    named: dict[str, list[str]] = {own: [OWN]}
    unnamed: list[str] = []
    refusal = COMPLETE
    for pid in sorted((name for name in host.names("/proc") if name.isdecimal()), key=int):
        try:
            place = inode(host.link(f"/proc/{pid}/ns/net"))
        except PermissionError:
            unnamed.append(f"/proc/{pid}/net")
            refusal = view.denied(f"/proc/{pid}/ns/net")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        else:
            if place != own:
                named.setdefault(place, []).append(f"/proc/{pid}/net")
    observed, nameless = COMPLETE, tuple[Namespace, ...]()
    if host.live:
        nameless = _told_apart(host, named, unnamed)
    elif unnamed:
        observed = Condition(Status.PARTIAL, refusal.reason)
    if not view.listing.complete:
        observed = Condition(Status.PARTIAL, view.listing.reason)
    elif handles := _handles_without(host, named.keys()):
        observed = _without_process(handles)
    known = [Namespace(place, tuple(named[place])) for place in sorted(named, key=int)]
    known.sort(key=lambda namespace: namespace.inode != own)
    return Namespaces((*known, *nameless), observed, refusal if nameless else COMPLETE)


def inode(link: str) -> str:
    """The number in `net:[4026531840]`; ValueError if it is none."""
    match = _LINK.fullmatch(link)
    if match is None:
        raise ValueError(link)
    return match[1]


def with_kept(observed: Condition, places: Namespaces, kept: frozenset[str]) -> Condition:
    """How complete a table is, once it is known which namespaces descriptors keep."""
    lost = kept.difference(namespace.inode for namespace in places.seen)
    if not observed.complete or not lost:
        return observed
    return _without_process(f"net:[{number}]" for number in lost)


def read_each(
    host: Host, places: Namespaces, read: Callable[[str], T]
) -> tuple[list[tuple[str | None, T]], Condition]:
    """What `read` makes of the directory of each namespace, by inode, and how complete that is.

    `read` is given another process's directory when one vanishes; a namespace all of whose
    processes have ended is gone with them.

    Raises:
        OSError: the own namespace cannot be read.
    """
    answers: list[tuple[str | None, T]] = []
    observed = places.condition
    for namespace in places.seen:
        for directory in namespace.directories:
            try:
                answers.append((namespace.inode, read(directory)))
            except OSError as e:
                if directory == OWN:
                    raise
                if isinstance(e, FileNotFoundError | ProcessLookupError):
                    continue
                observed = Condition(Status.PARTIAL, condition_of(e, directory).reason)
            break
        else:
            if not host.live:
                observed = condition(Status.PARTIAL, "source_missing", namespace.directories[0])
    return answers, observed


def _told_apart(
    host: Host, named: Mapping[str, Sequence[str]], unnamed: Iterable[str]
) -> tuple[Namespace, ...]:
    """The namespaces shown in `unnamed` that are none of those in `named`.

    The kernel makes the files of each namespace anew, so that one file tells them apart by its
    inode, which anyone may ask for.
    """
    known = {_file(host, directories[0]) for directories in named.values()}
    found: dict[int, list[str]] = {}
    for directory in unnamed:
        file = _file(host, directory)
        if file is not None and file not in known:
            found.setdefault(file, []).append(directory)
    return tuple(Namespace(None, tuple(found[file])) for file in sorted(found))


def _file(host: Host, directory: str) -> int | None:
    try:
        return host.stat(f"{directory}/tcp").st_ino
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended meanwhile


def _handles_without(host: Host, seen: Collection[str]) -> list[str]:
    """Where the handles of namespaces are mounted that no process is in."""
    handles = _HANDLE.findall(host.read("/proc/self/mountinfo"))
    return [
        canonical.text(os.fsencode(unescape(point)))
        for number, point in handles
        if number.decode("ascii") not in seen
    ]


def _without_process(names: Iterable[str]) -> Condition:
    """What a table of all namespaces is, when there are some that no process is in."""
    named = sorted(names)
    more = ["…"] if len(named) > _MAX_NAMED else []
    return condition(Status.PARTIAL, "namespace_unseen", ", ".join([*named[:_MAX_NAMED], *more]))
