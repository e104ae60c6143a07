"""People sign in with a password, and stay signed in for a shift."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from server import clock, people, service
from server.errors import UsageError
from server.store.engine import Store
from server.store.schema import people as rows
from server.store.schema import sessions


@pytest.fixture
def store(data: Path) -> Store:
    """A store with the person `li`, password `correct horse`."""
    opened = service.open_service(data).store
    with opened.write() as connection:
        people.create_person(connection, "li", "correct horse", "operator")
    return opened


def test_the_right_password_lets_in(store: Store) -> None:
    """And no other does, for no other name."""
    right = people.authenticate(store, "li", "correct horse")

    assert right is not None
    assert (right.name, right.role) == ("li", "operator")
    assert people.authenticate(store, "li", "wrong") is None
    assert people.authenticate(store, "nobody", "correct horse") is None
    assert people.authenticate(store, "li", "") is None


def test_a_session_is_found_by_its_secret(store: Store) -> None:
    """The cookie's secret opens it until it is closed; the store does not hold the secret."""
    person = people.authenticate(store, "li", "correct horse")
    assert person is not None
    secret = people.open_session(store, person)

    found = people.session(store, secret)
    with store.read() as connection:
        kept = connection.scalar(select(sessions.c.digest))
    people.close_session(store, secret)

    assert found is not None
    assert found.person == person
    assert kept != secret
    assert people.session(store, secret) is None
    assert people.session(store, "made up") is None


def test_a_session_ends(store: Store) -> None:
    """After a shift it is gone, and is swept out when the next one opens."""
    person = people.authenticate(store, "li", "correct horse")
    assert person is not None
    secret = people.open_session(store, person)
    past = clock.stamp(clock.now() - timedelta(seconds=1))
    with store.write() as connection:
        connection.execute(update(sessions).values(expires_at=past))

    expired = people.session(store, secret)
    people.open_session(store, person)

    assert expired is None
    with store.read() as connection:
        assert len(connection.execute(select(sessions)).all()) == 1


def test_a_disabled_person_is_out(store: Store) -> None:
    """At once, also where already signed in."""
    person = people.authenticate(store, "li", "correct horse")
    assert person is not None
    secret = people.open_session(store, person)
    with store.write() as connection:
        connection.execute(update(rows).values(disabled_at=clock.stamp(clock.now())))

    assert people.session(store, secret) is None
    assert people.authenticate(store, "li", "correct horse") is None


def test_a_new_password_ends_all_sessions(store: Store) -> None:
    """Whoever knew the old one is out."""
    person = people.authenticate(store, "li", "correct horse")
    assert person is not None
    secret = people.open_session(store, person)

    with store.write() as connection:
        people.set_password(connection, "li", "another")

    assert people.session(store, secret) is None
    assert people.authenticate(store, "li", "another") == person
    with store.write() as connection, pytest.raises(UsageError, match="no person"):
        people.set_password(connection, "nobody", "x")


def test_a_name_is_taken_once(store: Store) -> None:
    """A second person of the name is refused."""
    with store.write() as connection, pytest.raises(UsageError, match="already"):
        people.create_person(connection, "li", "x", "operator")


def test_passwords_are_kept_as_argon2id(store: Store) -> None:
    """What lies in the store cannot be tried out cheaply."""
    with store.read() as connection:
        kept = set(connection.scalars(select(rows.c.password)))

    assert all(password.startswith("$argon2id$") for password in kept)
