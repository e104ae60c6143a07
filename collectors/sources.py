"""What the `source` entries of a table's specification mean to a machine.

An auditor reads them, and a recording is made of them, so there are three kinds and no more:

- a path, absolute and without blanks: `<name>` or `*` stands for one part of it or a piece of a
  part (`<pid>` for digits only), `/**` at the end for all that is below, `<home>` in front for
  each home directory of /etc/passwd;
- a program, named by absolute path, and its arguments;
- words, for what only a call answers. `ip … show` names a table of rtnetlink(7).
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors import netlink
from collectors.registry import COLLECTORS
from facts.spec import Kind, TableSpec

_DUMPS: Mapping[str, int] = {
    "link": netlink.GETLINK,
    "address": netlink.GETADDR,
    "route": netlink.GETROUTE,
    "neigh": netlink.GETNEIGH,
}
"""The objects of ip(8) by the request that dumps them."""
_ALWAYS = ("/proc/self/mountinfo", "/proc/self/status", "/proc/self/ns/*")
"""What tells how far the recorder saw, whichever tables are asked."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read for some tables, each part sorted and without repetition."""

    tables: tuple[str, ...]
    paths: tuple[str, ...]
    programs: tuple[tuple[str, ...], ...]
    dumps: tuple[int, ...]
    """Requests of rtnetlink(7)."""

    def request(self) -> dict[str, Any]:
        """The same as `collectors.recorder.record` takes it, and as JSON holds it."""
        return {
            "tables": list(self.tables),
            "paths": list(self.paths),
            "programs": [list(argv) for argv in self.programs],
            "dumps": list(self.dumps),
        }


def sources(specs: Iterable[TableSpec]) -> Sources:
    """What has to be recorded so that the full tables of `specs` can be answered elsewhere.

    Keyed tables are answered from what is there then: what could be asked has no end. The agent's
    own tables are of the agent and not of the host.
    """
    chosen = [spec for spec in specs if spec.kind is Kind.FULL and spec.name in COLLECTORS]
    entries = {entry for spec in chosen for entry in spec.source}
    dumps = {kind for entry in entries for kind in dumped(entry)}
    return Sources(
        tables=tuple(sorted(spec.name for spec in chosen)),
        paths=tuple(sorted({entry for entry in entries if is_path(entry)} | set(_ALWAYS))),
        programs=tuple(sorted(tuple(shlex.split(e)) for e in entries if is_program(e))),
        dumps=tuple(sorted(dumps | ({netlink.GETLINK} if dumps else set()))),
    )


def is_path(entry: str) -> bool:
    """Whether `entry` is a pattern of paths."""
    return entry.startswith(("/", "<home>/")) and " " not in entry


def is_program(entry: str) -> bool:
    """Whether `entry` is a program with its arguments."""
    return entry.startswith("/") and " " in entry


def dumped(entry: str) -> tuple[int, ...]:
    """The rtnetlink requests that answer what `entry` asks of ip(8)."""
    words = entry.split()
    if words[:1] != ["ip"]:
        return ()
    return tuple(kind for name, kind in _DUMPS.items() if name in words)
