"""A tree of nodes as a typed value, or everything that keeps it from being one.

The quick road is one conversion of the whole. Only when that fails is the tree walked beside the
model, to find every problem and its line instead of the first problem and no line.
"""

import difflib
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from policies.errors import MalformedPolicyError, Problem
from policies.model import Misfit
from policies.nodes import Node

_UNIONS = (Union, types.UnionType)

T = TypeVar("T", bound=msgspec.Struct)


def shaped(node: Node, kind: type[T]) -> T:
    """`node` as a `kind`.

    Raises:
        MalformedPolicyError: with every problem there is.
    """
    try:
        return msgspec.convert(node.plain(), kind)
    except msgspec.ValidationError as e:
        problems = tuple(_problems(node, kind, None))
        raise MalformedPolicyError(
            problems or (node.problem(str(e), "see the policy language"),)
        ) from e


def _problems(node: Node, kind: Any, meta: msgspec.Meta | None) -> Iterator[Problem]:
    """What keeps `node` from being a `kind` under the constraints of `meta`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _problems(node, arguments[0], arguments[1])
    elif option := _chosen(node, arguments if origin in _UNIONS else ()):
        yield from _problems(node, option, meta)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _of_struct(node, kind)
    elif origin is dict:
        yield from _of_mapping(node, arguments)
    elif origin is tuple:
        yield from _of_list(node, arguments[0], meta)
    else:
        yield from _of_scalar(node, kind, meta)


def _chosen(node: Node, options: tuple[Any, ...]) -> Any:
    """The one of several options that `node` was meant as; None if it may be any of them."""
    if node.value is None and types.NoneType in options:
        return None
    options = tuple(option for option in options if option is not types.NoneType)
    parts = [option for option in options if _is_part(option)]
    if isinstance(node.value, dict):
        parts = [option for option in parts if get_origin(option) is not tuple] or parts
    if parts:
        return parts[0]
    return options[0] if len(options) == 1 else None


def _is_part(option: Any) -> bool:
    """Whether `option` is a list, a mapping or a struct."""
    if get_origin(option) in (tuple, dict):
        return True
    return isinstance(option, type) and issubclass(option, msgspec.Struct)


def _of_struct(node: Node, kind: type[msgspec.Struct]) -> Iterator[Problem]:
    if not isinstance(node.value, dict):
        yield node.problem(f"{_said(node)} where {_fields_of(kind)} belong", "write a mapping")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    found: list[Problem] = []
    for key, value in node.value.items():
        if key in fields:
            found += _problems(value, fields[key].type, None)
        else:
            found.append(value.problem(f"unknown key `{key}`", _nearest(key, tuple(fields))))
    found += [
        node.problem(f"`{name}` is missing", f"add `{name}:`")
        for name, field in fields.items()
        if field.required and name not in node.value
    ]
    yield from found
    if not found:
        yield from _misfits(node, kind)


def _misfits(node: Node, kind: type[msgspec.Struct]) -> Iterator[Problem]:
    """What the struct itself objects to when its fields are put together."""
    try:
        msgspec.convert(node.plain(), kind)
    except msgspec.ValidationError as e:
        if isinstance(e.__cause__, Misfit):
            yield node.at(*e.__cause__.path).problem(e.__cause__.message, e.__cause__.fix)


def _of_mapping(node: Node, arguments: tuple[Any, ...]) -> Iterator[Problem]:
    if not isinstance(node.value, dict):
        yield node.problem(f"{_said(node)} where a mapping belongs", "write `name: value` lines")
        return
    for key, value in node.value.items():
        yield from _problems(Node(value.file, value.line, key), arguments[0], None)
        yield from _problems(value, arguments[1], None)


def _of_list(node: Node, item: Any, meta: msgspec.Meta | None) -> Iterator[Problem]:
    if not isinstance(node.value, tuple):
        yield node.problem(f"{_said(node)} where a list belongs", "write `- item` lines")
        return
    if meta is not None and meta.min_length and len(node.value) < meta.min_length:
        yield node.problem("an empty list", "add at least one item")
    for value in node.value:
        yield from _problems(value, item, None)


def _of_scalar(node: Node, kind: Any, meta: msgspec.Meta | None) -> Iterator[Problem]:
    try:
        msgspec.convert(node.plain(), kind if meta is None else Annotated[kind, meta])
    except msgspec.ValidationError as e:
        if get_origin(kind) is Literal:
            choices = tuple(map(str, get_args(kind)))
            yield node.problem(
                f"{_said(node)} is no choice here", _nearest(str(node.value), choices)
            )
        elif kind is str and isinstance(node.value, int | None):
            yield node.problem(f"{_said(node)} where text belongs", "put it in quotes")
        else:
            yield node.problem(f"{_said(node)}: {e}", _shown(kind, meta))


def _shown(kind: Any, meta: msgspec.Meta | None) -> str:
    """The advice for a scalar that does not fit."""
    if kind is bool:
        return "write true or false"
    return f"write it like {meta.examples[0]}" if meta and meta.examples else "correct it"


def _said(node: Node) -> str:
    """`node` as its writer will recognise it."""
    match node.value:
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case None:
            return "nothing"
        case bool() as value:
            return "`true`" if value else "`false`"
        case value:
            return f"`{str(value)[:60]}`"


def _fields_of(kind: type[msgspec.Struct]) -> str:
    return ", ".join(f"`{field}`" for field in kind.__struct_fields__)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    """The advice for a name that is not among the `known` ones."""
    if near := difflib.get_close_matches(name, known, n=1):
        return f"did you mean `{near[0]}`?"
    return "use one of " + ", ".join(known)
