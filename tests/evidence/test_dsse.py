"""Envelopes: as the standard has them, in one spelling."""

import json
from typing import Any

import pytest
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import (  # type: ignore[attr-defined]  # in __init__, not __all__
    CryptoSigner,
    SSlibKey,
)

from evidence import canonical, dsse
from evidence.errors import EvidenceError, MalformedError, NotAuthenticError, UnknownSignerError
from evidence.keys import PublicKey
from tests.evidence.world import World

PAYLOAD = canonical.encode({"_type": "https://in-toto.io/Statement/v1", "名": "值"})


def other_key(public: PublicKey) -> SSlibKey:
    value = {"public": public.raw.hex()}
    return SSlibKey(public.key_id, "ed25519", "ed25519", value)


def test_securesystemslib_verifies_what_we_seal(world: World) -> None:
    """An independent implementation accepts our envelope, and not one of another key."""
    sealed = dsse.cosign(dsse.seal(PAYLOAD, world.host), world.server)
    other = OtherEnvelope.from_dict(json.loads(sealed))

    accepted = other.verify([other_key(world.host.public), other_key(world.server.public)], 2)

    assert accepted.keys() == {world.host.key_id, world.server.key_id}
    with pytest.raises(VerificationError):
        other.verify([other_key(world.stranger.public)], 1)


def test_we_verify_what_securesystemslib_seals() -> None:
    """An envelope that another implementation signed is verified, once it is spelt canonically."""
    signer = CryptoSigner.generate_ed25519()
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    other = OtherEnvelope(PAYLOAD, dsse.PAYLOAD_TYPE, {})
    other.sign(signer)

    opened = dsse.open_envelope(canonical.encode(other.to_dict()))

    keys = {signer.public_key.keyid: PublicKey(raw)}
    assert opened.payload == PAYLOAD
    assert dsse.verify(opened, keys) == signer.public_key.keyid
    assert dsse.pre_authentication_encoding(PAYLOAD) == other.pae()


def test_a_second_signature_leaves_the_payload_digest(world: World) -> None:
    """What chains and receipts name does not change, and either key verifies alone."""
    once = dsse.seal(PAYLOAD, world.host)
    twice = dsse.cosign(once, world.server)
    opened = dsse.open_envelope(twice)

    assert opened.payload_digest == dsse.open_envelope(once).payload_digest
    for key in (world.host, world.server):
        assert dsse.verify(opened, {key.key_id: key.public}) == key.key_id


def test_a_key_signs_once(world: World) -> None:
    """Two signatures by the same key are refused."""
    with pytest.raises(MalformedError, match="same key"):
        dsse.cosign(dsse.seal(PAYLOAD, world.host), world.host)


def test_unknown_and_wrong_are_told_apart(world: World) -> None:
    """Nobody known signed it, or someone known did not."""
    sealed = dsse.open_envelope(dsse.seal(PAYLOAD, world.host))
    forged = dsse.Envelope(PAYLOAD + b" ", sealed.signatures)
    known = {world.host.key_id: world.host.public}

    with pytest.raises(UnknownSignerError, match=world.host.key_id):
        dsse.verify(sealed, {world.server.key_id: world.server.public})
    with pytest.raises(NotAuthenticError):
        dsse.verify(forged, known)


def test_every_signature_of_a_known_key_must_be_right(world: World) -> None:
    """One right signature does not cover up a wrong one."""
    right = dsse.open_envelope(dsse.seal(PAYLOAD, world.host)).signatures[0]
    wrong = dsse.Signature(keyid=world.server.key_id, sig=right.sig)
    known = {key.key_id: key.public for key in (world.host, world.server)}

    with pytest.raises(NotAuthenticError):
        dsse.verify(dsse.Envelope(PAYLOAD, (right, wrong)), known)


def changed(envelope: bytes, **fields: Any) -> bytes:
    return canonical.encode({**json.loads(envelope), **fields})


def test_refuses_every_other_spelling(world: World) -> None:
    """Another type, no signature, too many, loose base64, unknown fields, white space."""
    sealed = dsse.seal(PAYLOAD, world.host)
    value = json.loads(sealed)
    signature = value["signatures"][0]
    many = [{**signature, "keyid": str(number)} for number in range(dsse.MAX_SIGNATURES + 1)]

    for wrong in (
        changed(sealed, payloadType="application/json"),
        changed(sealed, signatures=[]),
        changed(sealed, signatures=many),
        changed(sealed, signatures=[{**signature, "sig": signature["sig"][:-2]}]),
        changed(sealed, signatures=[{**signature, "sig": "A" * 20_000}]),
        changed(sealed, signatures=[{**signature, "cert": "x"}]),
        changed(sealed, payload="YR=="),
        changed(sealed, payload="YQ"),
        changed(sealed, payload="Y Q=="),
        changed(sealed, payload="_-=="),
        changed(sealed, extra=1),
        json.dumps(value).encode(),
        sealed + b"\n",
        b"[]",
        b"",
    ):
        with pytest.raises(EvidenceError):
            dsse.open_envelope(wrong)
    assert dsse.open_envelope(sealed).payload == PAYLOAD
