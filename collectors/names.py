"""The names this host knows without asking anybody: hosts(5), protocols(5), services(5).

The resolver does without any of these files, so one that is missing has no rows.
"""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from collectors.config import decoded, present
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Status, condition

_MAX_PORT = 65535
_MAX_PROTOCOL = 65535


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line that says something."""

    words: list[str]
    comment: str


def etc_hosts(host: Host, columns: frozenset[str]) -> Observed:
    """The lines of /etc/hosts."""
    del columns
    return _table(host, "/etc/hosts", _mapping)


def etc_protocols(host: Host, columns: frozenset[str]) -> Observed:
    """The lines of /etc/protocols."""
    del columns
    return _table(host, "/etc/protocols", _protocol)


def etc_services(host: Host, columns: frozenset[str]) -> Observed:
    """The lines of /etc/services."""
    del columns
    return _table(host, "/etc/services", _service)


def _table(host: Host, path: str, row: Callable[[_Entry], dict[str, Cell] | None]) -> Observed:
    """A row for each line that `row` understands; another line makes the table partial."""
    if not present(host, path):
        return Observed(())
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for number, entry in _entries(decoded(host.read(path))):
        found = row(entry)
        if found is None:
            observed = condition(Status.PARTIAL, "malformed_source", f"{path}:{number}")
        else:
            rows.append(found)
    return Observed(rows, observed)


def _entries(text: str) -> Iterator[tuple[int, _Entry]]:
    for number, line in enumerate(text.split("\n"), 1):
        said, _, comment = line.partition("#")
        words = said.split()
        if words:
            yield number, _Entry(words, comment.strip())


def _mapping(entry: _Entry) -> dict[str, Cell] | None:
    address, *names = entry.words
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return None
    return {"address": address, "hostnames": " ".join(names)} if names else None


def _protocol(entry: _Entry) -> dict[str, Cell] | None:
    name, number, *aliases = entry.words if len(entry.words) > 1 else (*entry.words, "")
    if not _is_number(number, _MAX_PROTOCOL):
        return None
    return {
        "name": name,
        "number": int(number),
        "alias": " ".join(aliases),
        "comment": entry.comment,
    }


def _service(entry: _Entry) -> dict[str, Cell] | None:
    name, *rest = entry.words
    port, slash, protocol = rest[0].partition("/") if rest else ("", "", "")
    if not slash or not protocol or not _is_number(port, _MAX_PORT):
        return None
    return {
        "name": name,
        "port": int(port),
        "protocol": protocol,
        "aliases": " ".join(rest[1:]),
        "comment": entry.comment,
    }


def _is_number(text: str, greatest: int) -> bool:
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(greatest))
    return plain and int(text) <= greatest
