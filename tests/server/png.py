"""Screenshots made small: the commonest colours stay, the others become the nearest of them."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256


def smaller(png: bytes) -> bytes:
    """The screenshot `png` (8 bits, RGB) with at most 256 colours.

    Raises:
        ValueError: it is another kind of PNG.
    """
    width, height, data = _decoded(png)
    pixels = [data[at : at + 3] for at in range(0, len(data), 3)]
    counted = Counter(pixels)
    palette = [colour for colour, _ in counted.most_common(_COLOURS)]
    places = {colour: _nearest(colour, palette) for colour in counted}
    indices = bytes(places[pixel] for pixel in pixels)
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, width * height, width))
    return (
        _SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", b"".join(palette))
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    """The place in `palette` of the colour that is most like `colour`."""

    def distance(place: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(colour, palette[place], strict=True))

    return min(range(len(palette)), key=distance)


def _decoded(png: bytes) -> tuple[int, int, bytes]:
    chunks = list(_chunks(png))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if (depth, colour, interlaced) != (8, 2, 0):
        raise ValueError("not 8-bit RGB")
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    stride = width * 3
    above = bytearray(stride)
    rows = []
    for at in range(0, (stride + 1) * height, stride + 1):
        above = _unfiltered(data[at], bytearray(data[at + 1 : at + 1 + stride]), above)
        rows.append(bytes(above))
    return width, height, b"".join(rows)


def _unfiltered(kind: int, row: bytearray, above: bytearray) -> bytearray:
    """One row as it was before PNG filtered it (ISO/IEC 15948 §9)."""
    for i, value in enumerate(row):
        left = row[i - 3] if i >= 3 else 0  # bytes a pixel
        corner = above[i - 3] if i >= 3 else 0
        match kind:
            case 0:
                return row
            case 1:
                guess = left
            case 2:
                guess = above[i]
            case 3:
                guess = (left + above[i]) // 2
            case _:
                estimate = left + above[i] - corner
                guess = min(left, above[i], corner, key=lambda near: abs(estimate - near))
        row[i] = (value + guess) & 0xFF
    return row


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
