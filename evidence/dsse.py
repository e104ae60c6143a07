"""Envelopes: a payload and who signed it (DSSE v1, https://github.com/secure-systems-lab/dsse).

Narrower than the standard lets it be: one payload type, canonical JSON, standard base64 with
padding, at least one signature, each by another key. The identity of what is enveloped is the
digest of the payload; a further signature changes the envelope, never that digest.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import msgspec

from evidence import canonical
from evidence.errors import MalformedError, UnknownSignerError
from evidence.keys import PublicKey, SigningKey
from evidence.statement import MAX_PAYLOAD, Wire

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

MAX_SIGNATURES = 16
MAX_SIGNATURE = 8192
"""Bytes of one signature: room for post-quantum ones."""
MAX_ENVELOPE = MAX_PAYLOAD * 4 // 3 + MAX_SIGNATURES * 16384
"""The longest envelope that is read, in bytes."""


class Signature(Wire, frozen=True):
    """One key's signature over the pre-authentication encoding of the payload."""

    keyid: str
    sig: bytes


class _Wire(Wire, frozen=True):
    payload: bytes
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815  # named by DSSE
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Envelope:
    """A signed payload; that it could be opened says nothing about its signatures."""

    payload: bytes
    signatures: tuple[Signature, ...]

    @cached_property
    def payload_digest(self) -> str:
        """SHA-256 of the payload, lower-case hex: what `previous` and receipts name."""
        return hashlib.sha256(self.payload).hexdigest()


def seal(payload: bytes, key: SigningKey) -> bytes:
    """The canonical bytes of an envelope in which `key` signs `payload`."""
    return write(Envelope(payload, (_signature(payload, key),)))


def cosign(envelope: bytes, key: SigningKey) -> bytes:
    """`envelope` with a further signature, by `key`.

    Raises:
        NotCanonicalError, MalformedError: it is no envelope, or that key has signed it already.
    """
    opened = open_envelope(envelope)
    signed = (*opened.signatures, _signature(opened.payload, key))
    data = write(Envelope(opened.payload, signed))
    open_envelope(data)
    return data


def open_envelope(data: bytes) -> Envelope:
    """The envelope whose canonical bytes are `data`; its signatures are not checked.

    Raises:
        NotCanonicalError: not canonical JSON or base64, or longer than `MAX_ENVELOPE`.
        MalformedError: no envelope, no or too many signatures, two by the same key, another
            payload type.
    """
    wire = canonical.decode_as(data, _decoder, limit=MAX_ENVELOPE)
    if len(wire.payload) > MAX_PAYLOAD:
        raise MalformedError(f"a payload longer than {MAX_PAYLOAD} bytes")
    if not 0 < len(wire.signatures) <= MAX_SIGNATURES:
        raise MalformedError(f"{len(wire.signatures)} signatures, not 1 to {MAX_SIGNATURES}")
    if len({signature.keyid for signature in wire.signatures}) != len(wire.signatures):
        raise MalformedError("two signatures by the same key")
    if any(len(signature.sig) > MAX_SIGNATURE for signature in wire.signatures):
        raise MalformedError(f"a signature longer than {MAX_SIGNATURE} bytes")
    return Envelope(wire.payload, wire.signatures)


def write(envelope: Envelope) -> bytes:
    """The canonical bytes of `envelope`, which `open_envelope` reads."""
    wire = _Wire(payload=envelope.payload, payloadType=PAYLOAD_TYPE, signatures=envelope.signatures)
    return canonical.encode(msgspec.to_builtins(wire))


def verify(envelope: Envelope, keys: Mapping[str, PublicKey]) -> str:
    """The id of the first key of `keys` that signed `envelope`.

    Every signature whose key is among `keys` must be right, not only the first.

    Raises:
        NotAuthenticError: a known key's signature is wrong.
        UnknownSignerError: no signature is by a known key.
    """
    signers = verified_signers(envelope, keys)
    if not signers:
        named = ", ".join(signature.keyid for signature in envelope.signatures)
        raise UnknownSignerError(f"signed by nobody known here: {named}")
    return signers[0]


def verified_signers(envelope: Envelope, keys: Mapping[str, PublicKey]) -> tuple[str, ...]:
    """The ids of all keys of `keys` that signed `envelope`, in its order; perhaps none.

    Raises:
        NotAuthenticError: a known key's signature is wrong.
    """
    encoding = pre_authentication_encoding(envelope.payload)
    known = tuple(s for s in envelope.signatures if s.keyid in keys)
    for signature in known:
        keys[signature.keyid].verify(signature.sig, encoding)
    return tuple(signature.keyid for signature in known)


def pre_authentication_encoding(payload: bytes) -> bytes:
    """What is signed (PAE): the payload with its type and both lengths."""
    return b"DSSEv1 %d %b %d %b" % (
        len(PAYLOAD_TYPE),
        PAYLOAD_TYPE.encode("ascii"),
        len(payload),
        payload,
    )


_decoder = msgspec.json.Decoder(_Wire)


def _signature(payload: bytes, key: SigningKey) -> Signature:
    return Signature(keyid=key.key_id, sig=key.sign(pre_authentication_encoding(payload)))
