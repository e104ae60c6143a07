"""Receipts: the proof that a log received a payload, and when (c2sp.org/tlog-proof@v1).

The proof's `extra` line carries the leaf, so that a receipt is whole by itself; nothing in the
leaf is believed before the proof has bound it to a checkpoint of a log that is trusted.
"""

from dataclasses import dataclass

import msgspec

from evidence import canonical, checkpoint, merkle, note
from evidence.checkpoint import Checkpoint
from evidence.errors import MalformedError, NotAuthenticError
from evidence.keys import PublicKey
from evidence.statement import Wire

MAX_RECEIPT = note.MAX_NOTE + 16 * 1024
"""The longest receipt that is read, in characters."""
MAX_LEAF = 4096
"""The longest leaf, in bytes."""

_VERSION = "c2sp.org/tlog-proof@v1"
_MAX_PROOF = 63


class Leaf(Wire, frozen=True):
    """What the log says of one payload."""

    key_id: str
    """Whose signature the log checked when it received the payload."""
    payload_digest: str
    """SHA-256 of the payload, lower-case hex."""
    received_at: str
    """RFC 3339, UTC, whole seconds, by the server's clock."""


@dataclass(frozen=True)
class Receipt:
    """A leaf, its place in the log, and the way from it to a signed checkpoint."""

    index: int
    leaf: bytes
    """The canonical bytes of a `Leaf`: the log's entry."""
    checkpoint: str
    """A signed note, verbatim."""
    proof: tuple[bytes, ...]
    """The inclusion proof, the leaf's sibling first."""


@dataclass(frozen=True)
class Logged:
    """What a verified receipt shows."""

    leaf: Leaf
    index: int
    checkpoint: Checkpoint


def leaf(payload_digest: str, key_id: str, received_at: str) -> bytes:
    """The log's entry for a payload."""
    entry = Leaf(key_id=key_id, payload_digest=payload_digest, received_at=received_at)
    return canonical.encode(msgspec.to_builtins(entry))


def encode(receipt: Receipt) -> str:
    """`receipt` as the text that travels and is kept."""
    head = [
        _VERSION,
        f"extra {note.encode_base64(receipt.leaf)}",
        f"index {receipt.index}",
        *(note.encode_base64(node) for node in receipt.proof),
    ]
    return "\n".join(head) + "\n\n" + receipt.checkpoint


def decode(text: str) -> Receipt:
    """The receipt written as `text`; nothing in it is checked but its form.

    Raises:
        MalformedError: not such a proof, or beyond the limits above.
    """
    if len(text) > MAX_RECEIPT:
        raise MalformedError(f"a receipt longer than {MAX_RECEIPT} characters")
    head, separator, signed = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or len(lines) < 3 or lines[0] != _VERSION:  # noqa: PLR2004  # version, extra, index
        raise MalformedError(f"a receipt is a {_VERSION}: extra, index, hashes, checkpoint")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise MalformedError("a receipt without its extra (the leaf) and index lines")
    proof = tuple(note.decode_base64(line) for line in lines[3:])
    if len(proof) > _MAX_PROOF or any(len(node) != merkle.HASH_LENGTH for node in proof):
        raise MalformedError(f"an inclusion proof is at most {_MAX_PROOF} SHA-256 hashes")
    return Receipt(
        index=checkpoint.decode_number(lines[2].removeprefix("index ")),
        leaf=note.decode_base64(lines[1].removeprefix("extra ")),
        checkpoint=signed,
        proof=proof,
    )


def read_leaf(receipt: Receipt) -> Leaf:
    """What the leaf of `receipt` says; whether the log has it is not checked.

    Raises:
        NotCanonicalError, MalformedError: it is none.
    """
    return canonical.decode_as(receipt.leaf, _decoder, limit=MAX_LEAF)


def verify(
    receipt: Receipt, payload_digest: str, key_id: str, log: PublicKey, origin: str
) -> Logged:
    """What `receipt` shows of the payload that `key_id` signed, if the log `origin` with the key
    `log` gave it.

    Raises:
        NotCanonicalError, MalformedError: the leaf or the checkpoint is none.
        UnknownSignerError: it is another log's.
        NotAuthenticError: the checkpoint's signature or the proof is wrong, or the leaf is of
            another payload or key.
    """
    return verify_within(
        receipt, payload_digest, key_id, checkpoint.verify(receipt.checkpoint, log, origin)
    )


def verify_within(receipt: Receipt, payload_digest: str, key_id: str, head: Checkpoint) -> Logged:
    """As `verify`, where `head` is the receipt's checkpoint and has been verified already.

    Raises:
        NotCanonicalError, MalformedError: the leaf is none.
        NotAuthenticError: the proof is wrong, or the leaf is of another payload or key.
    """
    entry = read_leaf(receipt)
    if entry.payload_digest != payload_digest:
        raise NotAuthenticError(f"a receipt for {entry.payload_digest}, not {payload_digest}")
    if entry.key_id != key_id:
        raise NotAuthenticError(f"a receipt for what {entry.key_id} signed, not {key_id}")
    merkle.verify_inclusion(
        merkle.leaf_hash(receipt.leaf), receipt.index, head.size, receipt.proof, head.root
    )
    return Logged(entry, receipt.index, head)


_decoder = msgspec.json.Decoder(Leaf)
