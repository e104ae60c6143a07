"""Units (单位), their tokens and their assignments, as they are kept."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from evidence.parcel import Parcel
from evidence.statement import Assignment, decode_statement, judged_by
from facts.pseudonym import KEY_BYTES, Pseudonym
from server import clock, log
from server import tokens as token_texts
from server.errors import UsageError
from server.store import envelopes
from server.store.schema import assignments, tokens, units

MAX_NAME = 100
"""The longest name of a unit or zone, in characters."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit whose hosts report here."""

    id: int
    name: str
    pseudonym: Pseudonym = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assigned:
    """The assignment in force for a unit."""

    digest: str
    serial: int
    interval_s: int


@dataclass(frozen=True, slots=True)
class Token:
    """An enrolment token, without its secret."""

    id: int
    unit: str
    zone: str
    uses: int
    used: int
    created_at: str
    expires_at: str
    revoked_at: str | None


def add(connection: Connection, name: str) -> None:
    """Add the unit `name`, with a new key for its pseudonyms.

    Raises:
        UsageError: there is one of that name, or it is no name.
    """
    check_name(name)
    try:
        connection.execute(
            insert(units).values(
                name=name,
                pseudonym_key=secrets.token_bytes(KEY_BYTES),
                created_at=clock.stamp(clock.now()),
            )
        )
    except IntegrityError as e:
        raise UsageError(f"单位 {name} 已存在", f"there is a unit {name} already") from e


def check_name(name: str) -> None:
    """Nothing, if `name` can be that of a unit or a zone.

    Raises:
        UsageError: it cannot.
    """
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        raise UsageError(
            f"名称应为 1 至 {MAX_NAME} 个可显示字符，首尾无空格：{name!r}",
            f"a name is 1 to {MAX_NAME} printable characters without spaces around: {name!r}",
        )


def get(connection: Connection, name: str) -> Unit:
    """The unit `name`.

    Raises:
        UsageError: there is none; the message names those there are.
    """
    row = connection.execute(select(units).where(units.c.name == name)).first()
    if row is None:
        known = ", ".join(connection.scalars(select(units.c.name).order_by(units.c.name))) or "-"
        raise UsageError(
            f"没有单位 {name!r}；已有：{known}", f"there is no unit {name!r}; there are: {known}"
        )
    return Unit(row.id, row.name, Pseudonym(row.pseudonym_key))


def create_token(
    connection: Connection,
    unit: Unit,
    *,
    zone: str,
    uses: int,
    lifetime: timedelta,
    ca_public_key: bytes,
) -> str:
    """A new enrolment token for `uses` hosts of `unit`; only its digest is kept."""
    check_name(zone)
    token = token_texts.create(ca_public_key)
    now = clock.now()
    connection.execute(
        insert(tokens).values(
            unit_id=unit.id,
            zone=zone,
            digest=token_texts.digest(token),
            uses=uses,
            used=0,
            created_at=clock.stamp(now),
            expires_at=clock.stamp(now + lifetime),
        )
    )
    return token


def list_tokens(connection: Connection) -> list[Token]:
    """All tokens, the newest first."""
    found = connection.execute(
        select(tokens, units.c.name.label("unit"))
        .join(units, units.c.id == tokens.c.unit_id)
        .order_by(tokens.c.id.desc())
    )
    return [
        Token(
            id=row.id,
            unit=row.unit,
            zone=row.zone,
            uses=row.uses,
            used=row.used,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in found
    ]


def revoke_token(connection: Connection, token_id: int) -> None:
    """Let no further host enrol with that token; those enrolled stay.

    Raises:
        UsageError: there is no such token.
    """
    result = connection.execute(
        update(tokens)
        .where(tokens.c.id == token_id)
        .values(revoked_at=func.coalesce(tokens.c.revoked_at, clock.stamp(clock.now())))
    )
    if result.rowcount == 0:
        raise UsageError(
            f"没有编号为 {token_id} 的注册码；用 token list 查看",
            f"there is no token {token_id}; see token list",
        )


def newest_assignments(connection: Connection, unit_ids: Iterable[int]) -> Mapping[int, Assigned]:
    """The assignment in force for each of the units that has one."""
    found = connection.execute(_NEWEST, {"unit_ids": list(unit_ids)})
    return {row.unit_id: Assigned(row.digest, row.serial, row.interval_s) for row in found}


_NEWEST = select(assignments).where(
    tuple_(assignments.c.unit_id, assignments.c.serial).in_(
        select(assignments.c.unit_id, func.max(assignments.c.serial))
        .where(assignments.c.unit_id.in_(bindparam("unit_ids", expanding=True)))
        .group_by(assignments.c.unit_id)
    )
)


def assignment_parcel(connection: Connection, digest: str) -> Parcel:
    """The assignment with that digest, what it names, and its receipt."""
    (envelope,) = envelopes.envelopes(connection, [digest]).values()
    assignment = read_assignment(connection, digest)
    return Parcel(
        envelopes=(envelope,),
        blobs=envelopes.blob_contents(connection, judged_by(assignment)),
        receipts=log.receipts(connection, [digest]),
    )


def read_assignment(connection: Connection, digest: str) -> Assignment:
    """The assignment with that digest."""
    return decode_statement(envelopes.payload(connection, digest), Assignment).predicate
