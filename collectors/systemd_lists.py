"""Settings of systemd's services that are lists: servers of names, servers of time.

As the services read them: main file, then drop-ins by name whatever their directory; each
assignment adds to the list, and an empty one takes back all before it (systemd.syntax(7)).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collectors.config import drop_ins, first, lines
from collectors.host import Host

_DIRECTORIES = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a list, and the file it is in."""

    value: str
    path: str


def listed(host: Host, name: str, section: str, key: str) -> list[Said] | None:
    """The words of `key` in `section` of the service's files, such as `resolved.conf`.

    None if no file sets it, so that the default built into the service counts.
    """
    found: list[Said] | None = None
    for assigned, value, path in _assignments(host, name, section):
        if assigned != key:
            continue
        found = [] if found is None or not value else found
        found += [Said(word, path) for word in value.split()]
    return found


def setting(host: Host, name: str, section: str, key: str) -> str | None:
    """The value of `key` where the last one counts; None if no file sets it."""
    values = [value for said, value, _ in _assignments(host, name, section) if said == key]
    return values[-1] if values and values[-1] else None


def _assignments(host: Host, name: str, section: str) -> Iterator[tuple[str, str, str]]:
    paths = [f"{directory}/{name}" for directory in _DIRECTORIES]
    main = first(host, *paths)
    for path in [*([main] if main else []), *drop_ins(host, [f"{path}.d" for path in paths])]:
        inside = ""
        for line in lines(host, path, comments="#;", continued=True):
            if line.text.startswith("["):
                inside = line.text.strip("[]")
            elif inside == section:
                key, _, value = line.text.partition("=")
                yield key.strip(), value.strip(), path


def assignments(text: str) -> dict[str, str]:
    """The `KEY=value` lines of a state file below /run/systemd, unquoted."""
    parts: Sequence[tuple[str, str, str]] = [line.partition("=") for line in text.split("\n")]
    return {key: value.strip('"') for key, equals, value in parts if equals and key[:1] != "#"}
