"""How many connections the kernel tracks, by kind; no single connection is kept.

/proc/net/nf_conntrack has one line for each: name and number of the family, name and number of the
protocol, seconds left, the state where the protocol has one, then addresses as `name=value`. It is
read through and counted. Of the network namespace the agent runs in.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_COUNT = "/proc/sys/net/netfilter/nf_conntrack_count"
_MAXIMUM = "/proc/sys/net/netfilter/nf_conntrack_max"
_TABLE = "/proc/net/nf_conntrack"
_LIMIT = 64 * 1024 * 1024
_GROUPED = ("family", "protocol", "state", "connections")


@running_only(_TABLE)
def conntrack_summary(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each kind, and at least one; none in a kernel that does not track."""
    try:
        tracked, maximum = _number(host, _COUNT), _number(host, _MAXIMUM)
    except FileNotFoundError:
        return Observed(())
    except OSError as e:
        return Observed((), condition_of(e, _COUNT))
    except ValueError:
        return Observed((), condition(Status.UNREADABLE, "malformed_source", _COUNT))
    row: dict[str, Cell] = {"tracked": tracked, "maximum": maximum}
    if wanted.isdisjoint(_GROUPED):
        return Observed([row])
    try:
        counts = Counter(map(_kind, _lines(host.chunks(_TABLE, limit=_LIMIT))))
    except OSError as e:
        return _ungrouped(row, condition_of(e, _TABLE))
    except (ValueError, IndexError):
        return _ungrouped(row, condition(Status.UNREADABLE, "malformed_source", _TABLE))
    rows = [
        row | {"family": family, "protocol": protocol, "state": state, "connections": count}
        for (family, protocol, state), count in sorted(counts.items())
    ]
    return Observed(rows or [row | {"connections": 0}])


def _ungrouped(row: dict[str, Cell], why: Condition) -> Observed:
    return Observed([row], columns=dict.fromkeys(_GROUPED, why))


def _number(host: Host, path: str) -> int:
    return int(host.read(path, limit=64))


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in `chunks`; ValueError if the last one has no end."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        raise ValueError("cut")


def _kind(line: bytes) -> tuple[int, int, str]:
    """Family, protocol and state of one line."""
    fields = line.split()
    state = ""
    for field in fields[4:]:
        if b"=" in field:
            return int(fields[1]), int(fields[3]), state
        state = "" if field.isdigit() else canonical.text(field)
    raise ValueError("no addresses")
