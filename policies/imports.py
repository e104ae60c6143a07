"""Policies that others wrote, read as candidates: Fleet's YAML, osquery's packs, Wazuh's SCA files.

What they are is told by their shape. Nothing of them runs here: SQL is put before the planner
later, and of Wazuh's rules only those are understood that ask whether a file, a directory or a
process is there. Size and depth are bounded as they are for policies.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from policies.errors import MalformedPolicyError, Problem
from policies.nodes import MAX_BYTES, MAX_DEPTH, read_yaml

Reason: TypeAlias = Literal["platform", "kind", "command", "content", "rule", "empty"]
"""Why something cannot even be a candidate: for another system; no policy; it runs a command; it
reads what stands in a file, or the registry; a rule or condition not understood; no query."""

_PARTS = re.compile(r"^---[^\n]*\n", re.MULTILINE)
_RULE = re.compile(r"(?P<not>not\s+|!)?(?P<kind>[fdpcr]):(?P<rest>.*)\Z", re.DOTALL)
_PATH = re.compile(r"/[^*?,]*\Z")
_LINUX = frozenset({"", "all", "any", "linux", "posix", "debian", "ubuntu", "rhel", "centos"})


class Candidate(NamedTuple):
    """One rule that may become a check."""

    name: str
    why: str
    """What it is for; may be empty."""
    fix: str
    """What to do about it; may be empty."""
    rule: Literal["violations", "expects"]
    sql: str


class LeftOut(NamedTuple):
    """One rule that does not, and why."""

    name: str
    reason: str
    """A `Reason`, or what the planner says of its SQL."""


def candidates(data: bytes, file: str) -> Iterator[Candidate | LeftOut]:
    """What stands in `data`, in its order; `file` names it in messages.

    Raises:
        MalformedPolicyError: too large or too deep, not YAML or JSON, or none of these kinds.
    """
    for value in _values(data, file):
        if isinstance(value, dict) and isinstance(value.get("queries"), dict):
            yield from _pack(value)
        elif isinstance(value, dict) and isinstance(value.get("checks"), list):
            yield from _sca(value["checks"])
        elif isinstance(value, dict) and isinstance(value.get("spec"), dict):
            fleet = _fleet(value["spec"])
            other = value.get("kind", "policy") != "policy"
            yield LeftOut(fleet.name, "kind") if other else fleet
        elif isinstance(value, dict) and isinstance(value.get("policies"), list):
            yield from map(_fleet, value["policies"])
        elif isinstance(value, list):
            yield from map(_fleet, value)
        elif value is not None:
            raise _refused(file, "neither Fleet policies, an osquery pack nor an SCA policy")


def _values(data: bytes, file: str) -> list[Any]:
    """The documents in `data`."""
    if len(data) > MAX_BYTES:
        raise _refused(file, f"more than {MAX_BYTES} bytes")
    if data.lstrip()[:1] == b"{":
        return [_json(data, file)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise _refused(file, "not UTF-8") from e
    parts = [part for part in _PARTS.split(text) if _holds_something(part)]
    return [read_yaml(part.encode(), file).plain() for part in parts]


def _holds_something(part: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in part.splitlines())


def _json(data: bytes, file: str) -> Any:
    """A pack; osquery lets a backslash continue a line, and whole lines be comments."""
    text = data.decode("utf-8", "replace").replace("\\\n", " ")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith(("//", "#")))
    text = "\n".join(lines)
    if _depth(text) > MAX_DEPTH:
        raise _refused(file, f"nested more than {MAX_DEPTH} deep")
    try:
        return json.loads(text)
    except ValueError as e:
        raise _refused(file, f"not JSON: {e}") from e


def _depth(text: str) -> int:
    """How deep brackets are nested at most; those in texts count too, which only errs high."""
    depth = deepest = 0
    for c in text:
        if c in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif c in "]}":
            depth -= 1
    return deepest


def _pack(value: dict[str, Any]) -> Iterator[Candidate | LeftOut]:
    """Each row of a pack's query is something to look at: a violation."""
    for name, query in value["queries"].items():
        if not isinstance(query, dict):
            yield LeftOut(name, "empty")
        elif not _is_linux(query.get("platform") or value.get("platform")):
            yield LeftOut(name, "platform")
        elif not (sql := _text(query, "query")):
            yield LeftOut(name, "empty")
        else:
            why = _text(query, "description") or _text(query, "value")
            yield Candidate(name, why, "", "violations", sql)


def _fleet(value: Any) -> Candidate | LeftOut:
    """A policy of Fleet passes when its query finds a row."""
    if not isinstance(value, dict):
        return LeftOut(str(value)[:60], "empty")
    name = _text(value, "name") or "-"
    if not _is_linux(value.get("platform")):
        return LeftOut(name, "platform")
    if not (sql := _text(value, "query")):
        return LeftOut(name, "empty")
    return Candidate(name, _text(value, "description"), _text(value, "resolution"), "expects", sql)


def _sca(checks: list[Any]) -> Iterator[Candidate | LeftOut]:
    for check in checks:
        if not isinstance(check, dict):
            yield LeftOut(str(check)[:60], "empty")
            continue
        name = _text(check, "title") or str(check.get("id", "-"))
        rules = check.get("rules")
        condition = _text(check, "condition")
        if not isinstance(rules, list) or not rules:
            yield LeftOut(name, "empty")
            continue
        asked = [_asked(str(rule).strip()) for rule in rules]
        refused = [each for each in asked if each in ("command", "content", "rule")]
        if refused or condition not in ("all", "any", "none"):
            yield LeftOut(name, refused[0] if refused else "rule")
            continue
        joined = (" AND " if condition == "all" else " OR ").join(asked)
        sql = f"SELECT 1 WHERE {f'NOT ({joined})' if condition == 'none' else joined}"
        why = _text(check, "rationale") or _text(check, "description")
        yield Candidate(name, why, _text(check, "remediation"), "expects", sql)


def _asked(rule: str) -> str:
    """A rule of Wazuh's as SQL, or the reason why it is left out."""
    match = _RULE.match(rule)
    if match is None:
        return "rule"
    kind, rest = match["kind"], match["rest"].strip()
    if kind in ("c", "r"):
        return "command" if kind == "c" else "content"
    if "->" in rest:
        return "content"
    quoted = "'" + rest.replace("'", "''") + "'"
    if kind == "p":
        found = f"EXISTS (SELECT 1 FROM processes WHERE name = {quoted})"  # noqa: S608  # a draft
    elif not _PATH.match(rest):
        return "rule"
    else:
        types = "= 'directory'" if kind == "d" else "<> 'directory'"
        asked = f"path = {quoted} AND type {types}"
        found = f"EXISTS (SELECT 1 FROM file WHERE {asked})"  # noqa: S608  # a draft
    return f"NOT {found}" if match["not"] else found


def _is_linux(platform: object) -> bool:
    named = platform if isinstance(platform, str) else ""
    return any(each.strip().lower() in _LINUX for each in named.split(","))


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found.strip() if isinstance(found, str) else ""


def _refused(file: str, message: str) -> MalformedPolicyError:
    fix = "give Fleet policy YAML, an osquery pack, or a Wazuh SCA file"
    return MalformedPolicyError((Problem(file, 0, message, fix),))
