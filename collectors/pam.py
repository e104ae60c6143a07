"""The rules of PAM, each service's in the order they run; pam.d(5)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from collectors.config import entries, first, lines, present
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

DIRECTORIES = ("/etc/pam.d", "/usr/lib/pam.d")
"""A service's file in the first goes before one in the second."""
_OLD = "/etc/pam.conf"
_TYPES = ("auth", "account", "password", "session")
_CONTROL = r"\[[^\]]*\]|\S+"
_RULE = re.compile(rf"(-?)(\w+)\s+({_CONTROL})\s+(\S+)\s*(.*)")
_ARGUMENT = re.compile(r"\[(?:[^\]\\]|\\.)*\]|\S+")
_SECRET = re.compile(
    r"([^=]*(?:pass(?:wd|word|phrase)|secret|token|bindpw)[^=]*)=.+", re.IGNORECASE
)
_MAX_DEPTH = 16
_MAX_RULES = 50_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a service."""

    service: str
    type: str
    control: str
    module: str
    arguments: tuple[str, ...]
    optional: bool
    path: str
    line: int


def pam_rules(host: Host, columns: frozenset[str]) -> Observed:
    """Every rule of every service, included ones in place."""
    del columns
    found, observed = rules(host)
    rows: list[dict[str, Cell]] = []
    position, service = 0, ""
    for rule in found:
        position = position + 1 if rule.service == service else 1
        service = rule.service
        rows.append(
            {
                "service": rule.service,
                "type": rule.type,
                "position": position,
                "control": rule.control,
                "module": rule.module,
                "arguments": " ".join(_SECRET.sub(r"\1", each) for each in rule.arguments),
                "optional": int(rule.optional),
                "path": rule.path,
                "line": rule.line,
            }
        )
    return Observed(rows, observed)


def rules(host: Host) -> tuple[list[Rule], Condition]:
    """The rules of all services by name, and how well they could be read.

    Raises:
        OSError: the directories cannot be read.
    """
    if present(host, *DIRECTORIES) is None:
        if present(host, _OLD) is not None:
            return [], condition(Status.UNSUPPORTED, "not_observed", _OLD)
        return [], COMPLETE
    names = sorted({name for each in DIRECTORIES for name in entries(host, each)})
    reader = _Reader(host)
    found: list[Rule] = []
    for name in names:
        for rule in reader.of(name, name, None, _MAX_DEPTH):
            found.append(rule)
            if len(found) == _MAX_RULES:
                return found, condition(
                    Status.OVER_BUDGET, "too_large", DIRECTORIES[0], str(_MAX_RULES)
                )
    return found, reader.observed


class _Reader:
    """Reads one file after another, and notes what is no rule."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.observed: Condition = COMPLETE

    def of(self, service: str, name: str, only: str | None, depth: int) -> Iterator[Rule]:
        """The rules that `service` has from the file `name`; `only` those of one type."""
        wanted = [name] if name.startswith("/") else [f"{each}/{name}" for each in DIRECTORIES]
        path = first(self._host, *wanted)
        if path is None or not depth:
            self.observed = condition(Status.PARTIAL, "source_missing", wanted[0])
            return
        for line in lines(self._host, path, continued=True):
            text = line.text.partition(" #")[0]
            if text.startswith("@include"):
                yield from self.of(service, text.partition("include")[2].strip(), only, depth - 1)
                continue
            found = _RULE.fullmatch(text)
            kind = found[2].lower() if found else ""
            if found is None or kind not in _TYPES:
                self.observed = condition(
                    Status.PARTIAL, "malformed_source", f"{path}:{line.number}"
                )
                continue
            if only not in (None, kind):
                continue
            arguments = tuple(_ARGUMENT.findall(found[5]))
            rule = Rule(
                service, kind, found[3], found[4], arguments, bool(found[1]), path, line.number
            )
            yield rule
            if rule.control in ("include", "substack"):
                yield from self.of(service, rule.module, kind, depth - 1)


def without_brackets(rule: Rule) -> Rule:
    """`rule` with arguments such as `[dn=a b]` as the module gets them."""
    return replace(
        rule,
        arguments=tuple(
            each[1:-1].replace("\\]", "]") if each.startswith("[") else each
            for each in rule.arguments
        ),
    )
