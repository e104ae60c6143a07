"""What a policy file may say, field by field; the JSON Schema and the loader follow from it.

Everything a person reads is a `Text`, Chinese and English, both required. A field more, a field
less or another spelling is refused, and so is a policy whose parts do not fit together (`Misfit`).
The same structs hold a compiled policy, which differs only in having no tests.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

_END = r"$(?!\n)"
"""The end of a text: `$` alone also stands before a line feed in Python, and nowhere else in the
regular expressions of JSON Schema, which know no `\\Z`."""

Name: TypeAlias = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]*" + _END, max_length=64, examples=["approved_usb"])
]
"""A table, column, register or parameter: lower case, digits and underscores."""

CheckId: TypeAlias = Annotated[
    str, Meta(pattern=r"^CEP-[A-Z]{2,4}-[0-9]{3}" + _END, examples=["CEP-USB-003"])
]

Severity: TypeAlias = Literal["critical", "high", "medium", "low"]

Family: TypeAlias = Literal[
    "usb", "rad", "egr", "rmt", "tun", "net", "acc", "ssh", "aud", "tim", "agt",
    "avc", "dns", "fw", "krn", "swi", "enc", "per", "ctr",
]  # fmt: skip

Measure: TypeAlias = Literal["shield", "isolate", "remove", "stop-use"]
"""What article 26 lets an organ order: 屏蔽, 隔离, 拆除, 停止使用."""

Certainty: TypeAlias = Literal["verified", "supported", "memory"]
"""How sure the number of a clause is: its text was read, a second source has it, or neither."""

Outcome: TypeAlias = Literal["pass", "fail", "not_applicable", "unknown"]

Status: TypeAlias = Literal[
    "complete", "partial", "unreadable", "unsupported", "denied", "over_budget"
]

Cell: TypeAlias = str | int | None

Time: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z" + _END,
        examples=["2026-11-23T08:00:00Z"],
    ),
]
"""RFC 3339, UTC, whole seconds."""


class Misfit(ValueError):  # noqa: N818  # msgspec wants a ValueError; it is reported as a Problem
    """The parts of a policy do not fit together at `path` below the part that found it."""

    def __init__(self, message: str, fix: str, *path: str | int) -> None:
        super().__init__(f"{message}; {fix}")
        self.message = message
        self.fix = fix
        self.path = path


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a policy."""


class Text(Model, frozen=True):
    """One thing said twice: Chinese first, English beside it."""

    zh: Annotated[str, Meta(min_length=1)]
    en: Annotated[str, Meta(min_length=1)]


class RegisterDeclaration(Model, frozen=True):
    """A register a unit adopts; SQL sees these columns of the rows valid at scan time."""

    columns: Annotated[tuple[Name, ...], Meta(min_length=1)]
    doc: Text


class Parameter(Model, frozen=True):
    """A value a unit may set; SQL reads it as `:name`."""

    type: Literal["integer", "string"]
    default: int | str
    doc: Text
    minimum: int | None = None
    """For integers: the smallest value a unit may set."""
    maximum: int | None = None

    def accepts(self, value: int | str) -> bool:
        """Whether a unit may set `value`."""
        if self.type == "string":
            return isinstance(value, str)
        return (
            isinstance(value, int)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
        )

    def __post_init__(self) -> None:
        if not self.accepts(self.default):
            raise Misfit(
                f"the default {self.default!r} is no {self.type} within the bounds",
                "give a default that a unit could set",
                "default",
            )


class Data(Model, frozen=True):
    """Facts about the world that ship with the policy; SQL sees them as a table.

    In a policy file an entry may instead say `file: data/x.yaml`, beside the policy; that file
    then holds these four fields.
    """

    columns: Annotated[tuple[Name, ...], Meta(min_length=1)]
    rows: tuple[tuple[Cell, ...], ...]
    """Each row's cells in the order of `columns`."""
    source: Annotated[str, Meta(min_length=1)]
    """Where the rows can be looked up again."""
    doc: Text

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise Misfit(
                    f"a row of {len(row)} cells under {len(self.columns)} columns",
                    "give one cell for each column, null where there is none",
                    "rows",
                    index,
                )


class Advice(Model, frozen=True):
    """What to do about a violation, and what doing it costs."""

    do: Text
    impact: Text
    rollback: Text
    window: bool
    """Whether it needs a change window."""


class Clause(Model, frozen=True):
    """A provision a check serves: `MSS-2021-1:10.3`."""

    ref: Annotated[
        str,
        Meta(
            pattern=r"^[A-Z][A-Za-z0-9/ -]*:[0-9]+(\.[0-9a-z]+)*" + _END,
            examples=["GB/T 22239-2019:8.1.10.7.a"],
        ),
    ]
    certainty: Certainty


class GivenColumn(Model, frozen=True):
    """How well one column of a table in a test was observed."""

    status: Status
    reason: tuple[str, ...] = ()
    """The reason's code, then its arguments; empty for `complete`."""

    def __post_init__(self) -> None:
        _reasoned(self.status, self.reason)


class GivenTable(Model, frozen=True):
    """A table in a test that is not simply complete."""

    status: Status
    reason: tuple[str, ...] = ()
    rows: tuple[dict[Name, Cell], ...] = ()
    columns: dict[Name, GivenColumn] = {}
    """Columns observed otherwise than the table."""

    def __post_init__(self) -> None:
        _reasoned(self.status, self.reason)


def _reasoned(status: str, reason: tuple[str, ...]) -> None:
    if (status == "complete") == bool(reason):
        raise Misfit(
            f"`{status}` {'with' if reason else 'without'} a reason",
            "write `reason: [code, argument]` unless the status is complete",
            "reason",
        )


class CheckTest(Model, frozen=True):
    """Facts and the verdict they must give.

    Every table and register that the check reads has to be given, so that nothing passes by
    omission; a column that the check reads has to be in each row, if need be as null.
    """

    name: Annotated[str, Meta(min_length=1)]
    given: dict[Name, tuple[dict[Name, Cell], ...] | GivenTable]
    verdict: Outcome
    registers: dict[Name, tuple[dict[Name, Cell], ...] | None] = {}
    """Rows of each register the check reads; null: the unit has not adopted it."""
    parameters: dict[Name, int | str] = {}
    """Where they differ from their defaults."""
    now: Time = "2026-11-23T08:00:00Z"
    """When the scan takes place."""
    rows: Annotated[int, Meta(ge=0)] | None = None
    """How many distinct evidence rows there must be."""
    reason: str | None = None
    """For `unknown`: a reason code that must be among the reasons."""


class Check(Model, frozen=True):
    """One rule. It passes only if everything it read was complete and nothing violates it."""

    id: CheckId
    title: Text
    """What must hold, as a sentence with 应 and without a full stop."""
    why: Text
    family: Family
    severity: Severity
    advice: Advice
    clauses: tuple[Clause, ...]
    false_positives: Text
    """What harmless things fire it, and what to do about them."""
    measure: Measure | None = None
    registers: tuple[Name, ...] = ()
    """The registers its SQL reads."""
    parameters: tuple[Name, ...] = ()
    """The parameters its SQL reads."""
    applies: str | None = None
    """SQL; no row means not applicable."""
    violations: str | None = None
    """SQL; every row is one violation and stays as evidence."""
    expects: str | None = None
    """SQL, instead of `violations`; no row means failed."""
    finding: Text | None = None
    """One violation as a sentence; `{column}` stands for a cell of its row."""
    tests: tuple[CheckTest, ...] = ()

    def __post_init__(self) -> None:
        if (self.violations is None) == (self.expects is None):
            raise Misfit(
                f"{self.id} must say either `violations` or `expects`",
                "write one of the two",
                "expects",
            )


class Policy(Model, frozen=True):
    """A versioned set of checks."""

    policy: Annotated[
        str, Meta(pattern=r"^[a-z][a-z0-9-]*" + _END, max_length=64, examples=["cii-host"])
    ]
    version: Annotated[
        str,
        Meta(
            pattern=r"^20[0-9]{2}\.(1[0-2]|[1-9])\.(0|[1-9][0-9]*)" + _END,
            examples=["2026.11.0"],
        ),
    ]
    """Year, month, number within the month: 2026.11.0."""
    title: Text
    checks: Annotated[tuple[Check, ...], Meta(min_length=1)]
    doc: Text | None = None
    registers: dict[Name, RegisterDeclaration] = {}
    parameters: dict[Name, Parameter] = {}
    data: dict[Name, Data] = {}

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for index, check in enumerate(self.checks):
            if check.id in seen:
                raise Misfit(f"{check.id} again", "give it an id of its own", "checks", index, "id")
            seen.add(check.id)
            for field, declared in (("registers", self.registers), ("parameters", self.parameters)):
                for name in getattr(check, field):
                    if name not in declared:
                        raise Misfit(
                            f"`{name}` is not declared under `{field}` of the policy",
                            f"declare it, or use one of {', '.join(declared) or 'none so far'}",
                            *("checks", index, field),
                        )
        for name in self.registers.keys() & self.data.keys():
            raise Misfit(f"`{name}` is a register too", "rename one of them", "data", name)

    def check(self, check_id: str) -> Check:
        """The check `check_id`; KeyError if there is none."""
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(check_id)
