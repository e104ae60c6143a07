"""The language of USBGuard's rules (usbguard-rules.conf(5)): one rule a line.

allow 0781:5567 serial "4C53" name "Cruzer" via-port "1-1" with-interface one-of { 08:*:* }
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors import sysfs

_TARGETS = frozenset({"allow", "block", "reject", "match", "device"})
_STRINGS = frozenset(
    {"name", "hash", "parent-hash", "serial", "via-port", "with-connect-type", "label"}
)
_OPERATORS = frozenset({"all-of", "one-of", "none-of", "equals", "equals-ordered", "match-all"})
_ID = re.compile(r"(?:[0-9a-f]{4}|\*):(?:[0-9a-f]{4}|\*)", re.IGNORECASE)
_INTERFACE = re.compile(r"[0-9a-f]{2}(?::(?:[0-9a-f]{2}|\*)){2}", re.IGNORECASE)
_CONDITION = re.compile(r"!?[A-Za-z-][A-Za-z0-9-]*(?:\([^\r\n)]*\))?")
_TOKEN = re.compile(r'"(?:[^"\\\r\n]|\\.)*"|[{}]|!?[A-Za-z-][A-Za-z0-9-]*\([^\r\n)]*\)|[^\s"{}#]+')
_BLANK = re.compile(r"[ \t]*")
_ENDS = " \t#}"
"""What may follow a word."""
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class RuleError(ValueError):
    """A line does not follow the language; the daemon then takes none of the rules."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one attribute, and how a device's must relate to them."""

    values: tuple[str, ...]
    operator: str = ""
    """Empty when the rule states none, which means `equals`."""

    @property
    def text(self) -> str:
        """All of it in one text, as the rule writes it but for quotes: `one-of { a b }`."""
        if not self.operator and len(self.values) == 1:
            return self.values[0]
        return " ".join(filter(None, (self.operator, "{", *self.values, "}")))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    target: str
    attributes: Mapping[str, Values] = field(default_factory=dict)

    def text(self, attribute: str) -> str:
        """The attribute's values in one text; empty when the rule does not have it."""
        found = self.attributes.get(attribute)
        return found.text if found is not None else ""


def parsed(line: str) -> Rule | None:
    """The rule in `line`; None for an empty line or a comment.

    Raises:
        RuleError: it is neither.
    """
    tokens = _tokens(line)
    if not tokens:
        return None
    target, *rest = tokens
    if target not in _TARGETS:
        raise RuleError(target)
    attributes: dict[str, Values] = {}
    if rest and _ID.fullmatch(rest[0]):
        attributes["id"] = Values((rest[0].lower(),))
        rest = rest[1:]
    while rest:
        name, *rest = rest
        if name in attributes:
            raise RuleError(name)
        attributes[name], rest = _values(name, rest)
    return Rule(target, attributes)


def _tokens(line: str) -> list[str]:
    """The words of a line up to its comment."""
    tokens: list[str] = []
    position = 0
    while True:
        blank = _BLANK.match(line, position)
        position = blank.end() if blank is not None else position
        if position == len(line) or line[position] == "#":
            return tokens
        token = _TOKEN.match(line, position)
        if token is None:
            raise RuleError(line[position:])
        position = token.end()
        if token.group() != "{" and position < len(line) and line[position] not in _ENDS:
            raise RuleError(line[position:])
        tokens.append(token.group())


def _values(name: str, tokens: list[str]) -> tuple[Values, list[str]]:
    """The values of the attribute `name` at the start of `tokens`, and the tokens after them."""
    operator = ""
    if tokens and tokens[0] in _OPERATORS:
        operator, *tokens = tokens
    if not tokens or (operator and tokens[0] != "{"):
        raise RuleError(name)
    if tokens[0] != "{":
        return Values((_value(name, tokens[0]),)), tokens[1:]
    if "}" not in tokens:
        raise RuleError(name)
    end = tokens.index("}")
    if end == 1:
        raise RuleError(name)
    return Values(tuple(_value(name, it) for it in tokens[1:end]), operator), tokens[end + 1 :]


def _value(name: str, token: str) -> str:
    """One value of the attribute `name`."""
    if name in _STRINGS and token.startswith('"'):
        stated = token[1:-1].encode("utf-8", "surrogateescape")
        return sysfs.plain(_ESCAPE.sub(_unescaped, stated))
    if name == "id" and _ID.fullmatch(token):
        return token.lower()
    if name == "with-interface" and _INTERFACE.fullmatch(token):
        return token.lower()
    if name == "if" and _CONDITION.fullmatch(token):
        return token
    raise RuleError(token)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    """The byte that an escape stands for."""
    hexadecimal, character = escape.groups()
    if hexadecimal is not None:
        return bytes.fromhex(hexadecimal.decode("ascii"))
    if character in {b'"', b"\\"}:
        return character
    raise RuleError(character)
