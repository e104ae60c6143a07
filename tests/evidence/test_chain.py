"""Chains: what is missing, doubled or false is told with its place."""

import random

from evidence import chain
from evidence.chain import Fault, Link, Stretch
from evidence.statement import Chain

KEY, OTHER = "a" * 64, "b" * 64


def link(sequence: int, previous: str | None, name: str = "", key_id: str = KEY) -> Link:
    """A link whose digest is its sequence and `name`."""
    said = Chain(sequence=sequence, previous=previous, boot_id="b", last_seen=None, interval_s=None)
    return Link(f"{sequence}{name}", said, key_id)


def straight(first: int, last: int, key_id: str = KEY) -> list[Link]:
    return [
        link(number, str(number - 1) if number > 1 else None, key_id=key_id)
        for number in range(first, last + 1)
    ]


def test_no_links_are_an_empty_chain() -> None:
    """And not an unbroken one."""
    assert chain.examine([]).state == "empty"


def test_a_straight_chain_is_unbroken_in_any_order() -> None:
    """Also when a report comes twice."""
    links = [*straight(1, 20), *straight(3, 5)]
    random.Random(7).shuffle(links)

    examined = chain.examine(links)

    assert examined.state == "unbroken"
    assert examined.stretches == (Stretch(KEY, 1, 20),)


def test_a_part_says_where_it_begins() -> None:
    """An excerpt is not held against the host."""
    examined = chain.examine(straight(57, 60))

    assert examined.state == "unbroken"
    assert examined.stretches == (Stretch(KEY, 57, 60),)


def test_a_gap_names_what_is_missing() -> None:
    """First and last missing sequence."""
    examined = chain.examine([*straight(1, 3), *straight(7, 8)])

    assert examined.state == "gap"
    assert examined.faults == (Fault("gap", KEY, 4, 6),)


def test_a_fork_is_two_reports_in_one_place() -> None:
    """Either side may go on; the place is named once."""
    examined = chain.examine([*straight(1, 3), link(3, "2", "x"), link(4, "3x")])

    assert examined.state == "fork"
    assert examined.faults == (Fault("fork", KEY, 3, 3),)


def test_a_chain_is_broken_where_a_link_is_false() -> None:
    """Another predecessor than the one here, none where there must be one, one before the first."""
    for wrong in (link(3, "other"), link(3, None)):
        examined = chain.examine([*straight(1, 2), wrong, link(4, "3")])

        assert examined.state == "broken"
        assert examined.faults == (Fault("broken", KEY, 3, 3),)

    for wrong in (link(1, "0"), link(0, None), link(-1, None), link(9, None)):
        assert chain.examine([wrong]).state == "broken"


def test_each_key_has_its_own_chain() -> None:
    """A new key begins at 1, and its faults are its own."""
    examined = chain.examine([*straight(1, 3), *straight(1, 2, OTHER), *straight(4, 4, OTHER)])

    assert examined.stretches == (Stretch(KEY, 1, 3), Stretch(OTHER, 1, 4))
    assert examined.faults == (Fault("gap", OTHER, 3, 3),)


def test_the_worst_gives_the_state() -> None:
    """Broken before forked before gapped."""
    gap, fork = straight(7, 8), [link(3, "2", "x")]

    assert chain.examine([*straight(1, 3), *gap, *fork]).state == "fork"
    assert chain.examine([*straight(1, 3), *gap, *fork, link(2, "x", "y")]).state == "broken"
