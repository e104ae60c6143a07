"""systemd's unit files: which file counts for a name, and whether it is enabled.

Rules: systemd.unit(5) "Unit File Load Path" and "Unit File State", systemctl(1) `is-enabled`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.config import NULL_FILE, Line, entries, lines, masked
from collectors.host import Host

DIRECTORIES = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)
"""Where unit files lie; an earlier directory overrides a later one."""
_LASTING = "/etc/systemd/system"
"""Where `systemctl enable` makes its links; those in /run end with the next start, and the
vendor's own do not make a unit enabled."""
_SUFFIXES = (
    *(".automount", ".device", ".mount", ".path", ".scope", ".service"),
    *(".slice", ".socket", ".swap", ".target", ".timer"),
)
_LINKS = (".wants", ".requires", ".upholds")
_INSTALLABLE = frozenset({"WantedBy", "RequiredBy", "UpheldBy", "Alias"})


@dataclass(frozen=True, slots=True)
class UnitFile:
    """The file that counts for one unit."""

    path: str
    state: str
    """As `systemctl is-enabled` says it."""
    description: str


def unit_files(host: Host) -> Mapping[str, UnitFile]:
    """The unit files of this host by the name of their unit."""
    chosen: dict[str, str] = {}
    for directory in DIRECTORIES:
        for name in entries(host, directory):
            if name.endswith(_SUFFIXES):
                chosen.setdefault(name, f"{directory}/{name}")
    enabled = dict(_enabled(host))
    for name in enabled:
        if name not in chosen and template(name) in chosen:
            chosen[name] = chosen[template(name)]
    others = _other_names(host, chosen)
    found: dict[str, UnitFile] = {}
    for name, path in chosen.items():
        said = [] if masked(host, path) else list(lines(host, path, comments="#;", continued=True))
        aliases = dict(others.get(name, ()))
        state = _state(host, path, said, name, enabled=enabled, aliases=aliases)
        found[name] = UnitFile(path, state, _description(said))
    return found


def _enabled(host: Host) -> Iterator[tuple[str, str]]:
    """The units that links of the administrator pull in, and how; lasting links come last."""
    for directory, state in _link_directories():
        for name in entries(host, directory):
            if name.endswith(_LINKS):
                for linked in entries(host, f"{directory}/{name}"):
                    yield linked, state


def _other_names(host: Host, chosen: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """By unit: the other names that links of the administrator give it, and how."""
    found: dict[str, list[tuple[str, str]]] = {}
    for directory, state in _link_directories():
        for name, path in chosen.items():
            if path == f"{directory}/{name}":
                target = _link(host, path)
                if target not in ("", NULL_FILE) and target.rpartition("/")[2] != name:
                    found.setdefault(target.rpartition("/")[2], []).append((name, state))
    return found


def _link_directories() -> Iterator[tuple[str, str]]:
    for directory in DIRECTORIES:
        if directory.startswith("/run/"):
            yield directory, "enabled-runtime"
    yield _LASTING, "enabled"


def _state(
    host: Host,
    path: str,
    said: list[Line],
    name: str,
    *,
    enabled: Mapping[str, str],
    aliases: Mapping[str, str],
) -> str:
    target = _link(host, path)
    runtime = "-runtime" if path.startswith("/run/") else ""
    if target == NULL_FILE or (not target and not said and not host.stat(path).st_size):
        return f"masked{runtime}"
    if "/generator" in path:
        return "generated"
    if path.startswith("/run/systemd/transient/"):
        return "transient"
    if target and target.rpartition("/")[2] != name and template(name) != template(target):
        return "alias"
    if name in enabled:
        return enabled[name]
    install = dict(_setting(line) for line in _section(said, "Install"))
    for alias, state in aliases.items():
        return state if alias in install.get("Alias", "").split() else "indirect"
    if name.partition("@")[2].startswith("."):
        default = name.replace("@", f"@{install.get('DefaultInstance', '')}")
        if any(template(linked) == name for linked in enabled):
            return enabled.get(default, "indirect")
    if target.startswith("/") and target.rpartition("/")[0] not in DIRECTORIES:
        return f"linked{runtime}"
    if _INSTALLABLE & install.keys():
        return "disabled"
    return "indirect" if "Also" in install else "static"


def template(name: str) -> str:
    """`getty@.service` of `getty@tty1.service`; the name itself if it is no instance."""
    prefix, at, rest = name.rpartition("/")[2].partition("@")
    return f"{prefix}@.{rest.rpartition('.')[2]}" if at else prefix


def _link(host: Host, path: str) -> str:
    try:
        return host.link(path)
    except OSError:
        return ""


def _section(said: list[Line], wanted: str) -> Iterator[Line]:
    inside = ""
    for line in said:
        if line.text.startswith("["):
            inside = line.text.strip("[]")
        elif inside == wanted:
            yield line


def _setting(line: Line) -> tuple[str, str]:
    key, _, value = line.text.partition("=")
    return key.strip(), value.strip()


def _description(said: list[Line]) -> str:
    return dict(_setting(line) for line in _section(said, "Unit")).get("Description", "")
