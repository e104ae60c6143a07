"""Keys: Ed25519, one file each, named by the digest of their public half.

The cryptographic library is imported when a signature is made or checked, not before: a process
that only scans never pays for it.
"""

import binascii
import hashlib
import os
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from evidence import files
from evidence.errors import KeyFileError, MalformedError, NotAuthenticError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

MAX_KEY_FILE = 4096
"""The longest private key file that is read, in bytes."""

_SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 §4, always this DER)."""
_PKCS8_PREFIX = bytes.fromhex("302e020100300506032b657004220420")
"""PrivateKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 §7, without attributes)."""
_RAW_LENGTH = 32
_PEM_BEGIN = "-----BEGIN PUBLIC KEY-----"
_PEM_END = "-----END PUBLIC KEY-----"


@dataclass(frozen=True)
class PublicKey:
    """What checks signatures."""

    raw: bytes
    """The 32 bytes of RFC 8032."""

    @cached_property
    def key_id(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo in DER, lower-case hex."""
        return hashlib.sha256(_SPKI_PREFIX + self.raw).hexdigest()

    @property
    def pem(self) -> str:
        """SubjectPublicKeyInfo as PEM, ending in a line feed."""
        body = binascii.b2a_base64(_SPKI_PREFIX + self.raw, newline=False).decode("ascii")
        return f"{_PEM_BEGIN}\n{body}\n{_PEM_END}\n"

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return if `signature` is this key's over `data`.

        Raises:
            NotAuthenticError: it is not.
        """
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # see the module

        try:
            self._loaded.verify(signature, data)
        except InvalidSignature as e:
            raise NotAuthenticError(f"the signature is not that of key {self.key_id}") from e

    @cached_property
    def _loaded(self) -> "Ed25519PublicKey":
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

        return ed25519.Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True)
class SigningKey:
    """What makes signatures; it never shows its private half."""

    public: PublicKey
    _private: "Ed25519PrivateKey" = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """The key id of `public`."""
        return self.public.key_id

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of this key's signature over `data`."""
        return self._private.sign(data)


def create_key(path: Path) -> SigningKey:
    """Make a key and keep it at `path`: PKCS #8 PEM, mode 0600, on disk when this returns.

    Raises:
        KeyFileError: something is there already, or it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        files.write_new(path, pem, mode=0o600)
    except FileExistsError as e:
        raise KeyFileError(f"{path} exists; a key is never overwritten: move it away first") from e
    except OSError as e:
        raise KeyFileError(f"cannot write the key {path}: {e.strerror}") from e
    return _signing(private)


def load_key(path: Path) -> SigningKey:
    """The key kept at `path`.

    Raises:
        KeyFileError: missing, unreadable, not such a key, or open to group or others.
    """
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    pem = _read_private(path)
    raw = _raw_private(pem)
    if raw is not None:
        return _signing(ed25519.Ed25519PrivateKey.from_private_bytes(raw))
    return _signing(_load_any(path, pem))


def _raw_private(pem: bytes) -> bytes | None:
    """The 32 private bytes in `pem`, if it is written as `create_key` writes it.

    Reading that one form here spares every scan the import of the library's parsers.
    """
    lines = pem.split()
    if lines[:3] != [b"-----BEGIN", b"PRIVATE", b"KEY-----"] or len(lines) != 7:  # noqa: PLR2004  # begin, one line of base64, end
        return None
    try:
        der = binascii.a2b_base64(lines[3], strict_mode=True)
    except binascii.Error:
        return None
    if not der.startswith(_PKCS8_PREFIX) or len(der) != len(_PKCS8_PREFIX) + _RAW_LENGTH:
        return None
    return der[len(_PKCS8_PREFIX) :]


def _load_any(path: Path, pem: bytes) -> "Ed25519PrivateKey":
    """The key in `pem`, in whatever form of PKCS #8, or what is wrong with it."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        # The cause is not passed on: it may quote what was read.
        raise KeyFileError(f"{path} is not an unencrypted PKCS #8 PEM key") from e
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise KeyFileError(f"{path} is not an Ed25519 key")
    return private


def public_key(pem: str) -> PublicKey:
    """The Ed25519 key in `pem`, a SubjectPublicKeyInfo; text before it is skipped (RFC 7468 §2).

    Raises:
        MalformedError: it is no such key, or is followed or written by anything else than the
            one form that `PublicKey.pem` has.
    """
    start = pem.find(_PEM_BEGIN)
    block = pem[start:].strip().split("\n") if start >= 0 else []
    if len(block) != 3 or block[2] != _PEM_END:  # noqa: PLR2004  # begin, one line of base64, end
        raise MalformedError("not one Ed25519 public key in PEM (BEGIN PUBLIC KEY)")
    try:
        der = binascii.a2b_base64(block[1], strict_mode=True)
    except (binascii.Error, ValueError) as e:
        raise MalformedError("a public key whose base64 is damaged") from e
    if not der.startswith(_SPKI_PREFIX) or len(der) != len(_SPKI_PREFIX) + _RAW_LENGTH:
        raise MalformedError("a public key, but not an Ed25519 one")
    key = PublicKey(der[len(_SPKI_PREFIX) :])
    if key.pem.split("\n")[1] != block[1]:
        raise MalformedError("a public key whose base64 is not canonical")
    return key


def _signing(private: "Ed25519PrivateKey") -> SigningKey:
    return SigningKey(PublicKey(private.public_key().public_bytes_raw()), private)


def _read_private(path: Path) -> bytes:
    """The bytes of the key file `path`, which must be closed to everyone but its owner."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as e:
        raise KeyFileError(f"cannot read the key {path}: {e.strerror}") from e
    try:
        # Asked of the open file, so that it cannot be exchanged between the look and the read.
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileError(f"{path} is not a regular file")
        if mode & 0o077:
            raise KeyFileError(
                f"{path} is open to others (mode {stat.S_IMODE(mode):04o}): chmod 600 {path}"
            )
        data = os.read(descriptor, MAX_KEY_FILE + 1)
    except OSError as e:
        raise KeyFileError(f"cannot read the key {path}: {e.strerror}") from e
    finally:
        os.close(descriptor)
    if len(data) > MAX_KEY_FILE:
        raise KeyFileError(f"{path} is longer than a key")
    return data
