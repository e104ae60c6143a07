"""The rules of sudo, included files in place; sudoers(5).

No /etc/sudoers means that sudo refuses everybody, so a host without it has no rules.
"""

import posixpath
from collections.abc import Iterator

from collectors.config import Line, entries, lines, present
from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_FILE = "/etc/sudoers"
_FILES = ("@include", "#include")
_DIRECTORIES = ("@includedir", "#includedir")
_MAX_DEPTH = 16
"""How deep files may include one another; sudo itself stops at 128."""
_MAX_LINES = 20_000


def sudoers(host: Host, columns: frozenset[str]) -> Observed:
    """Every rule, alias, default and include."""
    del columns
    if present(host, _FILE) is None:
        return Observed(())
    rules = _Rules(host)
    rows: list[dict[str, Cell]] = [
        {"source": line.path, "header": header, "rule_details": details, "line": line.number}
        for line, header, details in rules.of(_FILE, _MAX_DEPTH)
    ]
    return Observed(rows, rules.observed)


class _Rules:
    """Reads the files one after another, and notes what could not be read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._left = _MAX_LINES
        self.observed: Condition = COMPLETE

    def of(self, path: str, depth: int) -> Iterator[tuple[Line, str, str]]:
        """Line, first word and rest of every rule in `path` and in what it includes."""
        # `#` starts a comment, unless it includes a file or is a user's number.
        for line in lines(self._host, path, comments="", continued=True):
            header, _, details = line.text.replace("\t", " ").partition(" ")
            if header.startswith("#") and not _says_something(header):
                continue
            self._left -= 1
            if self._left < 0:
                self.observed = condition(Status.OVER_BUDGET, "too_large", path, str(_MAX_LINES))
                return
            yield line, header, details.strip()
            if header in _FILES or header in _DIRECTORIES:
                yield from self._included(line, header, details.strip(), depth)

    def _included(
        self, line: Line, header: str, target: str, depth: int
    ) -> Iterator[tuple[Line, str, str]]:
        target = target.strip('"').replace("\\ ", " ")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(line.path), target))
        if not depth or "%h" in path:
            self.observed = condition(
                Status.PARTIAL, "malformed_source", f"{line.path}:{line.number}"
            )
            return
        try:
            if header in _FILES:
                paths = [path]
            else:
                names = entries(self._host, path)
                paths = [f"{path}/{n}" for n in names if "." not in n and not n.endswith("~")]
            for each in paths:
                yield from self.of(each, depth - 1)
        except SeamError as e:
            self.observed = Condition(Status.PARTIAL, e.condition.reason)
        except OSError as e:
            self.observed = Condition(
                Status.PARTIAL, condition_of(e, str(e.filename or path)).reason
            )


def _says_something(header: str) -> bool:
    return header in _FILES or header in _DIRECTORIES or header[1:2].isdecimal()
