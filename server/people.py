"""Who may look: people, their passwords and their sessions.

Passwords are argon2id digests. A session is a row here and a random secret in a cookie; the row
holds only the secret's digest, so that reading the database lets nobody in.
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from server import clock
from server.errors import UsageError
from server.store.engine import Store
from server.store.schema import people, sessions

ADMINISTRATOR: Final = "administrator"

SESSION = timedelta(hours=12)
"""How long a session lasts: a shift."""

MAX_PASSWORD = 1024
"""The longest password that is looked at, in characters."""

_hasher = PasswordHasher()
_seats = threading.BoundedSemaphore(2)
"""One comparison takes 64 MiB and a tenth of a second: more at once would be a way to stop us."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    id: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in."""

    person: Person
    expires_at: str
    form_key: bytes = field(repr=False)
    """A key of this session alone, for tokens against forged forms."""


def random_password() -> str:
    """A password of 120 random bits, in groups that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(6)) for _ in range(4))


def create_person(connection: Connection, name: str, password: str, role: str) -> int:
    """Let `name` sign in with `password`; the number of the new person.

    Raises:
        UsageError: there is a person of that name already.
    """
    try:
        created: int = connection.execute(
            insert(people)
            .values(
                name=name,
                role=role,
                password=_hasher.hash(password),
                created_at=clock.stamp(clock.now()),
            )
            .returning(people.c.id)
        ).scalar_one()
    except IntegrityError as e:
        raise UsageError(f"用户 {name} 已存在", f"there is a person {name} already") from e
    return created


def set_password(connection: Connection, name: str, password: str) -> None:
    """Give `name` a new password and end all of that person's sessions.

    Raises:
        UsageError: there is no such person.
    """
    found = connection.scalar(select(people.c.id).where(people.c.name == name))
    if found is None:
        raise UsageError(f"没有用户 {name}", f"there is no person {name}")
    connection.execute(
        update(people).where(people.c.id == found).values(password=_hasher.hash(password))
    )
    connection.execute(delete(sessions).where(sessions.c.person_id == found))


def authenticate(store: Store, name: str, password: str) -> Person | None:
    """The person `name`, if `password` is right; takes about a tenth of a second either way."""
    with store.read() as connection:
        row = connection.execute(
            select(people).where(people.c.name == name, people.c.disabled_at.is_(None))
        ).first()
    with _seats:
        try:
            _hasher.verify(row.password if row else _nobody(), password[:MAX_PASSWORD])
        except VerifyMismatchError:
            return None
    return Person(row.id, row.name, row.role) if row else None


def open_session(store: Store, person: Person) -> str:
    """Sign `person` in; the secret that goes into the cookie. Expired sessions are swept out."""
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    with store.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires_at <= clock.stamp(now)))
        connection.execute(
            insert(sessions).values(
                digest=_digest(secret),
                person_id=person.id,
                form_key=secrets.token_bytes(32),
                created_at=clock.stamp(now),
                expires_at=clock.stamp(now + SESSION),
            )
        )
    return secret


def session(store: Store, secret: str) -> Session | None:
    """The session whose cookie holds `secret`, unless it expired or the person was disabled.

    It is found by the digest of the secret, so that comparing tells nothing about the secret.
    """
    with store.read() as connection:
        row = connection.execute(
            select(
                sessions.c.expires_at,
                sessions.c.form_key,
                people.c.id,
                people.c.name,
                people.c.role,
            )
            .join(people, people.c.id == sessions.c.person_id)
            .where(
                sessions.c.digest == _digest(secret),
                sessions.c.expires_at > clock.stamp(clock.now()),
                people.c.disabled_at.is_(None),
            )
        ).first()
    if row is None:
        return None
    return Session(Person(row.id, row.name, row.role), row.expires_at, row.form_key)


def close_session(store: Store, secret: str) -> None:
    """Sign out; a second time does nothing."""
    with store.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.digest == _digest(secret)))


@cache
def _nobody() -> str:
    """Compared with when there is no such person, so that both answers take equally long."""
    return _hasher.hash(secrets.token_urlsafe())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
