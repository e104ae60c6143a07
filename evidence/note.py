"""Signed notes: a text and signature lines below it (c2sp.org/signed-note), with Ed25519.

A signature line names its key by a name and four bytes of hash. Lines of other keys are allowed
and passed over, so that witnesses may add theirs.
"""

import binascii
import hashlib
import re
from dataclasses import dataclass

from evidence.errors import MalformedError, NotAuthenticError, UnknownSignerError
from evidence.keys import PublicKey, SigningKey

MAX_NOTE = 256 * 1024
"""The longest note that is read, in characters."""
MAX_SIGNATURES = 32

_ED25519 = b"\x01"
_HASH_LENGTH = 4
_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A signed text; that it could be opened says nothing about its signatures."""

    text: str
    """Ends in a line feed."""
    signatures: tuple[NoteSignature, ...]


def key_hash(name: str, key: PublicKey) -> bytes:
    """The four bytes by which signature lines name `key` under `name`."""
    named = name.encode("utf-8") + b"\n" + _ED25519 + key.raw
    return hashlib.sha256(named).digest()[:_HASH_LENGTH]


def verifier_key(name: str, key: PublicKey) -> str:
    """`key` in the one-line form that witnesses and monitors configure (vkey)."""
    check_name(name)
    encoded = encode_base64(_ED25519 + key.raw)
    return f"{name}+{key_hash(name, key).hex()}+{encoded}"


def sign(text: str, name: str, key: SigningKey) -> str:
    """The note in which `key`, under `name`, signs `text`, which ends in a line feed.

    Raises:
        MalformedError: the text or the name cannot stand in a note.
    """
    check_name(name)
    signature = key_hash(name, key.public) + key.sign(_encode(text))
    note = f"{text}\n{_MARK}{name} {encode_base64(signature)}\n"
    open_note(note)
    return note


def open_note(data: str) -> Note:
    """The text of the note `data` and its signature lines, none of them checked.

    Raises:
        MalformedError: not a note, or beyond the limits above.
    """
    if len(data) > MAX_NOTE:
        raise MalformedError(f"a note longer than {MAX_NOTE} characters")
    if _CONTROL.search(data):
        raise MalformedError("a note with a control character")
    _encode(data)
    text, separator, lines = data.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise MalformedError("a note without a blank line and signature lines below it")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise MalformedError(f"a note with more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", signatures)


def verify(note: Note, name: str, key: PublicKey) -> None:
    """Return if `key` signed `note` under `name`.

    Raises:
        UnknownSignerError: no line is by that name and key.
        NotAuthenticError: one is, and is wrong.
    """
    identity = (name, key_hash(name, key))
    lines = [line for line in note.signatures if (line.name, line.key_hash) == identity]
    if not lines:
        raise UnknownSignerError(f"the note is not signed by {name} with key {key.key_id}")
    for line in lines:
        try:
            key.verify(line.signature, _encode(note.text))
        except NotAuthenticError as e:
            raise NotAuthenticError(f"the note's signature is not that of {name}") from e


def encode_base64(data: bytes) -> str:
    """`data` in standard base64 with padding."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str) -> bytes:
    """What `encode_base64` wrote as `text`.

    Raises:
        MalformedError: base64 of another spelling, or none.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as e:
        raise MalformedError(f"damaged base64: {e}") from e
    if encode_base64(data) != text:
        raise MalformedError("base64 that is not canonical")
    return data


def _signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not separator:
        raise MalformedError("a signature line that is not: em dash, name, base64")
    check_name(name)
    data = decode_base64(encoded)
    if len(data) <= _HASH_LENGTH:
        raise MalformedError("a signature line without a signature")
    return NoteSignature(name, data[:_HASH_LENGTH], data[_HASH_LENGTH:])


def check_name(name: str) -> None:
    """Return if `name` can name a key in a note, and so a log.

    Raises:
        MalformedError: it is empty, or has a space, a line end or a plus.
    """
    if not name or "+" in name or any(character.isspace() for character in name):
        raise MalformedError(f"a key name that is empty, or has a space or a plus: {name!r}")


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as e:
        raise MalformedError(f"a note that is not Unicode: {e}") from e
