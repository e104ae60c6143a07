"""A small real world: a server with its log, a host with its key, and what they sign."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from evidence import canonical, checkpoint, dsse, keys, merkle, receipt
from evidence.canonical import Cell
from evidence.keys import SigningKey
from evidence.parcel import Parcel
from evidence.statement import (
    Assignment,
    Chain,
    Clock,
    Condition,
    Cost,
    Digest,
    Engine,
    Enrolment,
    EnrolmentRequest,
    Host,
    PolicyRef,
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
from evidence.trust import Server, Trust

ORIGIN = "log.example.org/cii"
HOST_ID = "0123456789abcdef0123456789abcdef"
STARTED, ENDED, RECEIVED = "2026-11-23T08:00:00Z", "2026-11-23T08:00:02Z", "2026-11-23T08:00:05Z"
COMPLETE = Condition(status="complete", reason=None)
TABLES: dict[str, tuple[tuple[str, ...], list[tuple[Cell, ...]]]] = {
    "usb_devices": (
        ("vendor_id", "model_id", "serial"),
        [("0951", "1666", "甲"), ("1d6b", "2", 1)],
    ),
    "users": (("uid", "username"), [(0, "root"), (1000, "operator"), (2**60, None)]),
}
POLICY = canonical.encode({"policy": "cii-host", "version": "2026.11.0", "checks": []})
REGISTER = canonical.encode_table([("0951", "1666", "甲")])


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest(data: bytes) -> Digest:
    return Digest(sha256=sha256(data))


@dataclass
class Log:
    """An RFC 6962 log kept in a dict, and the receipts it gives."""

    key: SigningKey
    origin: str = ORIGIN
    leaves: list[bytes] = field(default_factory=list)
    stored: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def node(self, level: int, index: int) -> bytes:
        return self.stored[level, index]

    def append(self, leaf: bytes) -> int:
        size = len(self.leaves)
        for level, index, node in merkle.appended(size, merkle.leaf_hash(leaf), self.node):
            self.stored[level, index] = node
        self.leaves.append(leaf)
        return size

    def checkpoint(self) -> str:
        size = len(self.leaves)
        head = checkpoint.Checkpoint(self.origin, size, merkle.root(size, self.node))
        return checkpoint.sign(head, self.key)

    def receipt(self, index: int) -> str:
        proof = merkle.inclusion_proof(index, len(self.leaves), self.node)
        return receipt.encode(receipt.Receipt(index, self.leaves[index], self.checkpoint(), proof))

    def receive(self, envelope: bytes, received_at: str = RECEIVED) -> str:
        """The receipt for `envelope`, newly appended."""
        opened = dsse.open_envelope(envelope)
        key_id = opened.signatures[0].keyid
        return self.receipt(self.append(receipt.leaf(opened.payload_digest, key_id, received_at)))


class World:
    """A server, one enrolled host, an assignment, and parcels of its reports."""

    def __init__(self, directory: Path) -> None:
        self.server = keys.create_key(directory / "server.pem")
        self.host = keys.create_key(directory / "host.pem")
        self.stranger = keys.create_key(directory / "stranger.pem")
        self.log = Log(self.server)
        self.trust = Trust((Server("unit", self.server.public, ORIGIN),))
        self.assignment = Assignment(
            unit="unit-1",
            serial=1,
            issued=STARTED,
            policies=(PolicyRef(policy="cii-host", version="2026.11.0", digest=digest(POLICY)),),
            registers=(
                RegisterRef(
                    name="approved_usb",
                    columns=("vendor_id", "model_id", "serial"),
                    digest=digest(REGISTER),
                ),
            ),
            parameters={"audit_retention_days": 180},
            interval_s=3600,
        )
        self.enrolment = Enrolment(
            host=Host(id=HOST_ID, name="srv-1"),
            public_key=self.host.public.pem,
            key_id=self.host.key_id,
            unit="unit-1",
            zone="zone-1",
            enrolled=STARTED,
        )
        self.enrolment_request = EnrolmentRequest(
            host=Host(id=HOST_ID, name="srv-1"),
            public_key=self.host.public.pem,
            token_digest=sha256(b"token"),
            requested=STARTED,
        )

    def sealed_assignment(self, key: SigningKey | None = None, **changes: Any) -> bytes:
        named = msgspec.structs.replace(self.assignment, **changes)
        return dsse.seal(encode_statement((), named), key or self.server)

    def sealed_enrolment(self, key: SigningKey | None = None, **changes: Any) -> bytes:
        named = msgspec.structs.replace(self.enrolment, **changes)
        return dsse.seal(encode_statement((), named), key or self.server)

    def sealed_request(self, key: SigningKey | None = None) -> bytes:
        return dsse.seal(encode_statement((), self.enrolment_request), key or self.host)

    def report(self, sequence: int = 1, previous: str | None = None, **changes: Any) -> Report:
        report = Report(
            host=Host(id=HOST_ID, name="srv-1"),
            scan=Scan(
                id=f"{sequence:032x}",
                started=STARTED,
                ended=ENDED,
                clock=Clock(synchronised=True, offset_ms=3),
                trigger="manual",
            ),
            chain=Chain(
                sequence=sequence,
                previous=previous,
                boot_id="b",
                last_seen=None,
                interval_s=3600,
            ),
            assignment=Digest(sha256=payload_digest(self.sealed_assignment())),
            policies=self.assignment.policies,
            registers=self.assignment.registers,
            parameters=self.assignment.parameters,
            tables=tuple(
                TableEntry(
                    name=name,
                    version=1,
                    columns=columns,
                    row_count=len(rows),
                    condition=COMPLETE,
                    column_conditions={},
                    keys=(),
                    read_at=STARTED,
                )
                for name, (columns, rows) in TABLES.items()
            ),
            verdicts=(
                Verdict(
                    check="CEP-USB-003",
                    policy="cii-host",
                    verdict="fail",
                    reasons=(),
                    columns=("serial",),
                    rows=(("甲",),),
                    row_count=1,
                    rows_digest=digest(canonical.encode_table([("甲",)])),
                ),
            ),
            score=Score(
                pass_weight=0,
                applicable_weight=10,
                not_applicable_weight=0,
                evaluated=1,
                expected=1,
                oldest_fact=STARTED,
                grade="D",
            ),
            engine=Engine(anfang="0.1.0", sqlite="3.54.0", python="3.11.2"),
            agent=digest(b"agent"),
            view=View(uid=0, capabilities="0", namespaces={"pid": "1"}, hidepid="0", root="/"),
            cost=Cost(cpu_ms=1, wall_ms=2, peak_kib=3),
        )
        return msgspec.structs.replace(report, **changes)

    def sealed(self, report: Report, key: SigningKey | None = None) -> bytes:
        return dsse.seal(encode_statement(subjects(), report), key or self.host)

    def chain(self, length: int) -> list[bytes]:
        """The envelopes of the host's first `length` reports."""
        envelopes: list[bytes] = []
        previous = None
        for sequence in range(1, length + 1):
            envelopes.append(self.sealed(self.report(sequence, previous)))
            previous = payload_digest(envelopes[-1])
        return envelopes

    def parcel(self, *reports: bytes) -> Parcel:
        """`reports` (by default one) with all they rest on and their receipts."""
        envelopes = reports or tuple(self.chain(1))
        return Parcel(
            (self.sealed_enrolment(), self.sealed_assignment(), *envelopes),
            blobs(),
            {payload_digest(envelope): self.log.receive(envelope) for envelope in envelopes},
        )

    def parcel_of(self, **changes: Any) -> Parcel:
        """A parcel of one report that is otherwise than it should be."""
        return self.parcel(self.sealed(self.report(**changes)))


def payload_digest(envelope: bytes) -> str:
    return dsse.open_envelope(envelope).payload_digest


def table_bytes(name: str) -> bytes:
    return canonical.encode_table(TABLES[name][1])


def subjects() -> tuple[Subject, ...]:
    return tuple(Subject(name=f"tables/{n}", digest=digest(table_bytes(n))) for n in TABLES)


def blobs() -> dict[str, bytes]:
    contents = [POLICY, REGISTER, *(table_bytes(name) for name in TABLES)]
    return {sha256(data): data for data in contents}


def without_blob(parcel: Parcel, data: bytes) -> Parcel:
    return replace(parcel, blobs={d: b for d, b in parcel.blobs.items() if b != data})
