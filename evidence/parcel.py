"""Parcels: what travels, by network or carried, in both directions.

A parcel is canonical JSON lines: `{"parcel":"urn:anfang:parcel:v1"}`, then the envelopes in the
order they were given, then the blobs (tables, policies, registers) and then the receipts, each by
digest. There is one way to write what it holds, it is never compressed as a file, and every byte
of it counts: whatever differs from its own re-encoding is refused.

A parcel is not believed because it can be read: blobs agree with their digests, nothing more.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import msgspec

from evidence import canonical, dsse
from evidence.dsse import Envelope
from evidence.errors import EvidenceError, MalformedError, NotAuthenticError
from evidence.statement import Wire

VERSION: Final = "urn:anfang:parcel:v1"
MEDIA_TYPE = "application/vnd.anfang.parcel"

MAX_PARCEL = 1024 * 1024 * 1024
"""The longest parcel anyone reads, in bytes: room for a few host-years."""
MAX_ITEMS = 250_000
"""The most items in one parcel."""
MAX_BLOB = 16 * 1024 * 1024
"""The longest blob, in bytes."""
MAX_LINE = dsse.MAX_ENVELOPE + 1024
"""The longest line, in bytes: an envelope, or a blob with its escapes."""

_HEADER = canonical.encode({"parcel": VERSION}) + b"\n"
_ENVELOPE_BEGIN = b'{"envelope":'
_ENVELOPE_END = b',"kind":"envelope"}'
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class _Blob(Wire, frozen=True, tag_field="kind", tag="blob"):
    sha256: str
    text: str


class _Receipt(Wire, frozen=True, tag_field="kind", tag="receipt"):
    payload_digest: str
    proof: str


_decoder = msgspec.json.Decoder(_Blob | _Receipt)


@dataclass(frozen=True)
class Parcel:
    """What one parcel holds."""

    envelopes: tuple[bytes, ...] = ()
    """The canonical bytes of DSSE envelopes, none twice."""
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    """UTF-8 text, by its SHA-256 in lower-case hex."""
    receipts: Mapping[str, str] = field(default_factory=dict)
    """Receipts as text, by the digest of the payload each is for."""

    @cached_property
    def opened(self) -> tuple[Envelope, ...]:
        """The envelopes, opened once.

        Raises:
            NotCanonicalError, MalformedError: one is none, which `read` would have refused.
        """
        return tuple(dsse.open_envelope(envelope) for envelope in self.envelopes)


def write(parcel: Parcel) -> bytes:
    """The bytes of `parcel`, which `read` takes back.

    Raises:
        NotCanonicalError, MalformedError, NotAuthenticError: something in it that `read` refuses.
    """
    data = b"".join(_lines(parcel))
    read(data, limit=MAX_PARCEL)
    return data


def read(data: bytes, *, limit: int) -> Parcel:
    """What the parcel `data` holds, at most `limit` bytes long.

    Raises:
        NotCanonicalError: a line that is not canonical.
        MalformedError: too long, not a parcel, an item of another kind, out of order, or twice.
        NotAuthenticError: a blob that does not have the digest it is under.
    """
    if len(data) > limit:
        raise MalformedError(f"a parcel of {len(data)} bytes, more than the {limit} allowed here")
    if not data.startswith(_HEADER) or not data.endswith(b"\n"):
        raise MalformedError(f"not a parcel ({VERSION}): another first line, or an unended last")
    if data.count(b"\n") - 1 > MAX_ITEMS:
        raise MalformedError(f"a parcel of more than {MAX_ITEMS} items")
    reader = _Reader()
    begin, number = len(_HEADER), 2
    while begin < len(data):
        end = data.index(b"\n", begin)
        try:
            reader.take(data[begin:end])
        except EvidenceError as e:
            raise type(e)(f"line {number} of the parcel: {e}") from e
        begin, number = end + 1, number + 1
    parcel = Parcel(tuple(reader.envelopes), reader.blobs, reader.receipts)
    # They had to be opened to be read: filled in here, the property need not do it again.
    vars(parcel)["opened"] = tuple(reader.envelopes.values())
    return parcel


class _Reader:
    """Takes one line after the other, and remembers where in the prescribed order it is."""

    def __init__(self) -> None:
        self.envelopes: dict[bytes, Envelope] = {}
        self.blobs: dict[str, bytes] = {}
        self.receipts: dict[str, str] = {}
        self._place = (_ENVELOPE, "")

    def take(self, line: bytes) -> None:
        """Keep the item in `line`, or raise."""
        if len(line) > MAX_LINE:
            raise MalformedError(f"{len(line)} bytes, more than the {MAX_LINE} allowed in one line")
        if line.startswith(_ENVELOPE_BEGIN) and line.endswith(_ENVELOPE_END):
            self._take_envelope(line[len(_ENVELOPE_BEGIN) : -len(_ENVELOPE_END)])
            return
        match canonical.decode_as(line, _decoder, limit=MAX_LINE):
            case _Blob(sha256=digest, text=text):
                self._advance(_BLOB, digest)
                self.blobs[digest] = _blob(digest, text)
            case _Receipt(payload_digest=digest, proof=proof):
                self._advance(_RECEIPT, digest)
                self.receipts[digest] = proof

    def _take_envelope(self, envelope: bytes) -> None:
        if self._place[0] != _ENVELOPE:
            raise MalformedError("an envelope after the blobs or receipts")
        if envelope in self.envelopes:
            raise MalformedError("the same envelope for the second time")
        self.envelopes[envelope] = dsse.open_envelope(envelope)

    def _advance(self, kind: int, digest: str) -> None:
        if not _DIGEST.fullmatch(digest):
            raise MalformedError("a digest that is not 64 lower-case hex digits")
        if (kind, digest) <= self._place:
            raise MalformedError("an item out of order, or for the second time")
        self._place = (kind, digest)


_ENVELOPE, _BLOB, _RECEIPT = range(3)
"""The order of the kinds."""


def _blob(digest: str, text: str) -> bytes:
    data = text.encode("utf-8")
    if len(data) > MAX_BLOB:
        raise MalformedError(f"a blob longer than {MAX_BLOB} bytes")
    if hashlib.sha256(data).hexdigest() != digest:
        raise NotAuthenticError(f"a blob that does not have the digest {digest}")
    return data


def _lines(parcel: Parcel) -> Iterator[bytes]:
    yield _HEADER
    for envelope in parcel.envelopes:
        yield _ENVELOPE_BEGIN + envelope + _ENVELOPE_END + b"\n"
    for digest in sorted(parcel.blobs):
        try:
            text = parcel.blobs[digest].decode("utf-8")
        except UnicodeDecodeError as e:
            raise MalformedError(f"the blob {digest} is not UTF-8 text") from e
        yield _item(_Blob(sha256=digest, text=text))
    for digest in sorted(parcel.receipts):
        yield _item(_Receipt(payload_digest=digest, proof=parcel.receipts[digest]))


def _item(item: _Blob | _Receipt) -> bytes:
    return canonical.encode(msgspec.to_builtins(item)) + b"\n"
