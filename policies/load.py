"""Policy files: read, checked for shape, with the line of everything kept for later messages."""

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from policies.errors import MalformedPolicyError
from policies.model import Policy
from policies.nodes import MAX_BYTES, Node, Step, read_yaml
from policies.shape import shaped

LIBRARY = Path(str(files("policies"))) / "library"
"""The policies that ship."""

_FILE = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*\.yaml\Z")


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy as it was written."""

    policy: Policy
    root: Node

    def at(self, *path: Step) -> Node:
        """What stands at `path`, such as `"checks", 3, "violations"`, with its line."""
        return self.root.at(*path)


def load(path: Path) -> PolicyFile:
    """The policy file at `path`, the files it names read in.

    Raises:
        MalformedPolicyError: with every problem of shape there is.
        OSError: `path` cannot be read.
    """
    root = _read(path, str(path))
    root = _with_checks(_with_data(root, path.parent), path.parent)
    return PolicyFile(shaped(root, Policy), root)


def _read(path: Path, name: str) -> Node:
    with path.open("rb") as file:
        return read_yaml(file.read(MAX_BYTES + 1), name)


def _with_data(root: Node, directory: Path) -> Node:
    """`root` with each `data` entry that names a file replaced by what the file holds."""
    section = root.at("data")
    if section is root or not isinstance(root.value, dict) or not isinstance(section.value, dict):
        return root
    entries = {
        name: _held(entry, directory) if _names_file(entry) else entry
        for name, entry in section.value.items()
    }
    data = Node(section.file, section.line, entries)
    return Node(root.file, root.line, root.value | {"data": data})


def _with_checks(root: Node, directory: Path) -> Node:
    """`root` with each of `checks` that names a file replaced by the checks that the file holds."""
    section = root.at("checks")
    if section is root or not isinstance(root.value, dict) or not isinstance(section.value, tuple):
        return root
    checks: list[Node] = []
    for entry in section.value:
        if not _names_file(entry):
            checks.append(entry)
            continue
        held = _held(entry, directory)
        if not isinstance(held.value, tuple):
            problem = held.problem("not a list of checks", "begin each check with `- id:`")
            raise MalformedPolicyError((problem,))
        checks += held.value
    listed = Node(section.file, section.line, tuple(checks))
    return Node(root.file, root.line, root.value | {"checks": listed})


def _names_file(entry: Node) -> bool:
    return isinstance(entry.value, dict) and "file" in entry.value


def _held(entry: Node, directory: Path) -> Node:
    """What the file that `entry` names holds."""
    name = entry.at("file")
    if set(entry.plain()) != {"file"}:
        problem = entry.problem("`file` beside other keys", "keep them in that file")
    elif not isinstance(name.value, str) or not _FILE.match(name.value):
        problem = name.problem("not the name of such a file", "write it like data/ports.yaml")
    else:
        path = directory / name.value
        try:
            return _read(path, str(path))
        except OSError as e:
            problem = name.problem(f"{name.value}: {e.strerror}", "put the file beside the policy")
            raise MalformedPolicyError((problem,)) from e
    raise MalformedPolicyError((problem,))
