"""The SSH server's settings: what the server itself says is in force, else what its files say.

The effective value of a setting also depends on defaults compiled in, which change between
releases, so files alone never make a complete table. `sshd -T` in turn leaves out what stands in
Match blocks; those settings are always taken from the files, under a name of their own.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from collectors.config import Line, decoded, entries, first, lines, present
from collectors.errors import ProgramFailedError, SeamError
from collectors.host import Host, condition_of
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

_PROGRAMS = ("/usr/sbin/sshd", "/usr/bin/sshd")
_CONFIG = "/etc/ssh/sshd_config"
_EFFECTIVE = "sshd -T"
_KEYWORD = re.compile(r"([^\s=\"]+)[\s=]*(.*)")
"""Keyword and arguments, with blanks or one `=` between them (sshd_config(5))."""
_MAX_DEPTH = 16
"""How deep sshd follows Include."""


def sshd_config(host: Host, columns: frozenset[str]) -> Observed:
    """The settings of sshd; none, and complete, on a host that has no sshd program."""
    del columns
    program = _PROGRAMS[0]
    if host.running or not first(host, _CONFIG):
        found = present(host, *_PROGRAMS)
        if found is None:
            return Observed(())
        program = found
    effective, observed = _effective(host, program)
    rows: list[dict[str, Cell]] = [
        {"key": key, "value": value, "origin": _EFFECTIVE} for key, value in effective
    ]
    try:
        for key, value, line in _stated(host, [_CONFIG], "", _MAX_DEPTH):
            if not observed.complete or key.startswith("match:"):
                rows.append({"key": key, "value": value, "origin": line.path, "line": line.number})
    except OSError as e:
        reason = condition_of(e, str(e.filename or _CONFIG)).reason
        observed = Condition(Status.PARTIAL if rows else Status.UNREADABLE, reason)
    return Observed(rows, observed)


def _effective(host: Host, program: str) -> tuple[list[tuple[str, str]], Condition]:
    """What `sshd -T` prints, or why it could not be asked (it wants root and its host keys)."""
    try:
        answer = host.run([program, "-T"])
    except SeamError as e:
        return [], Condition(Status.PARTIAL, e.condition.reason)
    if answer.returncode != 0:
        said = decoded(answer.stderr).strip().splitlines()
        failed = ProgramFailedError(_EFFECTIVE, said[-1] if said else str(answer.returncode))
        return [], Condition(Status.PARTIAL, failed.condition.reason)
    settings = [line.partition(" ") for line in decoded(answer.stdout).splitlines()]
    return [(key.lower(), value) for key, _, value in settings if key], COMPLETE


def _stated(
    host: Host, paths: list[str], match: str, depth: int
) -> Iterator[tuple[str, str, Line]]:
    """The settings in `paths` as sshd reads them, `match` being the block they stand in.

    An included file can open a Match block, which ends with that file.
    """
    for path in paths:
        inside = match
        for line in lines(host, path):
            key, value = _setting(line.text)
            if key == "match":
                inside = "" if value.lower() == "all" else value
            elif key == "include":
                if depth:
                    yield from _stated(host, _included(host, value), inside, depth - 1)
            else:
                yield (f"match:{inside}:{key}" if inside else key), value, line


def _setting(text: str) -> tuple[str, str]:
    found = _KEYWORD.fullmatch(text)
    if found is None:
        return text.lower(), ""
    return found[1].lower(), found[2].strip().strip('"')


def _included(host: Host, value: str) -> list[str]:
    """The files Include names, patterns expanded in order of name; relative to /etc/ssh."""
    found: list[str] = []
    for word in value.split():
        pattern = word.strip('"')
        pattern = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
        directory, _, last = pattern.rpartition("/")
        names = [name for name in entries(host, directory) if fnmatchcase(name, last)]
        found += [f"{directory}/{name}" for name in names]
    return found
