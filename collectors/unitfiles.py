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
_ENABLING = ("/etc/systemd/system", "/run/systemd/system")
"""Where `systemctl enable` makes its links; the vendor's own links do not make a unit enabled."""
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
    enabled = dict(_enabled(host, chosen))
    for name in enabled:
        template = _template(name)
        if name not in chosen and template in chosen:
            chosen[name] = chosen[template]
    found: dict[str, UnitFile] = {}
    for name, path in chosen.items():
        said = [] if masked(host, path) else list(lines(host, path, comments="#;", continued=True))
        found[name] = UnitFile(path, _state(host, name, path, said, enabled), _description(said))
    return found


def _enabled(host: Host, chosen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The units that links of the administrator pull in, and how; lasting links come last."""
    for directory in reversed(_ENABLING):
        state = "enabled-runtime" if directory.startswith("/run/") else "enabled"
        for name in entries(host, directory):
            path = f"{directory}/{name}"
            if name.endswith(_LINKS):
                for linked in entries(host, path):
                    yield linked, state
            elif name.endswith(_SUFFIXES) and chosen.get(name) == path:
                target = _target(host, path)
                if target not in ("", name):
                    yield target, state


def _state(host: Host, name: str, path: str, said: list[Line], enabled: Mapping[str, str]) -> str:
    target = _link(host, path)
    runtime = "-runtime" if path.startswith("/run/") else ""
    if target == NULL_FILE or (not target and not said and not host.stat(path).st_size):
        return f"masked{runtime}"
    if "/generator" in path:
        return "generated"
    if path.startswith("/run/systemd/transient/"):
        return "transient"
    if target and target.rpartition("/")[2] != name and _template(name) != _template(target):
        return "alias"
    if name in enabled:
        return enabled[name]
    install = dict(_setting(line) for line in _section(said, "Install"))
    if name.partition("@")[2].startswith("."):
        instances = [linked for linked in enabled if _template(linked) == name]
        default = name.replace("@", f"@{install.get('DefaultInstance', '')}")
        if instances:
            return enabled.get(default, "indirect")
    if target and target.rpartition("/")[0] not in DIRECTORIES and target.startswith("/"):
        return f"linked{runtime}"
    if _INSTALLABLE & install.keys():
        return "disabled"
    return "indirect" if "Also" in install else "static"


def _template(name: str) -> str:
    """`getty@.service` of `getty@tty1.service`; the name itself if it is no instance."""
    prefix, at, rest = name.rpartition("/")[2].partition("@")
    return f"{prefix}@.{rest.rpartition('.')[2]}" if at else prefix


def _link(host: Host, path: str) -> str:
    try:
        return host.link(path)
    except OSError:
        return ""


def _target(host: Host, path: str) -> str:
    """The unit that the link at `path` is another name of; empty if it is none."""
    target = _link(host, path)
    return "" if target == NULL_FILE else target.rpartition("/")[2]


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
