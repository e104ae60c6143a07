"""Identifiers become keyed digests, the same on every side."""

import pytest

from facts.pseudonym import Pseudonym

KEY = bytes(range(32))


def test_is_the_keyed_digest_of_meaning_and_value() -> None:
    """The form is fixed, because registers and snapshots must agree across versions."""
    pseudonym = Pseudonym(KEY)

    assert pseudonym("device_serial", "4C530001") == "h:2867edcb6e32fe385cd1c2c220153c90"


def test_depends_on_key_and_meaning() -> None:
    """Another unit, or the same text as another identifier, gives another pseudonym."""
    pseudonym = Pseudonym(KEY)
    other_unit = Pseudonym(bytes(32))

    said = pseudonym("device_serial", "4C530001")

    assert said != other_unit("device_serial", "4C530001")
    assert said != pseudonym("mac", "4C530001")


def test_leaves_nothing_alone() -> None:
    """What was not there stays not there."""
    assert Pseudonym(KEY)("device_serial", "") == ""


def test_a_device_cannot_call_itself_by_a_pseudonym() -> None:
    """A serial number written like a pseudonym is digested again and equals no registered one."""
    pseudonym = Pseudonym(KEY)
    registered = pseudonym("device_serial", "4C530001")

    assert pseudonym("device_serial", registered) != registered


def test_does_not_show_its_key() -> None:
    """A key in a log line would undo every pseudonym."""
    assert KEY.hex() not in repr(Pseudonym(KEY))
    assert repr(KEY) not in repr(Pseudonym(KEY))


def test_refuses_a_short_key() -> None:
    """A truncated key file is an error, not a weaker digest."""
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonym(b"short")
