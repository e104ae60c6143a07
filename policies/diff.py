"""What changes from one policy to another: in what it says, and in what it makes of snapshots.

Both policies judge the same recorded facts, in the limited child that judges everything recorded.
What the old policy did not have recorded is unknown under the new one, and never passes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from evidence.statement import Verdict
from policies.compile import compile_policy
from policies.judge import reads
from policies.model import Check, Policy
from policies.recompute import Recomputer
from policies.rejudge import Job

Kind: TypeAlias = Literal["added", "removed", "changed"]

_WORDING = ("title", "why", "advice", "finding", "false_positives")
"""Fields that decide nothing; they count as one."""


class Field(msgspec.Struct, frozen=True):
    """One thing about a check that is no longer the same."""

    name: str
    """A field of the check, `wording`, `parameter NAME`, `register NAME` or `data NAME`."""
    old: str | None
    """As short text, None where there was nothing; both None where a text is all that could be
    shown: SQL, wording, data."""
    new: str | None


class Change(msgspec.Struct, frozen=True):
    """One check that is not the same in both policies."""

    check: str
    kind: Kind
    fields: tuple[Field, ...] = ()


class Effect(msgspec.Struct, frozen=True):
    """A check that the two policies judge differently on one snapshot."""

    check: str
    old: Verdict | None
    """None: the old policy has no such check, or it rests on something that is not here."""
    new: Verdict | None
    gone: tuple[tuple[str | int | None, ...], ...]
    """Evidence rows under the old policy only."""
    come: tuple[tuple[str | int | None, ...], ...]
    """Evidence rows under the new one only; of another shape, all of them."""


def changes(old: Policy, new: Policy) -> Iterator[Change]:
    """What is different, in the order of the new policy, then what was removed."""
    before = {check.id: check for check in old.checks}
    needs = [(policy, reads([policy])) for policy in (old, new)]
    for check in new.checks:
        if check.id not in before:
            yield Change(check.id, "added")
            continue
        read = {name for policy, read in needs for name in read[policy.policy, check.id]}
        if fields := tuple(_fields(old, new, before[check.id], check, read)):
            yield Change(check.id, "changed", fields)
    after = {check.id for check in new.checks}
    yield from (Change(check, "removed") for check in before if check not in after)


def effects(old: Policy, new: Policy, snapshot: Job, child: Recomputer) -> list[Effect]:
    """The checks that come out differently on the facts of `snapshot`, whatever judged it before.

    Raises:
        RecomputeError: judging broke off.
    """
    was, now = (_judged(policy, snapshot, child) for policy in (old, new))
    return [
        effect
        for check in dict.fromkeys((*now, *was))
        if (effect := _effect(check, was.get(check), now.get(check))) is not None
    ]


def _judged(policy: Policy, snapshot: Job, child: Recomputer) -> Mapping[str, Verdict]:
    job = msgspec.structs.replace(snapshot, policies=(compile_policy(policy),))
    return {verdict.check: verdict for verdict in child.rejudge(job).verdicts}


def _effect(check: str, old: Verdict | None, new: Verdict | None) -> Effect | None:
    if old is not None and new is not None:
        same = (old.verdict, old.columns, old.rows_digest, old.reasons)
        if same == (new.verdict, new.columns, new.rows_digest, new.reasons):
            return None
    was, now = (() if verdict is None else verdict.rows for verdict in (old, new))
    if old is not None and new is not None and old.columns == new.columns:
        was, now = _without(was, now), _without(now, was)
    return Effect(check, old, new, tuple(was), tuple(now))


def _without(
    rows: Sequence[tuple[str | int | None, ...]], others: Sequence[tuple[str | int | None, ...]]
) -> tuple[tuple[str | int | None, ...], ...]:
    known = set(others)
    return tuple(row for row in rows if row not in known)


def _fields(
    old: Policy, new: Policy, before: Check, after: Check, read: set[str]
) -> Iterator[Field]:
    for name in ("severity", "measure", "family"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Field(name, was, now)
    for name in ("applies", "violations", "expects"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Field(name, None, None)
    yield from _of_clauses(before, after)
    if any(getattr(before, name) != getattr(after, name) for name in _WORDING):
        yield Field("wording", None, None)
    for name in sorted({*before.parameters, *after.parameters}):
        was, now = (
            None if name not in policy.parameters else _value(policy, name) for policy in (old, new)
        )
        if was != now:
            yield Field(f"parameter {name}", was, now)
    for name in sorted(read):
        declared = old.registers.get(name), new.registers.get(name)
        columns = [None if each is None else ", ".join(each.columns) for each in declared]
        if columns[0] != columns[1]:
            yield Field(f"register {name}", columns[0], columns[1])
        data = old.data.get(name), new.data.get(name)
        counts = [None if each is None else f"{len(each.rows)} rows" for each in data]
        if data[0] != data[1]:
            yield Field(f"data {name}", counts[0], counts[1])


def _of_clauses(before: Check, after: Check) -> Iterator[Field]:
    was, now = ({clause.ref: clause.certainty for clause in c.clauses} for c in (before, after))
    for ref in dict.fromkeys((*was, *now)):
        if was.get(ref) != now.get(ref):
            yield Field(f"clause {ref}", was.get(ref), now.get(ref))


def _value(policy: Policy, name: str) -> str:
    parameter = policy.parameters[name]
    return f"{parameter.default} ({parameter.minimum} … {parameter.maximum})"
