"""Reads the archive of a recording, and nothing that a recorder does not write.

The file may come from anybody. A general tar reader does what the archive says of names, sizes,
sparse maps and extended headers; here a header is right if it is, byte for byte, the one a
recorder writes for a name from a fixed set. Format: docs/adr/0011-recordings.md.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from collectors.errors import BadRecordingError
from collectors.recorder import BLOCK, MAX_TOTAL, header

MANIFEST, ENTRIES, ANSWERS, CONTENT = "manifest.json", "entries.jsonl", "answers.jsonl", "content/"
MAX_MANIFEST = 1024 * 1024
MAX_LINES = 128 * 1024 * 1024
"""The most that entries or answers may hold, in bytes."""
_MAX_MEMBERS = 400_000
_NAME = re.compile(r"manifest\.json|entries\.jsonl|answers\.jsonl|content/[0-9a-f]{64}")
_SIZE = re.compile(rb"[0-7]{11}\0")
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_CHUNK = 65536


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each member of the recording at `path`, in order.

    Raises:
        BadRecordingError: it is not exactly what a recorder writes.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        stream = _Stream(file)
        previous = (-1, "")
        for _ in range(_MAX_MEMBERS):
            block = stream.take(BLOCK)
            if block == bytes(BLOCK):
                stream.must_end()
                return
            name, size = _member(block)
            place = (_rank(name), name)
            if place <= previous:
                raise BadRecordingError(f"{name} is out of order")
            data = stream.take(size)
            if any(stream.take(-size % BLOCK)):
                raise BadRecordingError(f"{name} is not padded with zeros")
            if (
                name.startswith(CONTENT)
                and hashlib.sha256(data).hexdigest() != name[len(CONTENT) :]
            ):
                raise BadRecordingError(f"{name} holds something else")
            previous = place
            yield name, data
        raise BadRecordingError("too many members")


def _member(block: bytes) -> tuple[str, int]:
    """Name and size in a header, which is otherwise as every other."""
    name = block[:100].rstrip(b"\0").decode("ascii", "replace")
    size = int(block[124:135], 8) if _SIZE.fullmatch(block[124:136]) else -1
    if size < 0 or not _NAME.fullmatch(name) or block != header(name, size):
        raise BadRecordingError("not written by a recorder, or damaged")
    if size > {MANIFEST: MAX_MANIFEST, ENTRIES: MAX_LINES, ANSWERS: MAX_LINES}.get(name, MAX_TOTAL):
        raise BadRecordingError(f"{name} is too large")
    return name, size


def _rank(name: str) -> int:
    return (MANIFEST, ENTRIES, ANSWERS).index(name) if not name.startswith(CONTENT) else 3


class _Stream:
    """A file, unpacked if it is compressed, and no more of it than a recording may have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_TOTAL + 2 * MAX_LINES
        self._buffer = bytearray()
        self._packed = None
        start = file.read(len(_GZIP))
        if start == _GZIP:
            self._packed = zlib.decompressobj(_GZIP_WINDOW)
        self._taken_in(start)

    def take(self, size: int) -> bytes:
        """The next `size` bytes; BadRecordingError if there are not so many."""
        while len(self._buffer) < size:
            if not self._more():
                raise BadRecordingError("it ends too early")
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def must_end(self) -> None:
        """That one more block of zeros, and nothing else, follows."""
        if any(self.take(BLOCK)) or self._buffer or self._more():
            raise BadRecordingError("something follows its end")
        if self._packed is not None and (not self._packed.eof or self._packed.unused_data):
            raise BadRecordingError("its compression does not end where it does")

    def _more(self) -> bool:
        """Whether anything more could be read."""
        before = len(self._buffer)
        while len(self._buffer) == before:
            if self._packed is not None and self._packed.unconsumed_tail:
                self._taken_in(b"")
                continue
            data = self._file.read(_CHUNK)
            if not data:
                return False
            self._taken_in(data)
        return True

    def _taken_in(self, data: bytes) -> None:
        if self._packed is not None:
            if self._packed.eof and data:
                raise BadRecordingError("something follows its end")
            try:
                data = self._packed.decompress(self._packed.unconsumed_tail + data, _CHUNK)
            except zlib.error as e:
                raise BadRecordingError(f"it cannot be unpacked: {e}") from e
        self._left -= len(data)
        if self._left < 0:
            raise BadRecordingError("it is too large")
        self._buffer += data
