"""Parcels: one way to write them, and hostile ones are refused, soon."""

import time
from dataclasses import replace

import pytest

from evidence import canonical, parcel
from evidence.errors import EvidenceError, MalformedError, NotAuthenticError
from evidence.parcel import Parcel
from tests.evidence.world import World, sha256

LIMIT = 64 * 1024 * 1024
HEADER = b'{"parcel":"urn:anfang:parcel:v1"}\n'


def blob(data: bytes) -> bytes:
    item = {"kind": "blob", "sha256": sha256(data), "text": data.decode()}
    return canonical.encode(item) + b"\n"


def receipt(digest: str) -> bytes:
    return canonical.encode({"kind": "receipt", "payload_digest": digest, "proof": "p"}) + b"\n"


def lines(world: World) -> list[bytes]:
    return parcel.write(world.parcel(*world.chain(2))).splitlines(keepends=True)


def test_what_is_written_is_read(world: World) -> None:
    """Envelopes in their order, blobs with any text, receipts."""
    packed = world.parcel(*world.chain(3))
    odd = '空行\n\n\0\u2028\U0001f600"\\'.encode()
    packed = replace(packed, blobs={**packed.blobs, sha256(odd): odd, sha256(b""): b""})
    data = parcel.write(packed)

    read = parcel.read(data, limit=len(data))

    assert read == packed
    assert parcel.write(read) == data
    assert [envelope.payload_digest for envelope in read.opened] == [
        envelope.payload_digest for envelope in replace(packed).opened
    ]


def test_an_empty_parcel_is_its_first_line() -> None:
    """Nothing in it, and yet a parcel."""
    assert parcel.write(Parcel()) == HEADER
    assert parcel.read(HEADER, limit=100) == Parcel()


def test_the_order_of_blobs_and_receipts_does_not_show(world: World) -> None:
    """However a mapping is filled, the bytes are the same."""
    packed = world.parcel(*world.chain(2))
    shuffled = Parcel(
        packed.envelopes,
        dict(reversed([*packed.blobs.items()])),
        dict(reversed([*packed.receipts.items()])),
    )

    assert parcel.write(shuffled) == parcel.write(packed)


def test_every_other_order_is_refused(world: World) -> None:
    """Any two neighbouring lines exchanged; only envelopes among themselves have a free order."""
    written = lines(world)
    is_envelope = [line.startswith(b'{"envelope"') for line in written]

    for at in range(len(written) - 1):
        swapped = [*written[:at], written[at + 1], written[at], *written[at + 2 :]]
        if is_envelope[at] and is_envelope[at + 1]:
            parcel.read(b"".join(swapped), limit=LIMIT)
            continue
        with pytest.raises(MalformedError):
            parcel.read(b"".join(swapped), limit=LIMIT)


def test_every_line_twice_is_refused(world: World) -> None:
    """Neither an envelope nor a blob nor a receipt nor the header comes for a second time."""
    written = lines(world)

    for at in range(len(written)):
        doubled = [*written[: at + 1], written[at], *written[at + 1 :]]
        with pytest.raises(EvidenceError):
            parcel.read(b"".join(doubled), limit=LIMIT)


def test_a_blob_has_its_digest() -> None:
    """A text under another digest is refused, when written as when read."""
    false = blob(b"true").replace(b'"true"', b'"fals"')

    with pytest.raises(NotAuthenticError):
        parcel.read(HEADER + false, limit=LIMIT)
    with pytest.raises(NotAuthenticError):
        parcel.write(Parcel(blobs={"0" * 64: b"x"}))
    with pytest.raises(MalformedError):
        parcel.write(Parcel(blobs={sha256(b"\xff"): b"\xff"}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        HEADER[:-1],
        b"\xef\xbb\xbf" + HEADER,
        HEADER.replace(b"v1", b"v2"),
        HEADER + b"\n",
        HEADER + b"garbage\n",
        HEADER + b"trailing",
        HEADER + blob(b"x")[:-1],
        HEADER + blob(b"x") + b"\0",
        HEADER + blob(b"x").replace(b'{"kind', b'{ "kind'),
        HEADER + blob(b"x").replace(b'"x"', b'"\\u0078"'),
        HEADER + blob(b"x").replace(b'"x"}', b'"x","more":1}'),
        HEADER + blob(b"x").replace(b"blob", b"file"),
        HEADER + blob(b"x").replace(b"\n", b"\r\n"),
        HEADER + blob(b"x").replace(sha256(b"x").encode(), sha256(b"x").upper().encode()),
        HEADER + receipt("0" * 63),
        HEADER + receipt("../../etc/passwd"),
        HEADER + b'{"envelope":{},"kind":"envelope"}\n',
        HEADER + b'{"envelope":[],"kind":"envelope"}\n',
        HEADER + b'{"envelope":,"kind":"envelope"}\n',
        HEADER + b'{"envelope":"kind":"envelope"}\n',
    ],
)
def test_refuses_what_is_no_parcel(data: bytes) -> None:
    """Anything but canonical lines of the three kinds."""
    with pytest.raises(EvidenceError):
        parcel.read(data, limit=LIMIT)


def test_hostile_parcels_are_refused_soon(world: World) -> None:
    """A million items, a huge line, deep nesting, a long blob: each within its cap, and quickly."""
    envelope = world.chain(1)[0]
    nested = b"[" * 20_000_000
    hostile = {
        "items": HEADER + b"{}\n" * 1_000_000,
        "line": HEADER + b'{"kind":"blob","sha256":"' + b"0" * 30_000_000 + b'"}\n',
        "nesting": HEADER + nested + b"\n",
        "nested envelope": HEADER + b'{"envelope":' + nested + b',"kind":"envelope"}\n',
        "blob": HEADER + blob(b"x" * (parcel.MAX_BLOB + 1)),
        "same envelope": HEADER + (b'{"envelope":' + envelope + b',"kind":"envelope"}\n') * 9_000,
        "integer": HEADER + b"1" * 20_000_000 + b"\n",
        "blank lines": HEADER + b"\n" * 200_000,
    }
    began = time.monotonic()

    for data in hostile.values():
        with pytest.raises(EvidenceError):
            parcel.read(data, limit=LIMIT * 4)

    assert time.monotonic() - began < 10


def test_the_limit_is_that_of_the_caller() -> None:
    """One byte more than the caller allows is not looked at."""
    with pytest.raises(MalformedError, match="more than the 33"):
        parcel.read(HEADER, limit=len(HEADER) - 1)


def test_an_error_names_the_line(world: World) -> None:
    """So that whoever packed it finds what is wrong."""
    written = lines(world)
    written[3] = written[3].replace(b'"keyid"', b'"keyId"')

    with pytest.raises(EvidenceError, match="line 4"):
        parcel.read(b"".join(written), limit=LIMIT)
