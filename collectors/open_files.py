"""What processes hold open, as far as it is no file of people's: devices, sockets, pipes.

Of anything else not even the name is kept.
"""

from collections.abc import Iterator

from collectors import procfs
from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

_KINDS = ("/dev/", "socket:[", "pipe:[", "anon_inode:")
_NOT = ("/dev/shm/", "/dev/mqueue/")  # noqa: S108 - names of what is left out


@running_only("/proc")
def process_open_files(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each descriptor of a device, a socket, a pipe or an object of the kernel's."""
    del columns
    view = procfs.view(host)
    if not view.listing.complete:
        return Observed((), view.listing)
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for name in host.names("/proc"):
        if not name.isdecimal():
            continue
        directory = f"/proc/{name}/fd"
        try:
            rows += [
                {"pid": int(name), "fd": number, "path": path}
                for number, path in _descriptors(host, directory)
            ]
        except PermissionError:
            observed = Condition(Status.PARTIAL, view.denied(directory).reason)
        except SeamError as e:
            observed = Condition(Status.PARTIAL, e.condition.reason)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        except OSError as e:
            observed = Condition(Status.PARTIAL, condition_of(e, directory).reason)
    return Observed(rows, observed)


def _descriptors(host: Host, directory: str) -> Iterator[tuple[int, str]]:
    """Number and object of each descriptor that may be told."""
    for name in host.names(directory):
        try:
            target = host.link(f"{directory}/{name}")
        except FileNotFoundError:
            continue  # closed meanwhile
        if target.startswith(_KINDS) and not target.startswith(_NOT):
            yield int(name), target
