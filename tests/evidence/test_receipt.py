"""Receipts: a tlog-proof that binds a payload, a key and a time to a log."""

from dataclasses import replace

import pytest

from evidence import receipt
from evidence.errors import EvidenceError, MalformedError, NotAuthenticError, UnknownSignerError
from evidence.receipt import Receipt
from tests.evidence.world import ORIGIN, RECEIVED, World, payload_digest


def received(world: World) -> tuple[str, Receipt]:
    """A payload digest and its receipt, somewhere in a log of eleven."""
    for number in range(5):
        world.log.append(b"before %d" % number)
    envelope = world.chain(1)[0]
    digest = payload_digest(envelope)
    index = world.log.append(receipt.leaf(digest, world.host.key_id, RECEIVED))
    for number in range(5):
        world.log.append(b"after %d" % number)
    return digest, receipt.decode(world.log.receipt(index))


def verify(world: World, given: Receipt, digest: str) -> receipt.Logged:
    return receipt.verify(given, digest, world.host.key_id, world.server.public, ORIGIN)


def test_a_receipt_shows_when_and_where(world: World) -> None:
    """It verifies, survives writing and reading, and tells the time and the index."""
    digest, given = received(world)
    shown = verify(world, receipt.decode(receipt.encode(given)), digest)

    assert shown.leaf.received_at == RECEIVED
    assert (shown.index, shown.checkpoint.size) == (5, 11)


def test_it_is_written_as_the_specification_says(world: World) -> None:
    """Version, extra, index, hashes, blank line, checkpoint verbatim."""
    _, given = received(world)
    lines = receipt.encode(given).split("\n")

    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    assert lines[3 + len(given.proof)] == ""
    assert receipt.encode(given).endswith("\n\n" + given.checkpoint)


def test_a_receipt_is_for_one_payload_one_key_and_one_log(world: World) -> None:
    """Another payload or key is false; another log is unknown."""
    digest, given = received(world)

    with pytest.raises(NotAuthenticError, match="a receipt for"):
        receipt.verify(given, "0" * 64, world.host.key_id, world.server.public, ORIGIN)
    with pytest.raises(NotAuthenticError, match="signed"):
        receipt.verify(given, digest, world.server.key_id, world.server.public, ORIGIN)
    with pytest.raises(UnknownSignerError):
        receipt.verify(given, digest, world.host.key_id, world.stranger.public, ORIGIN)
    with pytest.raises(UnknownSignerError):
        receipt.verify(given, digest, world.host.key_id, world.server.public, "other.example")


def test_no_part_can_be_exchanged(world: World) -> None:
    """The time in the leaf, the index, a hash, or a checkpoint of another size."""
    digest, given = received(world)
    earlier = receipt.leaf(digest, world.host.key_id, "2020-01-01T00:00:00Z")
    world.log.append(b"later")

    for wrong in (
        replace(given, leaf=earlier),
        replace(given, index=4),
        replace(given, index=11),
        replace(given, proof=given.proof[:-1]),
        replace(given, proof=(*given.proof, b"\0" * 32)),
        replace(given, proof=(b"\0" * 32, *given.proof[1:])),
        replace(given, checkpoint=world.log.checkpoint()),
    ):
        with pytest.raises(NotAuthenticError):
            verify(world, wrong, digest)


def test_a_leaf_is_no_node(world: World) -> None:
    """An inner node cannot be passed off as an entry: what hashes to it is no leaf of ours."""
    digest, given = received(world)
    inner = replace(given, leaf=world.log.node(0, 4) + world.log.node(0, 5), index=2)

    with pytest.raises(EvidenceError):
        verify(world, replace(inner, proof=given.proof[1:]), digest)


def test_refuses_other_spellings(world: World) -> None:
    """Another version, order, number, base64 or length."""
    _, given = received(world)
    text = receipt.encode(given)
    extra = text.split("\n")[1]

    for wrong in (
        "",
        text.replace("@v1", "@v2"),
        text.replace(extra + "\n", ""),
        text.replace("index 5", "index 05"),
        text.replace("index 5", "index  5"),
        text.replace("index 5", "index"),
        text.replace("index 5\n", "index 5\nAAAA\n"),
        text.replace("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 64),
        text.replace(extra, extra + "\n" + extra),
        text.replace("\n\n", "\n"),
        text.replace("\n", "\r\n"),
        text + "x" * receipt.MAX_RECEIPT,
    ):
        with pytest.raises(MalformedError):
            receipt.decode(wrong)
