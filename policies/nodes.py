"""YAML as a tree that remembers its lines, in the small part of YAML that cannot surprise.

Refused, each with its line: anchors and aliases, merge keys, tags, duplicate keys, keys that are
not plain text, several documents, and anything beyond the caps below. Plain scalars mean what
YAML 1.2 says: `null`, `true`, `false`, decimal integers; all else is text, so that `2026.11.0`,
`no`, `08` and `12:30` stay as they were written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import yaml

from policies.errors import MalformedPolicyError, Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 200_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})\Z")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

Step: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line where it, or the key that names it, stands."""

    file: str
    line: int
    value: "str | int | bool | tuple[Node, ...] | dict[str, Node] | None"

    def at(self, *path: Step) -> "Node":
        """The node at `path`, or the last one on the way there that exists."""
        node = self
        for step in path:
            match node.value:
                case dict() as entries if step in entries:
                    node = entries[str(step)]
                case tuple() as items if isinstance(step, int) and step < len(items):
                    node = items[step]
                case _:
                    break
        return node

    def plain(self) -> Any:
        """The value without its lines."""
        match self.value:
            case dict() as entries:
                return {key: node.plain() for key, node in entries.items()}
            case tuple() as items:
                return [node.plain() for node in items]
            case scalar:
                return scalar

    def problem(self, message: str, fix: str) -> Problem:
        """A problem with this node."""
        return Problem(self.file, self.line, message, fix)


def read_yaml(data: bytes, file: str) -> Node:
    """The one document in `data`; `file` is what its problems are reported against.

    Raises:
        MalformedPolicyError: it is no YAML, or more YAML than is allowed here.
    """
    if len(data) > MAX_BYTES:
        _refuse(file, 0, f"more than {MAX_BYTES} bytes", "move long lists into data files")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        _refuse(file, 1 + data.count(b"\n", 0, e.start), "not UTF-8", "save the file as UTF-8")
    try:
        return _Builder(file, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 0
        raise MalformedPolicyError(
            (Problem(file, line, f"not YAML: {e.problem}", "correct what stands here"),)
        ) from e
    except yaml.reader.ReaderError as e:
        line = 1 + text.count("\n", 0, e.position)
        raise MalformedPolicyError(
            (Problem(file, line, f"not YAML: {e.reason}", "remove the character"),)
        ) from e


class _Builder:
    """Builds nodes from parser events, so that no cap is passed before it is checked."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events
        self._nodes = 0

    def document(self) -> Node:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                root = self._node(next(self._events), None, 1)
                break
        else:
            _refuse(self._file, 1, "the file is empty", "write a policy into it")
        next(self._events)  # the end of the document
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            self._refuse(event, "a second document", "keep one document in a file")
        return root

    def _node(self, event: Any, line: int | None, depth: int) -> Node:
        """The node that starts with `event`; `line` is that of the key that names it."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES} values", "move rows into data files")
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested more than {MAX_DEPTH} deep", "flatten it")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, "an anchor or alias", "write the value out")
        if event.tag is not None:
            self._refuse(event, f"a tag, {event.tag}", "remove it")
        line = line or _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._file, line, self._scalar(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._file, line, tuple(self._items(depth)))
        return Node(self._file, line, dict(self._entries(depth)))

    def _scalar(self, event: Any) -> str | int | bool | None:
        value: str = event.value
        if not event.implicit[0]:  # quoted, or a block
            return value
        if value in _WORDS:
            return _WORDS[value]
        return int(value) if _INTEGER.match(value) else value

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, None, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[str, Node]]:
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag or event.anchor:
                self._refuse(event, "a key that is not plain text", "write a name")
            key, line = event.value, _line(event)
            if key == "<<":
                self._refuse(event, "a merge key", "write the keys out")
            if key in seen:
                self._refuse(event, f"`{key}` again", f"it stands in line {seen[key]} already")
            seen[key] = line
            yield key, self._node(next(self._events), line, depth + 1)

    def _refuse(self, event: Any, message: str, fix: str) -> NoReturn:
        _refuse(self._file, _line(event), message, fix)


def _line(event: Any) -> int:
    """The line where `event` starts, counted from 1."""
    line: int = event.start_mark.line
    return line + 1


def _refuse(file: str, line: int, message: str, fix: str) -> NoReturn:
    raise MalformedPolicyError((Problem(file, line, message, fix),))
