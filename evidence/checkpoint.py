"""Checkpoints: how large a log was and what its root, signed by it (c2sp.org/tlog-checkpoint).

The name of the log's key is its origin. Extension lines are carried and mean nothing here.
"""

from dataclasses import dataclass

from evidence import merkle, note
from evidence.errors import MalformedError, UnknownSignerError
from evidence.keys import PublicKey, SigningKey

_LINES = 3
_MAX_DIGITS = 19


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log."""

    origin: str
    """Which log: a schema-less URL that need not be reachable."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The note in which the log's `key` signs `checkpoint`.

    Raises:
        MalformedError: a field that cannot stand in a checkpoint.
    """
    text = "\n".join(
        (
            checkpoint.origin,
            str(checkpoint.size),
            note.encode_base64(checkpoint.root),
            *checkpoint.extensions,
            "",
        )
    )
    if _parse(text) != checkpoint:
        raise MalformedError("a checkpoint with a line end in a line")
    return note.sign(text, checkpoint.origin, key)


def read(data: str) -> Checkpoint:
    """What the note `data` says, whoever signed it: to find out whose it claims to be.

    Raises:
        MalformedError: not a checkpoint.
    """
    return _parse(note.open_note(data).text)


def verify(data: str, log: PublicKey, origin: str) -> Checkpoint:
    """The checkpoint in the note `data`, which the log `origin` signed with the key `log`.

    Raises:
        MalformedError: not a checkpoint.
        UnknownSignerError: another log's, or not signed with that key.
        NotAuthenticError: its signature is wrong.
    """
    opened = note.open_note(data)
    checkpoint = _parse(opened.text)
    if checkpoint.origin != origin:
        raise UnknownSignerError(f"a checkpoint of {checkpoint.origin}, not of {origin}")
    note.verify(opened, origin, log)
    return checkpoint


def decode_number(text: str) -> int:
    """The size or index written as `text`: decimal, no leading zeros, below 2^63.

    Raises:
        MalformedError: any other spelling.
    """
    # The length first: turning text into a number takes longer than its length.
    if len(text) > _MAX_DIGITS or not (text.isascii() and text.isdecimal()):
        raise MalformedError("a number that is not decimal")
    number = int(text)
    if str(number) != text or number > merkle.MAX_SIZE:
        raise MalformedError("a number with leading zeros, or not below 2^63")
    return number


def _parse(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _LINES or not all(lines):
        raise MalformedError("a checkpoint is origin, size and root, each on a line")
    origin, size, root, *extensions = lines
    root_hash = note.decode_base64(root)
    if len(root_hash) != merkle.HASH_LENGTH:
        raise MalformedError("a checkpoint whose root is not a SHA-256 hash")
    return Checkpoint(origin, decode_number(size), root_hash, tuple(extensions))
