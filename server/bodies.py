"""Request bodies: capped as sent and as decoded, and counted against what memory there is.

A host may send up to `MAX_BODY` bytes, gzipped or not. What all requests together may hold in
memory is limited too; who comes when it is full is asked to come back.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from server.errors import RefusedError

MAX_BODY = 32 * 1024 * 1024
"""The longest body, in bytes, as sent and as decoded."""

MAX_RATIO = 256
"""A body that grows by more than this when it is unpacked is a bomb: tables shrink to a tenth,
and the most repetitive ones to a hundredth."""

_GZIP = 16 + zlib.MAX_WBITS


class Room:
    """How many bytes of bodies may be in memory at once."""

    def __init__(self, size: int = 256 * 1024 * 1024) -> None:
        self._free = size

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """`size` bytes, while the block runs.

        Raises:
            RefusedError: there is not as much room now.
        """
        if size > self._free:
            raise RefusedError(
                503,
                "busy",
                "服务器繁忙，请稍后重试",
                "the server is busy; try again in a few seconds",
                retry_after=5,
            )
        self._free -= size
        try:
            yield
        finally:
            self._free += size


def declared(request: Request, *, limit: int = MAX_BODY) -> int:
    """How long the body of `request` says it is.

    Raises:
        RefusedError: it does not say, or is longer than `limit`.
    """
    text = request.headers.get("content-length", "")
    if not text.isascii() or not text.isdecimal():
        raise RefusedError(
            411,
            "length_required",
            "请求须注明长度（Content-Length）",
            "the request must state its length (Content-Length)",
        )
    if len(text) > len(str(limit)) or int(text) > limit:
        raise _too_large(limit)
    return int(text)


def footprint(request: Request, length: int, *, limit: int = MAX_BODY) -> int:
    """How many bytes the body of `request` may take, sent and decoded, `length` being sent."""
    return length + min(limit, length * MAX_RATIO) if _is_gzip(request) else length


async def read(request: Request, *, limit: int = MAX_BODY) -> bytes:
    """The body of `request` as it was sent.

    Raises:
        RefusedError: it is longer than `limit`, or the sender broke off.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
    except ClientDisconnect as e:
        raise RefusedError(400, "broken_off", "发送中断", "the sender broke off") from e
    return b"".join(parts)


def decoded(request: Request, body: bytes, *, limit: int = MAX_BODY) -> bytes:
    """`body`, unpacked if `request` says that it is gzipped.

    Raises:
        RefusedError: another encoding, damaged, a bomb, or longer than `limit`.
    """
    if not _is_gzip(request):
        return body
    most = min(limit, len(body) * MAX_RATIO)
    unpacker = zlib.decompressobj(_GZIP)
    try:
        data = unpacker.decompress(body, most + 1)
    except zlib.error as e:
        raise _damaged() from e
    if len(data) > most:
        raise _too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise _damaged()
    return data


def _is_gzip(request: Request) -> bool:
    match request.headers.get("content-encoding", "identity").strip().lower():
        case "identity":
            return False
        case "gzip":
            return True
        case _:
            raise RefusedError(
                415,
                "encoding_unknown",
                "Content-Encoding 只支持 gzip",
                "the only Content-Encoding understood here is gzip",
            )


def _damaged() -> RefusedError:
    return RefusedError(
        400,
        "gzip_damaged",
        "gzip 内容损坏或不完整；请重新发送",
        "the gzipped body is damaged or cut short; send it again",
    )


def _too_large(limit: int) -> RefusedError:
    return RefusedError(
        413,
        "too_large",
        f"内容超过上限 {limit} 字节；请分批发送",
        f"more than the {limit} bytes allowed; send less at a time",
        limit=limit,
    )
