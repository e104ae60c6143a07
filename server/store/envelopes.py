"""How signed statements and blobs lie in the store: compressed, and rebuilt byte for byte."""

import zlib
from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Connection, select

from evidence import canonical, dsse
from evidence.dsse import Envelope, Signature
from server.store.schema import blobs, statements

_LEVEL = 1
"""Reports shrink to a fifth at the fastest level; a better one costs more time than it saves."""

_signatures = msgspec.json.Decoder(tuple[Signature, ...])


def pack(data: bytes) -> bytes:
    """`data` as it lies in the store."""
    return zlib.compress(data, _LEVEL)


def unpack(data: bytes) -> bytes:
    """What `pack` was given; only for what this server stored itself."""
    return zlib.decompress(data)


def pack_signatures(envelope: Envelope) -> bytes:
    """The signatures of `envelope` as they lie in the store."""
    return canonical.encode(msgspec.to_builtins(envelope.signatures))


def envelope(payload: bytes, signatures: bytes) -> bytes:
    """The envelope of a stored payload and its stored signatures, as it was received."""
    return dsse.write(Envelope(unpack(payload), _signatures.decode(signatures)))


def envelopes(connection: Connection, digests: Iterable[str]) -> Mapping[str, bytes]:
    """The envelopes of the statements with these payload digests."""
    found = connection.execute(
        select(statements.c.digest, statements.c.payload, statements.c.signatures).where(
            statements.c.digest.in_(list(digests))
        )
    )
    return {row.digest: envelope(row.payload, row.signatures) for row in found}


def payload(connection: Connection, digest: str) -> bytes | None:
    """The payload with this digest."""
    found = connection.scalar(select(statements.c.payload).where(statements.c.digest == digest))
    return None if found is None else unpack(found)


def blob_contents(connection: Connection, digests: Iterable[str]) -> Mapping[str, bytes]:
    """Those of the blobs `digests` that are stored."""
    found = connection.execute(
        select(blobs.c.sha256, blobs.c.data).where(blobs.c.sha256.in_(list(digests)))
    )
    return {row.sha256: unpack(row.data) for row in found}
