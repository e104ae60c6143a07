"""What dpkg recorded of the files it unpacked: their digests, and what it was told to leave out.

Formats: deb-conffiles(5), dpkg(1) on path-exclude, dpkg-divert(1); MD5 is all that dpkg keeps.
"""

import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from collectors.config import content, decoded, entries, first, lines
from collectors.host import Host

STATUS = "/var/lib/dpkg/status"
_INFO = "/var/lib/dpkg/info"
_STATUS_D = "/var/lib/dpkg/status.d"
_DIVERSIONS = "/var/lib/dpkg/diversions"
_CONFIGURATION = "/etc/dpkg/dpkg.cfg"
_MAX_STATUS = 128 * 1024 * 1024
_FIELD = re.compile(
    rb"^(Package|Status|Architecture|Multi-Arch|Conffiles):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE
)
_READ = re.compile(r"[A-Za-z0-9_-]+")
"""The names of files in dpkg.cfg.d that dpkg reads."""
_DIGEST = re.compile(r"[0-9a-f]{32}")
_UNPACKED = ("installed", "half-configured", "triggers-awaited", "triggers-pending", "unpacked")


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package."""

    files: str
    """The path of its list of digests."""
    listing: str
    """The path of its list of everything it unpacked."""
    conffiles: tuple[tuple[str, str], ...]
    """Path and MD5 of each configuration file, as they were unpacked."""


@dataclass(frozen=True, slots=True)
class Database:
    """What concerns all packages."""

    packages: Mapping[str, Sequence[Package]]
    """By name, and by `name:architecture`."""
    diverted: Mapping[str, tuple[str, str]]
    """Path → where its file was put instead, and the package that is spared this."""
    filters: Sequence[tuple[bool, re.Pattern[str]]]
    """Of paths that were (not) to be unpacked, whether they were, in order; the last one counts."""

    def place(self, path: str, package: str) -> str:
        """Where the file that `package` calls `path` really is."""
        to, spared = self.diverted.get(path, (path, ""))
        return path if spared == package.partition(":")[0] else to

    def left_out(self, path: str) -> bool:
        """Whether dpkg was told not to unpack `path`."""
        told = [unpacked for unpacked, pattern in self.filters if pattern.fullmatch(path)]
        return bool(told) and not told[-1]


def database(host: Host) -> Database:
    """What dpkg keeps on `host`; read again when it has changed.

    Raises:
        OSError: it cannot be read.
    """
    try:
        changed = host.stat(STATUS).st_mtime_ns
    except FileNotFoundError:
        changed = 0
    return _database(host, changed)  # type: ignore[arg-type]  # hosts hash by identity


@lru_cache(maxsize=1)
def _database(host: Host, changed: int) -> Database:
    del changed
    packages: dict[str, list[Package]] = {}
    data = host.read(STATUS, limit=_MAX_STATUS) if first(host, STATUS) else b""
    for paragraph in re.split(rb"\n[ \t]*\n", data):
        fields = {name.decode(): decoded(value) for name, value in _FIELD.findall(paragraph)}
        if fields.get("Status", "").rpartition(" ")[2] not in _UNPACKED:
            continue
        name, arch = fields.get("Package", "").strip(), fields.get("Architecture", "").strip()
        own = f"{name}:{arch}" if fields.get("Multi-Arch", "").strip() == "same" else name
        conffiles = _conffiles(fields.get("Conffiles", ""))
        package = Package(f"{_INFO}/{own}.md5sums", f"{_INFO}/{own}.list", conffiles)
        for key in (name, f"{name}:{arch}"):
            packages.setdefault(key, []).append(package)
    for name in entries(host, _STATUS_D):
        if not name.endswith(".md5sums"):
            package = Package(f"{_STATUS_D}/{name}.md5sums", f"{_STATUS_D}/{name}.list", ())
            packages.setdefault(name, []).append(package)
    return Database(packages, _diversions(host), _filters(host))


def has_files(host: Host, package: Package) -> bool:
    """Whether `package` has files that a list of digests would name; not known counts as yes.

    Raises:
        OSError: one of them cannot be looked at.
    """
    if first(host, package.listing) is None:
        return True
    configuration = {path for path, _ in package.conffiles}
    paths = set(decoded(host.read(package.listing)).splitlines()) - configuration
    return any(
        first(host, path) is not None and stat.S_ISREG(host.stat(path, follow=False).st_mode)
        for path in sorted(paths)
    )


def digests(data: bytes) -> list[tuple[str, str]]:
    """Path and MD5 of each line of a list of digests; ValueError if it is not one."""
    found = []
    for line in decoded(data).splitlines():
        digest, separator, path = line.partition("  ")
        if not separator or not path or not _DIGEST.fullmatch(digest):
            raise ValueError("not a list of digests")
        found.append(("/" + path.lstrip("/"), digest))
    return found


def _conffiles(field: str) -> tuple[tuple[str, str], ...]:
    """Those that still belong to the package; a new one has no digest yet."""
    words = (line.split() for line in field.splitlines())
    return tuple((w[0], w[1]) for w in words if len(w) == 2 and _DIGEST.fullmatch(w[1]))  # noqa: PLR2004 - a third word takes it out


def _diversions(host: Host) -> dict[str, tuple[str, str]]:
    said = decoded(content(host, _DIVERSIONS)).splitlines()
    return {path: (to, by) for path, to, by in zip(said[::3], said[1::3], said[2::3], strict=False)}


def _filters(host: Host) -> list[tuple[bool, re.Pattern[str]]]:
    found = []
    names = (name for name in entries(host, f"{_CONFIGURATION}.d") if _READ.fullmatch(name))
    for path in (*(f"{_CONFIGURATION}.d/{name}" for name in names), _CONFIGURATION):
        for line in lines(host, path):
            word, _, pattern = line.text.partition("=")
            if word.strip() in ("path-exclude", "path-include"):
                wanted = re.compile(translate(pattern.strip().strip("\"'")))
                found.append((word.strip() == "path-include", wanted))
    return found
