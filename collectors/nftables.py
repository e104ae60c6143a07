"""The rules of nftables that are in force, as nft(8) lists them.

Structure comes from nft's JSON; the words of a rule from its listing as text, found by the rule's
handle, because that is how people write and compare rules. Elements of named sets are not asked:
they may be many, and addresses of persons. Of the network namespace the agent runs in.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from collectors import netfilter, sysfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_NFT = ("/usr/sbin/nft", "/sbin/nft")
_PRIVILEGE = "CAP_NET_ADMIN"
_FROM_TEXT = frozenset({"expression", "dormant"})
_VERDICTS = frozenset(
    {
        *("accept", "drop", "reject", "return", "continue", "queue", "jump", "goto", "vmap"),
        *("masquerade", "snat", "dnat", "redirect", "tproxy", "synproxy", "flow", "fwd", "dup"),
    }
)
_NEUTRAL = (_VERDICTS | {"comment", "counter", "log", "mangle", "notrack"}) - {"vmap"}
"""Statements that every packet passes, whatever it is."""
_TABLE = re.compile(rb"table (\S+) (\S+) \{.*")
_FLAGS = re.compile(rb"\tflags (.*)")
_CHAIN = re.compile(rb"\tchain (\S+) \{.*")
_RULE = re.compile(rb"\t\t(.*) # handle (\d+)")


class _Chain(msgspec.Struct):
    """A chain as nft's JSON has it (libnftables-json(5)); one without hook is only jumped to."""

    family: str
    table: str
    name: str
    type: str = ""
    hook: str = ""
    prio: int | None = None
    policy: str = ""


class _Rule(msgspec.Struct):
    """A rule as nft's JSON has it."""

    family: str
    table: str
    chain: str
    handle: int
    expr: list[Any] = []
    comment: str = ""


class _Object(msgspec.Struct):
    """One of the things a ruleset holds; others than these are left out."""

    chain: _Chain | None = None
    rule: _Rule | None = None


class _Ruleset(msgspec.Struct):
    """All of nft's answer."""

    nftables: list[_Object]


class _Words(NamedTuple):
    """What only the listing as text tells."""

    rules: Mapping[tuple[str, str, str, int], str | None]
    """By family, table, chain and handle; None where two lines claim to be one rule."""
    dormant: frozenset[tuple[str, str]]
    """Family and name of the tables that are switched off."""


@running_only(_NFT[0])
def nftables_rules(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each rule, and one for each chain without rules; none without nf_tables."""
    if netfilter.without_nf_tables(host):
        return Observed(())
    try:
        said = netfilter.answer(host, _NFT, "-j", "-t", "list", "ruleset", privilege=_PRIVILEGE)
        found = msgspec.json.decode(said, type=_Ruleset).nftables
    except FileNotFoundError:
        return Observed((), condition(Status.UNSUPPORTED, "program_missing", "nft"))
    except OSError as e:
        return Observed((), condition_of(e, _NFT[0]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Observed((), condition(Status.UNREADABLE, "malformed_source", _NFT[0]))
    rows = list(_rows(found))
    columns: dict[str, Condition] = {}
    if not wanted.isdisjoint(_FROM_TEXT):
        try:
            text = netfilter.answer(
                host, _NFT, "-a", "-s", "-t", "list", "ruleset", privilege=_PRIVILEGE
            )
        except OSError as e:
            columns = dict.fromkeys(_FROM_TEXT, condition_of(e, _NFT[0]))
        else:
            columns = _add_words(rows, _words(text))
    return Observed(rows, columns=columns)


def _rows(found: list[_Object]) -> Iterator[dict[str, Cell]]:
    rules: dict[tuple[str, str, str], list[_Rule]] = {}
    for item in found:
        if (rule := item.rule) is not None:
            rules.setdefault((rule.family, rule.table, rule.chain), []).append(rule)
    for item in found:
        if (chain := item.chain) is not None:
            row: dict[str, Cell] = {
                "family": chain.family,
                "table_name": chain.table,
                "chain": chain.name,
                "type": chain.type,
                "hook": chain.hook,
                "priority": chain.prio,
                "policy": chain.policy,
            }
            held = rules.get((chain.family, chain.table, chain.name), [])
            if not held:
                yield row | {"position": 0, "expression": "", "verdict": "", "target": ""}
            for position, rule in enumerate(held, 1):
                yield row | {"position": position} | _rule(rule)


def _rule(rule: _Rule) -> dict[str, Cell]:
    """The cells of a rule."""
    verdict, target, packets, octets = "", "", None, None
    unconditional = True
    for statement in rule.expr:
        name, said = _statement(statement)
        unconditional = unconditional and name in _NEUTRAL
        if name in _VERDICTS:
            verdict = name
            target = str(said.get("target", "")) if name in ("jump", "goto") else ""
        elif name == "counter":
            packets, octets = said.get("packets"), said.get("bytes")
    return {
        "handle": rule.handle,
        "verdict": verdict,
        "target": target,
        "unconditional": int(unconditional),
        "comment": sysfs.plain(rule.comment.encode()),
        "packets": packets,
        "bytes": octets,
    }


def _statement(statement: object) -> tuple[str, Mapping[str, Any]]:
    """The name of a statement, and what it says; iptables-nft's own ones by their name there."""
    if not isinstance(statement, dict) or len(statement) != 1:
        return "", {}
    ((name, said),) = statement.items()
    if not isinstance(said, dict):
        return name, {}
    if name != "xt":
        return name, said
    inner = str(said.get("name", "")).lower()
    return ("mangle" if said.get("type") == "target" and inner not in _VERDICTS else inner), {}


def _words(text: bytes) -> _Words:
    """The listing as text, taken apart by its indentation."""
    rules: dict[tuple[str, str, str, int], str | None] = {}
    dormant: set[tuple[str, str]] = set()
    family = table = chain = ""
    for line in text.split(b"\n"):
        if match := _TABLE.fullmatch(line):
            family, table = (sysfs.plain(part) for part in match.groups())
        elif match := _CHAIN.fullmatch(line):
            chain = sysfs.plain(match[1])
        elif match := _FLAGS.fullmatch(line):
            if b"dormant" in re.split(rb"[\s,]+", match[1]):
                dormant.add((family, table))
        elif line.startswith(b"\t}"):
            chain = ""
        elif chain and (match := _RULE.fullmatch(line)):
            key = (family, table, chain, int(match[2]))
            rules[key] = None if key in rules else sysfs.plain(match[1])
    return _Words(rules, frozenset(dormant))


def _add_words(rows: list[dict[str, Cell]], words: _Words) -> dict[str, Condition]:
    """Adds to each row what only the text tells, and notes what was not found in it."""
    columns: dict[str, Condition] = {}
    for row in rows:
        table = (str(row["family"]), str(row["table_name"]))
        row["dormant"] = int(table in words.dormant)
        if row["position"]:
            handle = row["handle"]
            row["expression"] = words.rules.get((*table, str(row["chain"]), int(str(handle))))
            if row["expression"] is None:
                reason = ("source_missing", f"{' '.join(table)} {row['chain']} handle {handle}")
                columns["expression"] = condition(Status.PARTIAL, *reason)
    return columns
