"""Hosts that make real reports, and requests signed as agents sign theirs."""

import gzip
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from http_message_signatures import HTTPMessageSigner, algorithms

from evidence import canonical, dsse, parcel
from evidence.canonical import Cell
from evidence.keys import SigningKey, create_key
from evidence.parcel import MEDIA_TYPE, Parcel
from evidence.statement import (
    Chain,
    Clock,
    Condition,
    Cost,
    Digest,
    Engine,
    EnrolmentRequest,
    Host,
    PolicyRef,
    Reason,
    RegisterRef,
    Report,
    Scan,
    Score,
    Subject,
    TableEntry,
    Verdict,
    View,
    encode_statement,
)

COMPLETE = Condition("complete", None)
SCORE = Score(
    pass_weight=5,
    applicable_weight=15,
    not_applicable_weight=0,
    evaluated=2,
    expected=2,
    oldest_fact="2026-11-23T08:00:00Z",
    grade="E",
)


def sha256(data: bytes) -> str:
    """The digest as it is written everywhere."""
    return hashlib.sha256(data).hexdigest()


def verdict(
    check: str,
    outcome: str,
    rows: Sequence[tuple[str | int | None, ...]] = (),
    *,
    columns: tuple[str, ...] = ("serial",),
    reason: str | None = None,
) -> Verdict:
    """A verdict of the policy `small`."""
    return Verdict(
        check=check,
        policy="small",
        verdict=outcome,  # type: ignore[arg-type]  # tests say it as text
        reasons=(Reason(reason, ()),) if reason else (),
        columns=columns,
        rows=tuple(rows),
        row_count=len(rows),
        rows_digest=Digest(sha256(canonical.encode_table(rows))),
    )


@dataclass(frozen=True)
class Made:
    """A signed report and the tables it is about."""

    envelope: bytes
    digest: str
    blobs: dict[str, bytes]

    @property
    def parcel(self) -> bytes:
        """A parcel with this report alone and all of its tables."""
        return parcel.write(Parcel(envelopes=(self.envelope,), blobs=self.blobs))


@dataclass
class Asking:
    """What a unit asks of its hosts; it changes with every assignment."""

    assignment: str | None = None
    """Digest of the assignment in force."""
    policies: tuple[PolicyRef, ...] = ()
    registers: tuple[RegisterRef, ...] = ()
    parameters: Mapping[str, str | int] = field(default_factory=dict)


@dataclass
class FakeHost:
    """A host with a key of its own, which remembers the last report it made."""

    key: SigningKey
    asking: Asking = field(default_factory=Asking)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    name: str = "db-01"
    sequence: int = 0
    previous: str | None = None

    def report(
        self,
        *,
        sequence: int | None = None,
        previous: str | None = "",
        verdicts: Sequence[Verdict] = (),
        tables: Mapping[str, Sequence[Sequence[Cell]]] | None = None,
        asked: bool = True,
        policies: Sequence[PolicyRef] | None = None,
        host_id: str | None = None,
        score: Score = SCORE,
        started: str = "2026-11-23T08:00:00Z",
        root: str = "/",
        advance: bool = True,
    ) -> Made:
        """The next report of this host, or one that takes another place if told so.

        It is the one its unit asks for, unless it was not `asked`.
        """
        asking = self.asking if asked else Asking()
        place = self.sequence + 1 if sequence is None else sequence
        after = self.previous if previous == "" else previous
        entries, subjects, blobs = [], [], {}
        for name, rows in (tables or {"usb_devices": [("0781", place)]}).items():
            data = canonical.encode_table(rows)
            blobs[sha256(data)] = data
            subjects.append(Subject(f"tables/{name}", Digest(sha256(data))))
            width = max((len(row) for row in rows), default=1)
            entries.append(
                TableEntry(
                    name=name,
                    version=1,
                    columns=tuple(f"column_{n}" for n in range(width)),
                    row_count=len(rows),
                    condition=COMPLETE,
                    column_conditions={},
                    keys=(),
                    read_at=started,
                )
            )
        report = Report(
            host=Host(host_id or self.id, self.name),
            scan=Scan(secrets.token_hex(8), started, started, Clock(None, None), "schedule"),
            chain=Chain(place, after, "boot", None, 3600),
            assignment=Digest(asking.assignment) if asking.assignment else None,
            policies=asking.policies if policies is None else tuple(policies),
            registers=asking.registers,
            parameters=dict(asking.parameters),
            tables=tuple(entries),
            verdicts=tuple(verdicts),
            score=score,
            engine=Engine("0.1.0", "3.54.0", "3.11.2"),
            agent=Digest("0" * 64),
            view=View(0, "0", {}, "0", root),
            cost=Cost(1, 1, 1),
        )
        payload = encode_statement(tuple(subjects), report)
        made = Made(dsse.seal(payload, self.key), sha256(payload), blobs)
        if advance:
            self.sequence, self.previous = place, made.digest
        return made

    def enrolment_request(self, token: str) -> bytes:
        """The parcel with which this host asks to be enrolled."""
        request = EnrolmentRequest(
            host=Host(self.id, self.name),
            public_key=self.key.public.pem,
            token_digest=sha256(token.encode()),
            requested="2026-11-23T08:00:00Z",
        )
        subject = Subject("public-key", Digest(self.key.key_id))
        envelope = dsse.seal(encode_statement((subject,), request), self.key)
        return parcel.write(Parcel(envelopes=(envelope,)))


def new_host(directory: Path, **values: Any) -> FakeHost:
    """A host whose key lies in `directory`."""
    return FakeHost(create_key(directory / f"{secrets.token_hex(8)}.pem"), **values)


@dataclass
class Signed:
    """A request as it is sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def signed(
    key: SigningKey,
    method: str,
    url: str,
    body: bytes = b"",
    *,
    zipped: bool = False,
    nonce: str | None = None,
    skew: timedelta = timedelta(0),
    headers: Mapping[str, str] | None = None,
    components: tuple[str, ...] = ("@method", "@target-uri"),
    label: str = "anfang",
) -> Signed:
    """A request signed with `key` by a host whose clock is off by `skew`."""
    given = {"Content-Type": MEDIA_TYPE} if method == "POST" else {}
    request = Signed(method, url, {**given, **(headers or {})}, body)
    if zipped:
        request.body = gzip.compress(body, mtime=0)
        request.headers["Content-Encoding"] = "gzip"
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
    prepared = signer.prepare(
        request,
        key_id=key.key_id,
        nonce=secrets.token_urlsafe(16) if nonce is None else nonce,
        created=datetime.now(UTC) + skew,
        label=label,
        covered_component_ids=components,
        body=request.body,
    )
    signer.apply(request, prepared, key.sign(prepared.signature_base))
    return request
