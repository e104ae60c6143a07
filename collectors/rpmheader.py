"""An rpm header: what one package says of itself, by numbered tags.

Two counts, an index of 16 bytes an entry (tag, type, offset, count; big endian), then the data.
"""

import struct

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
INSTALL_TIME, SIZE, LONG_SIZE, VENDOR, GROUP = 1008, 1009, 5009, 1011, 1016
ARCH, SOURCE_RPM, HEADER_SHA1 = 1022, 1044, 269
FILE_MODES, FILE_DIGESTS, FILE_FLAGS, FILE_VERIFY, FILE_STATES = 1030, 1035, 1037, 1045, 1029
DIRECTORY_INDEXES, BASE_NAMES, DIRECTORY_NAMES = 1116, 1117, 1118

_ENTRY = struct.Struct(">IIiI")
_COUNTS = struct.Struct(">II")
_NUMBERS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "Q"}
_TEXT, _TEXTS, _TRANSLATED = 6, 8, 9


class Header:
    """A header whose tags are decoded as they are asked for."""

    def __init__(self, blob: bytes) -> None:
        """Takes the header as a database stores it; ValueError if its index does not fit it."""
        if len(blob) < _COUNTS.size:
            raise ValueError("a header without counts")
        count, length = _COUNTS.unpack_from(blob)
        start = _COUNTS.size + count * _ENTRY.size
        if start + length > len(blob):
            raise ValueError("a header longer than its blob")
        index = _ENTRY.iter_unpack(blob[_COUNTS.size : start])
        self._index = {tag: (kind, offset, items) for tag, kind, offset, items in index}
        self._data = blob[start : start + length]

    def text(self, tag: int) -> str:
        """The (first) text at `tag`; empty if there is none."""
        found = self.texts(tag, most=1)
        return found[0] if found else ""

    def number(self, tag: int) -> int | None:
        """The first number at `tag`; None if there is none."""
        found = self.numbers(tag)
        return found[0] if found else None

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All numbers at `tag`; none if the header has no such tag.

        Raises:
            ValueError: it is of another type, or reaches beyond the data.
        """
        kind, offset, items = self._index.get(tag, (4, 0, 0))
        if kind not in _NUMBERS:
            raise ValueError(f"tag {tag} holds no numbers")
        form = f">{items}{_NUMBERS[kind]}"
        if offset < 0 or offset + struct.calcsize(form) > len(self._data):
            raise ValueError(f"tag {tag} reaches beyond the data")
        return struct.unpack_from(form, self._data, offset)

    def texts(self, tag: int, *, most: int | None = None) -> list[str]:
        """All texts at `tag`, or the first `most`; ValueError as in `numbers`."""
        kind, offset, items = self._index.get(tag, (_TEXTS, 0, 0))
        if kind not in (_TEXT, _TEXTS, _TRANSLATED) or not 0 <= offset <= len(self._data):
            raise ValueError(f"tag {tag} holds no texts")
        wanted = items if most is None else min(items, most)
        if not wanted:
            return []
        if wanted > len(self._data) - offset:
            raise ValueError(f"tag {tag} reaches beyond the data")
        parts = self._data[offset:].split(b"\0", wanted) if wanted > 1 else self._one(offset)
        if len(parts) <= wanted:
            raise ValueError(f"tag {tag} reaches beyond the data")
        return [part.decode("utf-8", "surrogateescape") for part in parts[:wanted]]

    def _one(self, offset: int) -> list[bytes]:
        """A single text without copying what follows it."""
        end = self._data.find(b"\0", offset)
        return [self._data[offset:end], b""] if end >= 0 else []
