"""The namespaces of each process, from the links in /proc/<pid>/ns (namespaces(7))."""

from collectors import procfs
from collectors.errors import SeamError
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Condition

_KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


@running_only("/proc")
def process_namespaces(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each process; a cell is NULL for a process that is past having the namespace."""
    view = procfs.view(host)
    if not view.listing.complete:
        return Observed((), view.listing)
    wanted = {f"{kind}_namespace": kind for kind in _KINDS if f"{kind}_namespace" in columns}
    rows: list[dict[str, Cell]] = []
    refused: dict[str, Condition] = {}
    for name in host.names("/proc"):
        if not name.isdecimal():
            continue
        row: dict[str, Cell] = {"pid": int(name)}
        for column, kind in wanted.items():
            path = f"/proc/{name}/ns/{kind}"
            try:
                row[column] = host.link(path).partition("[")[2].rstrip("]")
            except PermissionError:
                refused[column] = view.denied(path)
            except SeamError as e:
                refused[column] = e.condition
            except (FileNotFoundError, ProcessLookupError):
                continue  # a zombie has let go of most, a kernel may lack one
        if len(row) > 1 or not wanted or _is_there(host, name):
            rows.append(row)
    return Observed(rows, columns=refused)


def _is_there(host: Host, name: str) -> bool:
    try:
        host.stat(f"/proc/{name}")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True
