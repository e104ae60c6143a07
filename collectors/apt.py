"""Where apt takes packages from: sources.list(5), in both of its formats.

A host without /etc/apt has no apt. What a repository says of itself is in the list that apt last
fetched from it; one that was never fetched says nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from collectors.config import content, decoded, entries, lines, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.locations import without_credentials
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_APT = "/etc/apt"
_DIRECTORY = "/etc/apt/sources.list.d"
_LISTS = "/var/lib/apt/lists"
_NAME = re.compile(r"[A-Za-z0-9_.-]+\.(list|sources)")
_LINE = re.compile(
    r"(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?((?:cdrom:)?\[[^\]]*\]\S*|\S+)\s+(\S+)(?:\s+(.*))?"
)
_FIELD = re.compile(r"^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_TRUE, _FALSE = (
    ("yes", "true", "with", "on", "enable"),
    ("no", "false", "without", "off", "disable"),
)
_QUOTED = re.compile(r"[\\|{}\[\]<>\"^~_=!@#$%&*]")
_SAID = ("release", "version", "maintainer", "architectures")
"""The columns that a repository's own list is read for."""
_DIGESTS = re.compile(rb"^(?:MD5Sum|SHA1|SHA256|SHA512):", re.MULTILINE)
_MAX_LIST, _MAX_HEAD = 64 * 1024 * 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Source:
    """One repository of binary packages that is in use."""

    path: str
    uri: str
    suite: str
    components: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def apt_sources(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each address and suite that apt installs from."""
    if present(host, _APT) is None:
        return Observed(())
    seen = _Reader(host)
    rows: list[dict[str, Cell]] = []
    fetched = seen.fetched() if not columns.isdisjoint(_SAID) else frozenset()
    for source in seen.sources():
        uri = without_credentials(source.uri).rstrip("/")
        said = seen.said(source, fetched)
        wanted = source.options.get("arch", "").replace(",", " ")
        rows.append(
            {
                "name": f"{uri.partition('://')[2] or uri} {source.suite}",
                "source": source.path,
                "base_uri": uri,
                "release": said.get("Codename", source.suite),
                "version": said.get("Version", ""),
                "maintainer": said.get("Origin", ""),
                "components": source.components,
                "architectures": wanted or said.get("Architectures", ""),
                "trusted": _boolean(source.options.get("trusted", "")),
                "signed_by": _keys(source.options.get("signed-by", "")),
            }
        )
    return Observed(rows, seen.condition, seen.columns)


class _Reader:
    """Reads the files of apt's configuration, and notes what could not be read or understood."""

    def __init__(self, host: Host) -> None:
        self.condition = COMPLETE
        self.columns: dict[str, Condition] = {}
        self._host = host

    def sources(self) -> Iterator[_Source]:
        """Each repository, in apt's order."""
        try:
            names = entries(self._host, _DIRECTORY)
        except OSError as e:
            self.condition, names = condition_of(e, _DIRECTORY), []
        chosen = [f"{_DIRECTORY}/{name}" for name in names if _NAME.fullmatch(name)]
        for path in (f"{_APT}/sources.list", *chosen):
            read = self._stanzas if path.endswith(".sources") else self._lines
            try:
                yield from read(path)
            except OSError as e:
                self.condition = condition_of(e, path)

    def fetched(self) -> frozenset[str]:
        """The names of the lists that apt fetched."""
        try:
            return frozenset(entries(self._host, _LISTS))
        except OSError as e:
            self._unsaid(condition_of(e, _LISTS))
            return frozenset()

    def said(self, source: _Source, fetched: frozenset[str]) -> Mapping[str, str]:
        """What the repository of `source` says of itself."""
        where = source.suite if source.suite.endswith("/") else f"dists/{source.suite}/"
        uri = without_credentials(source.uri).rstrip("/")
        place = f"{uri.partition('://')[2]}/{where}"
        name = _QUOTED.sub(lambda c: f"%{ord(c[0]):02x}", place).replace("/", "_")
        for path in (f"{name}InRelease", f"{name}Release"):
            if path in fetched:
                try:
                    return _release(self._host, f"{_LISTS}/{path}")
                except OSError as e:
                    self._unsaid(condition_of(e, f"{_LISTS}/{path}"))
        return {}

    def _unsaid(self, refused: Condition) -> None:
        self.columns |= dict.fromkeys(_SAID, refused)

    def _lines(self, path: str) -> Iterator[_Source]:
        for line in lines(self._host, path):
            said = _LINE.fullmatch(line.text.partition("#")[0].strip())
            if said is None:
                self.condition = condition(Status.PARTIAL, "malformed_source", path)
            elif said[1] == "deb":
                options = dict(_option(word) for word in (said[2] or "").split())
                components = " ".join((said[5] or "").split())
                yield _Source(path, said[3], said[4], components, options)

    def _stanzas(self, path: str) -> Iterator[_Source]:
        text = decoded(content(self._host, path))
        kept = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
        for stanza in re.split(r"\n[ \t]*\n", kept):
            fields = {name.lower(): value for name, value in _FIELD.findall(stanza)}
            if not stanza.strip():
                continue
            uris, suites = fields.get("uris", "").split(), fields.get("suites", "").split()
            if not (uris and suites and fields.get("types")):
                self.condition = condition(Status.PARTIAL, "malformed_source", path)
            if "deb" not in fields.get("types", "").split() or not _enabled(fields):
                continue
            options = {
                "arch": " ".join(fields.get("architectures", "").split()),
                "trusted": fields.get("trusted", "").strip(),
                "signed-by": fields.get("signed-by", "").strip(),
            }
            components = " ".join(fields.get("components", "").split())
            for uri in uris:
                for suite in suites:
                    yield _Source(path, uri, suite, components, options)


def _enabled(fields: Mapping[str, str]) -> bool:
    return fields.get("enabled", "yes").strip().lower() not in _FALSE


def _option(word: str) -> tuple[str, str]:
    """Name and value of `name=value`; `name+=value` adds to what is set elsewhere."""
    name, _, value = word.partition("=")
    return name.rstrip("+-").lower(), value


def _boolean(text: str) -> int | None:
    """1, 0, or NULL where apt's own answer would be neither: then signatures decide."""
    if text.lower() in _TRUE:
        return 1
    return 0 if text.lower() in _FALSE else None


def _keys(text: str) -> str:
    """The key rings or fingerprints that sign; a key written out in place is only named so."""
    return "inline" if "-----BEGIN" in text else ",".join(text.replace(",", " ").split())


def _release(host: Host, path: str) -> dict[str, str]:
    """The head of a fetched list, before its digests begin."""
    head = b""
    for chunk in host.chunks(path, limit=_MAX_LIST):
        head += chunk
        if _DIGESTS.search(head) or len(head) > _MAX_HEAD:
            break
    fields = (line.partition(":") for line in decoded(_DIGESTS.split(head)[0]).split("\n"))
    return {name: value.strip() for name, separator, value in fields if separator}
