"""This machine with one thing wrong: its sources forbidden, hidden, huge, cut or full of rubbish.

A `Faulty` host reads this machine, and spoils what comes back; `touched` notes what it spoiled.
"""

import errno
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from collectors.errors import CoveredError, TooLargeError
from collectors.host import Completed, LiveHost
from collectors.reading import MAX_READ

Spoil = Callable[[str, bytes], bytes]
"""What is handed over in place of the bytes of a source; it may raise what the seam raises."""


def forbidden(path: str, _: bytes) -> bytes:
    """Nobody may read it."""
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def covered(path: str, _: bytes) -> bytes:
    """Something foreign is mounted over it."""
    raise CoveredError("foreign_mount", path, "tmpfs")


def huge(path: str, _: bytes) -> bytes:
    """It is larger than any cap."""
    raise TooLargeError(path, MAX_READ)


def vanished(path: str, _: bytes) -> bytes:
    """It went away after it was listed."""
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def broken(path: str, _: bytes) -> bytes:
    """The disk below it fails."""
    raise OSError(errno.EIO, os.strerror(errno.EIO), path)


def empty(_: str, __: bytes) -> bytes:
    """It holds nothing."""
    return b""


def cut(_: str, data: bytes) -> bytes:
    """Its second half is missing."""
    return data[: len(data) // 2]


def binary(path: str, data: bytes) -> bytes:
    """Its bytes are random ones."""
    return random.Random(path).randbytes(max(64, min(len(data), 4096)))


def flipped(path: str, data: bytes) -> bytes:
    """One byte in twenty is another one."""
    chance = random.Random(path)
    return bytes(b if chance.random() > 0.05 else chance.randrange(256) for b in data[:65536])


def mangled(seed: int) -> Spoil:
    """Bytes changed, cut out, doubled and swapped by chance, another way for every seed."""

    def spoil(path: str, data: bytes) -> bytes:
        chance = random.Random(f"{seed} {path}")
        out = bytearray(data[:65536])
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(out) + 1)
            end = at + chance.randrange(1, 64)
            match chance.randrange(4):
                case 0:
                    out[at:end] = chance.randbytes(end - at)
                case 1:
                    del out[at:end]
                case 2:
                    out[at:at] = out[at:end] * chance.randrange(1, 50)
                case _:
                    out[at:at] = chance.choice(_PIECES)
        return bytes(out)

    return spoil


_PIECES = (
    b"\0",
    b"\n",
    b"\r\n\t ",
    b"-1",
    b"9" * 30,
    b"%s%n",
    b'"',
    b"'",
    b"[[{{((",
    b"\\",
    b"=",
    b"\xff",
)
"""What formats stumble over."""


def hostile(_: str, data: bytes) -> bytes:
    """Its lines are endless, act on terminals, nest, and count beyond every number."""
    return b"\n".join(
        [
            b"A" * 100_000,
            b"=" * 1000 + b":" * 1000 + b"," * 1000,
            b"\x1b]0;x\x07\xe2\x80\xae\xff\x00 = \x00",
            b'{"a":' * 500,
            b"[" * 500 + b"(" * 500 + b"\\" * 501,
            b"9" * 400 + b" -" + b"9" * 400 + b" 0x" + b"f" * 400,
            data[:2000],
        ]
    )


REFUSED: Mapping[str, Spoil] = {each.__name__: each for each in (forbidden, covered, huge, broken)}
"""After these nothing may be complete."""
SPOILED: Mapping[str, Spoil] = {
    each.__name__: each for each in (vanished, empty, cut, binary, flipped, hostile)
}
"""After these something is still read, or cannot be told from a host that is so."""


class Faulty(LiveHost):
    """This machine, each of its sources spoiled."""

    def __init__(self, spoil: Spoil) -> None:
        super().__init__()
        self._spoil = spoil
        self.touched: list[str] = []

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`."""
        return self._spoiled(path, super().read(path, limit=limit))[:limit]

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        yield self._spoiled(path, b"".join(super().chunks(path, limit=limit)))[:limit]

    def names(self, path: str) -> list[str]:
        """See `Host.names`; names are spoiled only by what refuses them."""
        found = super().names(path)
        if self._spoil in REFUSED.values():
            self._spoiled(path, b"")
        return found

    def link(self, path: str) -> str:
        """See `Host.link`."""
        target = os.fsencode(super().link(path))
        return os.fsdecode(self._spoiled(path, target).replace(b"\0", b"")[:4095])

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """See `Host.run`."""
        done = super().run(argv, timeout_s=timeout_s, limit=limit)
        stdout = self._spoiled(argv[0], done.stdout)
        return Completed(done.returncode, stdout, done.stderr)

    def dump(self, kind: int) -> bytes:
        """See `Host.dump`."""
        return self._spoiled(f"rtnetlink {kind}", super().dump(kind))

    def _spoiled(self, path: str, data: bytes) -> bytes:
        self.touched.append(path)
        return self._spoil(path, data)
