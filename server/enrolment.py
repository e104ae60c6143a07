"""Enrolment (纳管): a token and a key that a host has just made become an enrolled host.

The host signs its request with the new key, and the token travels beside it. Both what it asked
and what it got are logged. Asking again with the same key and token, after an answer got lost,
gets the same answer and uses nothing up.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from evidence import dsse, keys
from evidence.dsse import Envelope
from evidence.errors import EvidenceError
from evidence.keys import PublicKey
from evidence.parcel import Parcel
from evidence.statement import (
    ENROLMENT,
    ENROLMENT_REQUEST,
    Digest,
    Enrolment,
    EnrolmentRequest,
    Subject,
    decode_statement,
    encode_statement,
)
from server import clock, ingest, log, tokens, units
from server.delivery import is_host_id
from server.errors import RefusedError
from server.log import Entry, Log
from server.store import envelopes, schema
from server.store.schema import hosts

MAX_BODY = 64 * 1024
"""The longest enrolment request, in bytes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A host that asks to be enrolled, its own signature checked, its token not yet."""

    envelope: Envelope
    said: EnrolmentRequest
    key: PublicKey
    token_digest: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the host gets."""

    parcel: Parcel
    host_id: str
    unit: str
    new: bool
    """Whether it was not enrolled before."""
    unit_key: bytes = field(repr=False)


def examine(sent: Parcel, token: str) -> Request:
    """The request in the parcel `sent`, with the `token` that came beside it.

    Raises:
        RefusedError: it is none, is not signed with its own key, or is about another token.
    """
    if not tokens.well_formed(token):
        raise RefusedError(
            401,
            "token_malformed",
            "注册码格式不对，应形如 anf1.….…，请完整拷贝",
            "not an enrolment token (anf1.….…); copy all of it",
        )
    try:
        (envelope,) = sent.opened
        said = decode_statement(envelope.payload, EnrolmentRequest).predicate
        key = keys.public_key(said.public_key)
        dsse.verify(envelope, {key.key_id: key})
    except (EvidenceError, ValueError) as e:
        raise _broken(str(e)) from e
    if not is_host_id(said.host.id) or not 0 < len(said.host.name) <= 255:  # noqa: PLR2004  # longest name of a host
        raise _broken("a host id is 32 hex digits and a host name 1 to 255 characters")
    digest = tokens.digest(token)
    if said.token_digest != digest:
        raise _broken("it names another token than the one beside it")
    return Request(envelope, said, key, digest)


def enrol(connection: Connection, logbook: Log, request: Request, now: datetime) -> Enrolled:
    """Enrol the host that sent `request`.

    Raises:
        RefusedError: the token does not hold, or the host is enrolled under another key.
    """
    # Found by its digest, so that how long this takes tells nothing about any token.
    token = connection.execute(
        select(schema.tokens, schema.units.c.name.label("unit"), schema.units.c.pseudonym_key)
        .join(schema.units, schema.units.c.id == schema.tokens.c.unit_id)
        .where(schema.tokens.c.digest == request.token_digest)
    ).first()
    if token is None:
        raise RefusedError(
            403,
            "token_unknown",
            "注册码无效；请核对或向管理员重新索取",
            "this token is not one of ours; check it, or ask the administrator for a new one",
        )
    existing = connection.execute(
        select(hosts).where(
            or_(hosts.c.id == request.said.host.id, hosts.c.key_id == request.key.key_id)
        )
    ).first()
    if existing is not None:
        if (existing.id, existing.key_id, existing.token_id) != (
            request.said.host.id,
            request.key.key_id,
            token.id,
        ):
            raise RefusedError(
                409,
                "host_known",
                "该主机或密钥已经纳管；重装系统的主机须以新的状态目录重新纳管",
                "this host or key is enrolled already; a reinstalled host enrols from a new state "
                "directory",
            )
        receipts_of = (existing.enrolment, request.envelope.payload_digest)
    else:
        _check(token, now)
        receipts_of = _store(connection, logbook, request, token, now)
    return Enrolled(
        parcel=_reply(connection, token.unit_id, receipts_of),
        host_id=request.said.host.id,
        unit=token.unit,
        new=existing is None,
        unit_key=token.pseudonym_key,
    )


def _check(token: Row[Any], now: datetime) -> None:
    """Nothing, if one more host may enrol with `token`."""
    if token.revoked_at is not None:
        raise RefusedError(
            403,
            "token_revoked",
            "注册码已被撤销；请向管理员重新索取",
            "this token was revoked; ask the administrator for a new one",
        )
    if token.expires_at <= clock.stamp(now):
        raise RefusedError(
            403,
            "token_expired",
            "注册码已过期；请向管理员重新索取",
            "this token has expired; ask the administrator for a new one",
            expired_at=token.expires_at,
        )
    if token.used >= token.uses:
        raise RefusedError(
            403,
            "token_used_up",
            f"注册码可用 {token.uses} 次，已用完；请向管理员重新索取",
            f"this token was good for {token.uses} hosts and is used up; ask the administrator "
            "for a new one",
        )


def _store(
    connection: Connection,
    logbook: Log,
    request: Request,
    token: Row[Any],
    now: datetime,
) -> tuple[str, str]:
    """Store and log the request and the enrolment; the digests of enrolment and request."""
    enrolled_at = clock.stamp(now)
    enrolment = Enrolment(
        host=request.said.host,
        public_key=request.key.pem,
        key_id=request.key.key_id,
        unit=token.unit,
        zone=token.zone,
        enrolled=enrolled_at,
    )
    assigned = units.newest_assignments(connection, [token.unit_id]).get(token.unit_id)
    subject = Subject(
        name=f"hosts/{request.said.host.id}", digest=Digest(sha256=request.key.key_id)
    )
    payload = encode_statement((subject,), enrolment)
    issued = dsse.open_envelope(dsse.seal(payload, logbook.key))
    log.append(
        connection,
        logbook,
        [
            Entry.of(request.envelope, ENROLMENT_REQUEST, request.key.key_id),
            Entry.of(issued, ENROLMENT, logbook.key.key_id),
        ],
        enrolled_at,
    )
    connection.execute(
        insert(hosts).values(
            id=request.said.host.id,
            name=request.said.host.name,
            unit_id=token.unit_id,
            zone=token.zone,
            key_id=request.key.key_id,
            public_key=request.key.pem,
            enrolment=issued.payload_digest,
            token_id=token.id,
            enrolled_at=enrolled_at,
            head_sequence=0,
            last_sequence=0,
            due_at=ingest.due_at(now, assigned.interval_s if assigned else None),
        )
    )
    connection.execute(
        update(schema.tokens)
        .where(schema.tokens.c.id == token.id)
        .values(used=schema.tokens.c.used + 1)
    )
    return issued.payload_digest, request.envelope.payload_digest


def _reply(connection: Connection, unit_id: int, receipts_of: tuple[str, str]) -> Parcel:
    """The enrolment, then the assignment with what it names, and receipts of all."""
    (enrolment,) = envelopes.envelopes(connection, receipts_of[:1]).values()
    receipts = log.receipts(connection, receipts_of)
    assigned = units.newest_assignments(connection, [unit_id]).get(unit_id)
    if assigned is None:
        return Parcel(envelopes=(enrolment,), receipts=receipts)
    assignment = units.assignment_parcel(connection, assigned.digest)
    return Parcel(
        envelopes=(enrolment, *assignment.envelopes),
        blobs=assignment.blobs,
        receipts={**receipts, **assignment.receipts},
    )


def _broken(why: str) -> RefusedError:
    return RefusedError(
        400,
        "enrolment_broken",
        "纳管请求不符合规定，应为恰好一份由新密钥签名的纳管申请",
        f"not an enrolment request, one and signed with its own new key: {why}",
    )
