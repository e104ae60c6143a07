"""The kernel's own tables of links, addresses, routes and neighbours, as rtnetlink(7) dumps them.

In the network namespace of this process, or of the one that recorded. A dump costs about a
millisecond where a child running `ip` costs several, and /proc/net/route knows one routing table
of IPv4.
"""

import os
import socket
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from collectors.errors import MalformedError, TooLargeError

if TYPE_CHECKING:
    from collectors.host import Host

GETLINK, GETADDR, GETROUTE, GETNEIGH = 18, 22, 26, 30
"""What can be dumped (linux/rtnetlink.h)."""

_ERROR, _DONE = 2, 3
_REQUEST_DUMP = 0x1 | 0x300
_INTERRUPTED = 0x10
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERRNO = struct.Struct("=i")
_TYPE_MASK = 0x3FFF  # the two high bits say how the payload is encoded
_BUFFER = 256 * 1024
_ATTEMPTS = 3
_LIMIT = 16 * 1024 * 1024
_TIMEOUT_S = 5.0


class Attributes(dict[int, bytes]):
    """The attributes of an object, by number; one that must be there is missed as malformed."""

    def __missing__(self, number: int) -> bytes:
        raise MalformedError("rtnetlink")


class Message(NamedTuple):
    """One object of a dump: its fixed part, and its attributes by number."""

    fixed: bytes
    attributes: Attributes


def dump(host: "Host", kind: int, fixed_size: int) -> list[Message]:
    """Every object of a `kind` (`GETLINK` …); its fixed part has `fixed_size` bytes.

    Raises:
        OSError: as `Host.dump`; of a live host: no netlink in this sandbox, a table that changed
            each time it was read, or one beyond the cap; of a recorded one: a dump without its end.
    """
    found: list[Message] = []
    for message, _, body in _split(host.dump(kind)):
        if message == _DONE:
            return found
        if len(body) < fixed_size:
            break
        found.append(Message(body[:fixed_size], attributes(body[aligned(fixed_size) :])))
    raise MalformedError("rtnetlink")


def ask(kind: int) -> bytes:
    """The kernel's answer to a request for all objects of a `kind`, as `Host.dump`."""
    for _ in range(_ATTEMPTS):
        answer = _ask_once(kind)
        if answer is not None:
            return answer
    raise InterruptedError("the table changed every time it was read")


def unpacked(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    """The head of `data` in this `layout`; MalformedError if it is shorter."""
    if len(data) < layout.size:
        raise MalformedError("rtnetlink")
    return layout.unpack_from(data)


def attributes(data: bytes) -> Attributes:
    """The attributes packed in `data`, by number."""
    found = Attributes()
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, number = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[number & _TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += aligned(length)
    return found


def address(data: bytes) -> str:
    """An IPv4 or IPv6 address as text; empty for none."""
    family = {4: socket.AF_INET, 16: socket.AF_INET6}.get(len(data))
    return socket.inet_ntop(family, data) if family else ""


def aligned(length: int) -> int:
    """`length` rounded up to where the next object begins."""
    return (length + 3) & ~3


def _ask_once(kind: int) -> bytes | None:
    """One dump; None when the kernel says that the table changed meanwhile."""
    request = _HEADER.pack(_HEADER.size + 4, kind, _REQUEST_DUMP, 1, 0) + bytes(4)
    answer = bytearray()
    consistent = True
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(_TIMEOUT_S)
        kernel.sendto(request, (0, 0))
        while True:
            data, _, flags, _ = kernel.recvmsg(_BUFFER)
            answer += data
            if len(answer) > _LIMIT or flags & socket.MSG_TRUNC:
                raise TooLargeError("rtnetlink", _LIMIT)
            for message, flag_bits, body in _split(data):
                if message == _ERROR:
                    number = -_ERRNO.unpack_from(body)[0]
                    raise OSError(number, os.strerror(number), "rtnetlink")
                consistent = consistent and not flag_bits & _INTERRUPTED
                if message == _DONE:
                    return bytes(answer) if consistent else None


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The messages in one datagram, or several joined, as far as they are whole."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, offset)
        if not _HEADER.size <= length <= len(data) - offset:
            return
        yield kind, flags, data[offset + _HEADER.size : offset + length]
        offset += aligned(length)
