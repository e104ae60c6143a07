"""The package headers in an rpm database, whichever of its formats it has, without rpm.

rpm itself is not asked: even to list packages it makes and writes files beside its database, so
that a scan would change the host, and below the scan's own limits be killed for it. A database
is SQLite (rpm 4.16 and later) or Berkeley DB's hash format (before); that of SUSE (ndb) is told
apart and not read.
"""

import struct
from collections.abc import Iterator

import apsw

from collectors.config import entries, first, present
from collectors.errors import SeamError
from collectors.host import Host
from facts.status import COMPLETE, Condition, Status, condition

DIRECTORIES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
"""Where distributions keep it; on many the second is a link to the first."""
_MAX = 160 * 1024 * 1024
_SQLITE, _BERKELEY, _NDB = "rpmdb.sqlite", "Packages", "Packages.db"
_STEPS = 2_000_000
"""SQLite's instructions that reading any honest database stays far below."""
_JOURNAL_MODE = slice(18, 20)
_ROLLBACK = b"\x01\x01"
_PAGE = struct.Struct("8x4x4xIHHxB")
"""Berkeley DB's page header: next page, entries, free offset (the length of an overflow page's
content), type."""
_HASH_MAGIC = 0x061561
_HASH_PAGES = (2, 13)
_OVERFLOW = 7
_ON_PAGE, _OFF_PAGE = 1, 3


class Database:
    """One rpm database, read as it is asked for."""

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self.path = path

    @property
    def condition(self) -> Condition:
        """Partial while changes wait beside the database, which only rpm itself takes in."""
        waiting = f"{self.path}-wal"
        if not self.path.endswith(_SQLITE) or first(self._host, waiting) is None:
            return COMPLETE
        if not self._host.stat(waiting).st_size:
            return COMPLETE
        return condition(Status.PARTIAL, "changes_pending", waiting)

    def headers(self) -> Iterator[bytes]:
        """Each package's header.

        Raises:
            OSError: it cannot be read, is damaged, too large, or of a format that is not known.
        """
        name = self.path.rpartition("/")[2]
        if name == _NDB:
            raise SeamError(
                f"not a known format: {self.path}",
                condition(Status.UNSUPPORTED, "format_unknown", self.path, "ndb"),
            )
        data = bytearray()
        for chunk in self._host.chunks(self.path, limit=_MAX):
            data += chunk
        try:
            yield from _sqlite(data) if name == _SQLITE else _berkeley(data)
        except (apsw.Error, struct.error, ValueError, IndexError) as e:
            raise SeamError(
                f"{self.path}: {e}", condition(Status.UNREADABLE, "malformed_source", self.path)
            ) from e


def find(host: Host) -> Database | None:
    """This host's database; None if it has none, which is a host without rpm.

    A directory without one of the files belongs to another packaging system's copy of rpm.
    """
    for directory in DIRECTORIES:
        names = entries(host, directory)
        for name in (_SQLITE, _NDB, _BERKELEY):
            if name in names:
                return Database(host, f"{directory}/{name}")
    present(host, *DIRECTORIES)
    return None


def _sqlite(data: bytearray) -> Iterator[bytes]:
    """The headers in the bytes of an SQLite database."""
    data[_JOURNAL_MODE] = _ROLLBACK  # in memory there is no journal to be read
    connection = apsw.Connection(":memory:")
    try:
        connection.deserialize("main", data)
        data.clear()  # SQLite has a copy, and a scan's memory is limited
        connection.set_progress_handler(lambda: True, _STEPS)
        for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum"):
            if not isinstance(blob, bytes):
                raise ValueError("a header is no blob")  # noqa: TRY004 - of the data, not of us
            yield blob
    finally:
        connection.close()


def _berkeley(data: bytearray) -> Iterator[bytes]:
    """The headers in the bytes of a hash file of Berkeley DB, of either byte order."""
    order = "<" if struct.unpack_from("<I", data, 12)[0] == _HASH_MAGIC else ">"
    magic, _, size, last = struct.unpack_from(f"{order}III8xI", data, 12)
    if magic != _HASH_MAGIC or size < _PAGE.size or len(data) != (last + 1) * size:
        raise ValueError("no hash file")
    page = struct.Struct(order + _PAGE.format)
    left = len(data)
    for start in range(0, len(data), size):
        _, count, _, kind = page.unpack_from(data, start)
        if kind not in _HASH_PAGES:
            continue
        offsets = struct.unpack_from(f"{order}{count}H", data, start + page.size)
        for index in range(1, count, 2):  # after each key its value
            place, end = offsets[index], offsets[index - 1]
            if not page.size <= place < end <= size:
                raise ValueError("an item outside its page")
            if data[start + place] == _ON_PAGE:
                value = bytes(data[start + place + 1 : start + end])
            elif data[start + place] == _OFF_PAGE:
                number, length = struct.unpack_from(f"{order}II", data, start + place + 4)
                left -= length
                if left < 0:
                    raise ValueError("values that are larger than the file together")
                value = _overflow(data, page, size, number, length)
            else:
                raise ValueError("an item of a kind that rpm does not write")
            if len(value) > 4:  # noqa: PLR2004 - the counter of packages is a single number
                yield value


def _overflow(data: bytearray, page: struct.Struct, size: int, number: int, length: int) -> bytes:
    """A value of `length` bytes that begins on the page `number` and goes on from page to page."""
    value = bytearray()
    while number and len(value) < length:
        following, _, used, kind = page.unpack_from(data, number * size)
        if kind != _OVERFLOW or not 0 < used <= size - page.size:
            raise ValueError("a chain that leads to another kind of page")
        start = number * size + page.size
        value += data[start : start + used]
        number = following
    if len(value) != length:
        raise ValueError("a value of another length than stated")
    return bytes(value)
