"""Files that are no longer as their package brought them, asked by package.

Every file of the package is read, so it costs what reading the package costs; nothing else is
looked at. A package that is not installed has no files, and so no rows.
"""

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from collectors import dpkg, rpmdb, rpmheader
from collectors.errors import SeamError, TooLargeError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.rpmheader import Header
from evidence.canonical import Cell
from facts.source import Key
from facts.status import COMPLETE, Condition, Status, condition

_MAX_FILE = 512 * 1024 * 1024
_MAX_PACKAGE = 2 * 1024 * 1024 * 1024
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""By the length of a digest in hexadecimal."""
_CONFIG, _MISSING_OK, _GHOST = 1, 1 << 3, 1 << 6
_VERIFY_DIGEST, _VERIFY_MODE = 1, 1 << 6
_KINDS = {
    stat.S_IFREG: "regular",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


@dataclass(frozen=True, slots=True)
class _Expected:
    """One file as its package has it; what is empty or None is not compared."""

    path: str
    kind: int = stat.S_IFREG
    digest: str = ""
    mode: int | None = None
    configuration: bool = False
    may_miss: bool = False


def package_file_changes(host: Host, columns: frozenset[str], key: Key) -> Observed:
    """The changed and missing files of the package that `key` names."""
    del columns
    check = _Check(host, key.value)
    for expected in (_of_dpkg, _of_rpm):
        try:
            for file in expected(host, key.value, check):
                check.compare(file)
        except OSError as e:
            check.condition = condition_of(e, str(e.filename or key.value))
    return Observed(check.rows, check.condition)


@dataclass(slots=True)
class _Check:
    """Compares the files of one package, one after another, within its budget."""

    host: Host
    package: str
    rows: list[dict[str, Cell]] = field(default_factory=list)
    condition: Condition = COMPLETE
    left: int = _MAX_PACKAGE
    """How many bytes may still be read."""

    def compare(self, expected: _Expected) -> None:
        """Notes how the file differs, or why that could not be seen."""
        try:
            found = self.host.stat(expected.path, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            if not expected.may_miss:
                self._differs(expected, "missing", expected.digest, "")
            return
        except OSError as e:
            self.condition = condition_of(e, expected.path)
            return
        kind = stat.S_IFMT(found.st_mode)
        if kind != expected.kind:
            self._differs(expected, "type", _KINDS.get(expected.kind, ""), _KINDS.get(kind, ""))
            return
        mode = stat.S_IMODE(found.st_mode)
        if expected.mode is not None and mode != expected.mode:
            self._differs(expected, "mode", f"{expected.mode:04o}", f"{mode:04o}")
        if not expected.digest:
            return
        try:
            if found.st_size > _MAX_FILE:
                raise TooLargeError(expected.path, _MAX_FILE)
            digest = self._digest(expected)
        except FileNotFoundError:
            self._differs(expected, "missing", expected.digest, "")
        except OSError as e:
            self.condition = condition_of(e, expected.path)
        else:
            if digest != expected.digest:
                self._differs(expected, "content", expected.digest, digest)

    def malformed(self, path: str) -> None:
        """Notes that the list at `path` cannot be understood."""
        self.condition = condition(Status.PARTIAL, "malformed_source", path)

    def _digest(self, expected: _Expected) -> str:
        made = hashlib.new(_ALGORITHMS[len(expected.digest)], usedforsecurity=False)
        for chunk in self.host.chunks(expected.path, limit=_MAX_FILE):
            self.left -= len(chunk)
            if self.left < 0:
                raise TooLargeError(self.package, _MAX_PACKAGE)
            made.update(chunk)
        return made.hexdigest()

    def _differs(self, expected: _Expected, kind: str, wanted: str, found: str) -> None:
        self.rows.append(
            {
                "package": self.package,
                "path": expected.path,
                "kind": kind,
                "configuration": int(expected.configuration),
                "expected": wanted,
                "found": found,
            }
        )


def _of_dpkg(host: Host, name: str, check: _Check) -> Iterator[_Expected]:
    """What dpkg unpacked for the package `name`."""
    database = dpkg.database(host)
    for package in database.packages.get(name, ()):
        configuration = dict(package.conffiles)
        for path, digest in configuration.items():
            yield _Expected(database.place(path, name), digest=digest, configuration=True)
        try:
            files = dpkg.digests(host.read(package.files))
        except FileNotFoundError:
            if dpkg.has_files(host, package):
                check.condition = condition(Status.PARTIAL, "source_missing", package.files)
            continue
        except ValueError:
            check.malformed(package.files)
            continue
        for path, digest in files:
            if path not in configuration:
                place = database.place(path, name)
                yield _Expected(place, digest=digest, may_miss=database.left_out(path))


def _of_rpm(host: Host, name: str, check: _Check) -> Iterator[_Expected]:
    """What rpm unpacked for the package `name`."""
    database = rpmdb.find(host)
    if database is None:
        return
    check.condition = check.condition if check.condition.reason else database.condition
    changed = host.stat(database.path).st_mtime_ns
    headers = _headers(host, database.path, changed)  # type: ignore[arg-type]  # hashes by identity
    for header in headers.get(name, ()):
        try:
            yield from _files(header)
        except (ValueError, IndexError):
            check.malformed(database.path)


@lru_cache(maxsize=1)
def _headers(host: Host, path: str, changed: int) -> dict[str, list[Header]]:
    """Every package's headers by name; kept, because other packages are asked next."""
    del changed
    found: dict[str, list[Header]] = {}
    for blob in rpmdb.Database(host, path).headers():
        try:
            header = Header(blob)
            found.setdefault(header.text(rpmheader.NAME), []).append(header)
        except ValueError as e:
            raise SeamError(
                f"{path}: {e}", condition(Status.UNREADABLE, "malformed_source", path)
            ) from e
    return found


def _files(header: Header) -> Iterator[_Expected]:
    """The files in `header` that are to be there, and what of them rpm would compare."""
    directories = header.texts(rpmheader.DIRECTORY_NAMES)
    indexes = header.numbers(rpmheader.DIRECTORY_INDEXES)
    modes = header.numbers(rpmheader.FILE_MODES)
    flags = header.numbers(rpmheader.FILE_FLAGS)
    digests = header.texts(rpmheader.FILE_DIGESTS) or [""] * len(indexes)
    verified = header.numbers(rpmheader.FILE_VERIFY) or (-1,) * len(indexes)
    states = header.numbers(rpmheader.FILE_STATES) or (0,) * len(indexes)
    for number, name in enumerate(header.texts(rpmheader.BASE_NAMES)):
        if states[number] or flags[number] & _GHOST:
            continue
        digest = digests[number] if verified[number] & _VERIFY_DIGEST else ""
        if digest and len(digest) not in _ALGORITHMS:
            raise ValueError("a digest of no known length")
        kind = stat.S_IFMT(modes[number])
        compared = verified[number] & _VERIFY_MODE and kind != stat.S_IFLNK
        yield _Expected(
            directories[indexes[number]] + name,
            kind=kind,
            digest=digest,
            mode=stat.S_IMODE(modes[number]) if compared else None,
            configuration=bool(flags[number] & _CONFIG),
            may_miss=bool(flags[number] & _MISSING_OK),
        )
