"""Wire structs: what is signed, field by field.

Everything signed is an in-toto Statement v1. Its payload is the canonical encoding of one of
the structs below; a field more, a field less or another spelling is refused. Times are RFC 3339
in UTC with whole seconds (`2026-11-23T08:00:00Z`), digests are lower-case hex, there are no
floats. Fields are only ever added, under a new predicate version.
"""

import re
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from evidence import canonical
from evidence.errors import MalformedError

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"

REPORT = "urn:anfang:report:v1"
"""A host says what one scan recorded and how its policies judged it."""
ENROLMENT_REQUEST = "urn:anfang:enrolment-request:v1"
"""A host asks to be enrolled under its new key."""
ENROLMENT = "urn:anfang:enrolment:v1"
"""The server binds a host's key to a host and a unit."""
ASSIGNMENT = "urn:anfang:assignment:v1"
"""The server says which policies and registers a unit's hosts must run."""

MAX_PAYLOAD = 16 * 1024 * 1024
"""The longest payload that is read, in bytes."""


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A value that is signed or travels; it is a tree, so it needs no search for cycles."""


class Digest(Wire, frozen=True):
    """The digests of one thing, by algorithm; `sm3` joins in profile `gm`."""

    sha256: str


class Subject(Wire, frozen=True):
    """What a statement is about: `tables/usb_devices`, by digest."""

    name: str
    digest: Digest


class Reason(Wire, frozen=True):
    """A reason code and its arguments; words are made when it is shown."""

    code: str
    args: tuple[str, ...]


class Condition(Wire, frozen=True):
    """How well something was observed."""

    status: Literal["complete", "partial", "unreadable", "unsupported", "denied", "over_budget"]
    reason: Reason | None


class KeyEntry(Wire, frozen=True):
    """One key a keyed table was asked for, also when nothing was found."""

    column: str
    value: str
    condition: Condition
    operator: Literal["LIKE"] | msgspec.UnsetType = msgspec.UNSET
    """Set where the value is a pattern of paths."""
    rows: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    """Which rows of the table answered, by their place; unset where it was all that the key names.
    A file that changed between two keys has two rows, and each key met one."""


class TableEntry(Wire, frozen=True):
    """One recorded table; its rows are the subject `tables/<name>`."""

    name: str
    version: int
    columns: tuple[str, ...]
    """The recorded columns, in the order of the specification and of the cells in each row."""
    row_count: int
    condition: Condition
    column_conditions: dict[str, Condition]
    keys: tuple[KeyEntry, ...]
    read_at: str


class Verdict(Wire, frozen=True):
    """One check's outcome on this snapshot, as the host judged it."""

    check: str
    policy: str
    verdict: Literal["pass", "fail", "not_applicable", "unknown"]
    reasons: tuple[Reason, ...]
    """Why it is unknown; empty otherwise."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    """The first evidence rows in canonical order, at most `MAX_EVIDENCE_ROWS`."""
    row_count: int
    rows_digest: Digest
    """Over the canonical bytes of all rows."""


MAX_EVIDENCE_ROWS = 50


class Score(Wire, frozen=True):
    """Two integers and what they leave out; see the policy model for the weights."""

    pass_weight: int
    applicable_weight: int
    not_applicable_weight: int
    evaluated: int
    """Checks with verdict pass, fail or not_applicable."""
    expected: int
    """Checks the assignment (or the command line) asks for."""
    oldest_fact: str | None
    """When the oldest table or key that any verdict rests on was read."""
    grade: Literal["A", "B", "C", "D", "E"] | None
    """None when nothing was evaluated."""


class Host(Wire, frozen=True):
    """Which host says this."""

    id: str
    """32 hex digits, made once when the host's first key is made."""
    name: str


class Clock(Wire, frozen=True):
    """What the host knew of its clock when it scanned."""

    synchronised: bool | None
    offset_ms: int | None


class Scan(Wire, frozen=True):
    """One scan."""

    id: str
    started: str
    ended: str
    clock: Clock
    trigger: Literal["manual", "schedule", "enrolment", "inspection", "event"]
    """`event`: devices came or went, and that alone is reported."""


class Chain(Wire, frozen=True):
    """The place of this report among the host's reports."""

    sequence: int
    """1 for the first report under a key, then one more each time."""
    previous: str | None
    """SHA-256 of the previous report's payload; null for the first."""
    boot_id: str
    last_seen: str | None
    """The last checkpoint (signed note) the host has seen, verbatim."""
    interval_s: int | None
    """The host promises a next report within this many seconds; null: no promise."""


class PolicyRef(Wire, frozen=True):
    """A compiled policy, by digest."""

    policy: str
    version: str
    digest: Digest


class RegisterRef(Wire, frozen=True):
    """An adopted register, by digest of its canonical rows."""

    name: str
    columns: tuple[str, ...]
    digest: Digest


class Engine(Wire, frozen=True):
    """What evaluated the SQL."""

    anfang: str
    sqlite: str
    python: str


class View(Wire, frozen=True):
    """The view of the host that the scan had."""

    uid: int
    capabilities: str
    """Effective capabilities, as in /proc/self/status."""
    namespaces: dict[str, str]
    """Name to inode, from /proc/self/ns."""
    hidepid: str
    root: str
    """`/`, or `recorded` when a recorded or mounted root was read."""


class Cost(Wire, frozen=True):
    """What the scan cost the host."""

    cpu_ms: int
    wall_ms: int
    peak_kib: int


class Report(Wire, frozen=True):
    """The predicate of `REPORT`."""

    host: Host
    scan: Scan
    chain: Chain
    assignment: Digest | None
    """Digest of the assignment's payload; null for a scan nobody assigned."""
    policies: tuple[PolicyRef, ...]
    registers: tuple[RegisterRef, ...]
    parameters: dict[str, str | int]
    tables: tuple[TableEntry, ...]
    verdicts: tuple[Verdict, ...]
    score: Score
    engine: Engine
    agent: Digest
    """Over the agent's own code, so that a changed agent shows."""
    view: View
    cost: Cost

    @property
    def is_of_events(self) -> bool:
        """Whether it reports events, and judges nothing: no scan that a host is measured by."""
        return self.scan.trigger == "event"


class EnrolmentRequest(Wire, frozen=True):
    """The predicate of `ENROLMENT_REQUEST`."""

    host: Host
    public_key: str
    """PEM, SubjectPublicKeyInfo."""
    token_digest: str
    """SHA-256 of the enrolment token; the token itself travels beside it, never in evidence."""
    requested: str


class Enrolment(Wire, frozen=True):
    """The predicate of `ENROLMENT`."""

    host: Host
    public_key: str
    key_id: str
    unit: str
    zone: str
    enrolled: str


class Assignment(Wire, frozen=True):
    """The predicate of `ASSIGNMENT`; a lower serial than one already seen is refused."""

    unit: str
    serial: int
    issued: str
    policies: tuple[PolicyRef, ...]
    registers: tuple[RegisterRef, ...]
    parameters: dict[str, str | int]
    interval_s: int


P = TypeVar("P", Report, EnrolmentRequest, Enrolment, Assignment)

PREDICATES: dict[type[Wire], str] = {
    Report: REPORT,
    EnrolmentRequest: ENROLMENT_REQUEST,
    Enrolment: ENROLMENT,
    Assignment: ASSIGNMENT,
}


class Statement(Wire, Generic[P], frozen=True):
    """An in-toto Statement v1 about `subject`, saying `predicate`."""

    _type: Literal["https://in-toto.io/Statement/v1"]
    subject: tuple[Subject, ...]
    predicateType: str  # noqa: N815  # the field is named by in-toto
    predicate: P


def judged_by(said: Report | Assignment) -> set[str]:
    """Digests of the policies and registers that a report or an assignment names."""
    named: tuple[PolicyRef | RegisterRef, ...] = (*said.policies, *said.registers)
    return {reference.digest.sha256 for reference in named}


def rests_on(report: Statement[Report]) -> set[str]:
    """Digests of everything that a report names: its tables, and what they were judged by."""
    return {table.digest.sha256 for table in report.subject} | judged_by(report.predicate)


_DECODERS: dict[type[Wire], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(Statement[kind])  # type: ignore[valid-type]  # made at run time
    for kind in PREDICATES
}


def encode_statement(subject: tuple[Subject, ...], predicate: P) -> bytes:
    """The payload that is signed for `predicate`."""
    statement = Statement(
        _type=STATEMENT_TYPE,
        subject=subject,
        predicateType=PREDICATES[type(predicate)],
        predicate=predicate,
    )
    return canonical.encode(msgspec.to_builtins(statement))


def decode_statement(payload: bytes, predicate: type[P]) -> Statement[P]:
    """The statement of that kind in `payload`.

    Raises:
        NotCanonicalError: the payload is not canonical.
        MalformedError: it is no such statement.
    """
    decoder: msgspec.json.Decoder[Statement[P]] = _DECODERS[predicate]
    try:
        statement = canonical.decode_as(payload, decoder, limit=MAX_PAYLOAD)
    except MalformedError as e:
        raise MalformedError(f"not a {PREDICATES[predicate]} statement: {e}") from e
    if statement.predicateType != PREDICATES[predicate]:
        raise MalformedError(
            f"predicate {statement.predicateType}, where {PREDICATES[predicate]} is wanted"
        )
    return statement


_PREDICATE_KEY = b'"predicateType":'
_PREDICATE_TYPE = re.compile(rb'"predicateType":"([^"\\]*)"')


def predicate_type(payload: bytes) -> str:
    """Which predicate the canonical `payload` says it carries: what to decode it as, which then
    checks it.

    Raises:
        MalformedError: it says nothing of the kind.
    """
    # In canonical order only the subjects come after it, and a quote inside a string is escaped.
    found = _PREDICATE_TYPE.match(payload, max(payload.rfind(_PREDICATE_KEY), 0))
    if found is None:
        raise MalformedError("not an in-toto statement: it names no predicateType")
    return found[1].decode("utf-8", "replace")
