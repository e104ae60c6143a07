"""What kind of file something is, told by its first bytes, below the host's own allow-list.

A few dozen kinds that matter on a server are told apart, in libmagic's words: programs, scripts,
archives, packages, images of filesystems. Of the content nothing is kept.
"""

import re
import stat
import struct
from collections.abc import Callable

from collectors.host import Host, condition_of
from collectors.interface import Observed
from collectors.paths import Budget, Place, SpentError, places
from evidence.canonical import Cell
from facts.source import Key
from facts.status import COMPLETE, Condition, Status, condition

_PIECE = 65536
"""As much as the seam gives at once is looked at."""
_MAX = 2**62
"""Only the beginning is read, however large a file is."""
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/x-rar"),
    (0, b"PK\x03\x04", "application/zip"),
    (257, b"ustar", "application/x-tar"),
    (0, b"070701", "application/x-cpio"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"!<arch>\ndebian-binary", "application/vnd.debian.binary-package"),
    (0, b"!<arch>\n", "application/x-archive"),
    (0, b"\xca\xfe\xba\xbe", "application/x-java-applet"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"\xde\x12\x04\x95", "application/x-gettext-translation"),
    (0x8001, b"CD001", "application/x-iso9660-image"),
)
"""Where a kind has which bytes, and its name."""
_SCRIPT = re.compile(rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+)*)?(?:\S*/)?([A-Za-z]+)")
_INTERPRETERS = {
    b"sh": "text/x-shellscript",
    b"bash": "text/x-shellscript",
    b"dash": "text/x-shellscript",
    b"ksh": "text/x-shellscript",
    b"zsh": "text/x-shellscript",
    b"python": "text/x-script.python",
    b"perl": "text/x-perl",
    b"ruby": "text/x-ruby",
    b"php": "text/x-php",
    b"awk": "text/x-awk",
    b"gawk": "text/x-gawk",
    b"lua": "text/x-lua",
    b"tclsh": "text/x-tcl",
    b"node": "application/javascript",
}
_ELF_TYPES = {1: "application/x-object", 2: "application/x-executable", 4: "application/x-coredump"}
_DYNAMIC, _INTERPRETER = 3, 3
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_C1 = re.compile(rb"[\x80-\x9f]")
_UNSAID = {"data": condition(Status.UNSUPPORTED, "not_observed", "data")}


def magic(host: Host, columns: frozenset[str], key: Key) -> Observed:
    """The kind of what `key` names, as far as it is regular files; nothing there: no rows."""
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    unsaid: dict[str, Condition] = {name: _UNSAID[name] for name in columns & _UNSAID.keys()}
    try:
        for place in places(host, key, Budget(key.value)):
            if place.problem is not None:
                observed = place.problem
                continue
            try:
                told = _kind(host, place)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as e:
                observed = condition_of(e, place.path)
                continue
            if told is not None:
                path = place.path if key.like else key.value
                rows.append({"path": path, "mime_type": told[0], "mime_encoding": told[1]})
    except SpentError as e:
        observed = e.condition
    return Observed(rows, observed, unsaid)


def _kind(host: Host, place: Place) -> tuple[str, str] | None:
    """Type and encoding of what is at `place`; None if it is no regular file."""
    if not stat.S_ISREG(host.stat(place.real, follow=False).st_mode):
        return None
    chunks = host.chunks(place.real, limit=_MAX)
    return recognised(next(iter(chunks), b""))


def recognised(head: bytes) -> tuple[str, str]:
    """MIME type and encoding of a file that begins with `head`."""
    if not head:
        return "inode/x-empty", "binary"
    if head.startswith(b"\x7fELF"):
        return _elf(head), "binary"
    if _portable(head):
        return "application/vnd.microsoft.portable-executable", "binary"
    for offset, signature, name in _SIGNATURES:
        if head.startswith(signature, offset):
            return name, "binary"
    encoding = _encoding(head)
    if encoding == "binary":
        return "application/octet-stream", encoding
    script = _SCRIPT.match(head)
    return (_INTERPRETERS.get(script[1], "text/plain") if script else "text/plain"), encoding


def _elf(head: bytes) -> str:
    """Programs that are put anywhere in memory are told from libraries by their interpreter."""
    wide, little = head[4:5] == b"\x02", head[5:6] == b"\x01"
    order = "<" if little else ">"
    try:
        (kind,) = struct.unpack_from(f"{order}H", head, 16)
        if kind != _DYNAMIC:
            return _ELF_TYPES.get(kind, "application/octet-stream")
        (start,) = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)
        size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
        kinds = [struct.unpack_from(f"{order}I", head, start + i * size)[0] for i in range(count)]
    except struct.error:
        return "application/octet-stream"
    return f"application/x-{'pie-executable' if _INTERPRETER in kinds else 'sharedlib'}"


def _portable(head: bytes) -> bool:
    """Whether it is a program for Windows or EFI, whose header says where it goes on."""
    if not head.startswith(b"MZ") or len(head) < 0x40:  # noqa: PLR2004 - the header's own length
        return False
    (place,) = struct.unpack_from("<I", head, 0x3C)
    return head[place : place + 4] == b"PE\0\0"


def _encoding(head: bytes) -> str:
    """The encoding of a text by libmagic's name, or `binary`."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16le" if head[0] == 0xFF else "utf-16be"  # noqa: PLR2004 - byte order mark
    if _BINARY.search(head):
        return "binary"
    tests: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
        ("us-ascii", bytes.isascii),
        ("utf-8", _is_utf8),
        ("iso-8859-1", lambda text: not _C1.search(text)),
    )
    return next((name for name, holds in tests if holds(head)), "unknown-8bit")


def _is_utf8(head: bytes) -> bool:
    """Whether it is UTF-8, but for a character that is cut off where reading stopped."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as e:
        return len(head) >= _PIECE and e.reason == "unexpected end of data"
    return True
