"""A policy file drafted of what others wrote: what plans here is taken, the rest is told.

A draft is meant to be finished by a person. It says in Chinese what is still to be translated,
and has no tests, which `lint` asks for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from facts.catalogue import Catalogue
from facts.errors import QueryError
from facts.plan import Needs, Planner
from facts.reasons import say
from facts.spec import Privacy
from facts.tables import SPECS
from policies.imports import Candidate, LeftOut
from policies.mutate_tokens import Token, tokens

_FAMILIES = (
    ("usb_", "usb"), ("wireless_", "rad"), ("shadow", "acc"), ("users", "acc"), ("groups", "acc"),
    ("sshd_", "ssh"), ("listening_", "net"), ("docker_", "ctr"), ("container", "ctr"),
    ("deb_", "swi"), ("rpm_", "swi"), ("audit", "aud"), ("log_", "aud"), ("iptables", "fw"),
    ("nft", "fw"), ("certificates", "enc"),
)  # fmt: skip
"""What the name of a table that is read begins with, and the family that fits; else `krn`."""

_QUOTED = 100
"""The most different texts in double quotes that one query may have."""

MOST = 999
"""How many checks one draft may have: their ids are numbered."""


def draft(
    name: str, version: str, found: Iterable[Candidate | LeftOut]
) -> tuple[dict[str, Any], list[LeftOut]]:
    """A policy of what was `found`, as a value to be written, and what had to be left out."""
    planner = Planner(Catalogue(SPECS, {}))
    checks: list[dict[str, Any]] = []
    left: list[LeftOut] = []
    for each in found:
        if isinstance(each, LeftOut):
            left.append(each)
            continue
        try:
            sql, needs = _planned(each, planner)
        except (QueryError, ValueError) as e:
            reason = say(e.reason, "en") if isinstance(e, QueryError) else str(e)
            left.append(LeftOut(each.name, reason))
            continue
        if len(checks) == MOST:
            left.append(LeftOut(each.name, f"more than {MOST} checks"))
            continue
        checks.append(_check(len(checks) + 1, each, sql, needs))
    title = {"zh": f"（待译）{name}", "en": f"Imported: {name}"}
    return {"policy": name, "version": version, "title": title, "checks": checks}, left


def written(policy: Mapping[str, Any]) -> str:
    """`policy` as the YAML that policy files are written in."""
    return yaml.dump(
        policy, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000, indent=2
    )


def _planned(each: Candidate, planner: Planner) -> tuple[str, Needs]:
    """The SQL of `each` as policies have it, and what it reads.

    Raises:
        QueryError, ValueError: it cannot run here.
    """
    sql = _named(each.sql.rstrip().rstrip(";").rstrip(), each.rule)
    for _ in range(_QUOTED):
        try:
            return sql, planner.plan(sql).needs
        except QueryError as e:
            # osquery lets double quotes stand around texts; here they are names of columns.
            plain = sql
            if e.reason.code == "column_unknown":
                plain = _requoted(sql, e.reason.args[0].strip('"'))
            if plain == sql:
                raise
            sql = plain
    raise ValueError(f"more than {_QUOTED} texts in double quotes")


def _named(sql: str, rule: str) -> str:
    """`sql` without `SELECT *`, where it leads or follows EXISTS: the columns by name, or, where
    only being there counts, a 1.
    """
    said = list(tokens(sql))
    parts, place = [], 0
    for at, token in enumerate(said):
        before = [each.said for each in said[max(0, at - 3) : at]]
        if token.spoken("*") and before in (["SELECT"], ["EXISTS", "(", "SELECT"]):
            leads = before == ["SELECT"] and rule == "violations"
            columns = _columns(sql, said[at + 1 :]) if leads else "1"
            parts += [sql[place : token.start], columns]
            place = token.end
    return "".join([*parts, sql[place:]])


def _columns(sql: str, rest: list[Token]) -> str:
    """All columns of the one table that is named after `SELECT *`, but those for the keyboard."""
    where = next((at for at, token in enumerate(rest) if token.spoken("WHERE")), len(rest))
    table = "".join(sql[token.start : token.end].lower() for token in rest[1:2])
    if any(token.spoken("JOIN", ",", "(") for token in rest[:where]):
        raise ValueError("SELECT * over more than one table")
    if table not in SPECS:
        return "*"  # the planner says why
    public = [column for column in SPECS[table].columns if column.privacy is not Privacy.LOCAL]
    return ", ".join(f'"{column.name}"' for column in public)


def _requoted(sql: str, text: str) -> str:
    """`sql` with single quotes where it has double quotes around `text`."""
    parts, place = [], 0
    for token in tokens(sql):
        if token.kind == "name" and token.said == f'"{text}"':
            quoted = text.replace("'", "''")
            parts += [sql[place : token.start], f"'{quoted}'"]
            place = token.end
    return "".join([*parts, sql[place:]])


def _check(number: int, each: Candidate, sql: str, needs: Needs) -> dict[str, Any]:
    family = next(
        (family for start, family in _FAMILIES if any(table.startswith(start) for table in needs)),
        "krn",
    )
    return {
        "id": f"CEP-IMP-{number:03}",
        "title": _text(each.name.rstrip("."), "应（待译）："),
        "why": _text(each.why or each.name),
        "family": family,
        "severity": "medium",
        "advice": {
            "do": _text(each.fix or "To be written."),
            "impact": _text("To be written."),
            "rollback": _text("To be written."),
            "window": True,
        },
        "clauses": [],
        each.rule: sql + "\n",
        "false_positives": _text("To be written."),
        "tests": [],
    }


def _text(english: str, mark: str = "（待译）") -> dict[str, str]:
    return {"zh": mark + english, "en": english}


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and never an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # its base's signature
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)
