"""What starts with the machine or with any session, beside systemd's units.

Scripts of init.d, rc.local, and the desktop entries of /etc/xdg/autostart (Desktop Application
Autostart Specification). What single people start in their homes is theirs and is not read.
"""

import re
import stat
from collections.abc import Iterator, Mapping

from collectors.config import decoded, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

_AUTOSTART = "/etc/xdg/autostart"
_SCRIPTS = ("/etc/rc.d/init.d", "/etc/init.d")
_LEVELS = ("/etc/rc.d/rc{}.d", "/etc/init.d/rc{}.d", "/etc/rc{}.d")
"""Where the links of a run level are: Red Hat, SUSE, Debian."""
_STARTED = "S2345"
"""The run levels a server starts in, and the one that comes before all."""
_RC_LOCAL = ("/etc/rc.d/rc.local", "/etc/rc.local")
_LINK = re.compile(r"S\d\d(.+)")
_EXECUTABLE = 0o111


def startup_items(host: Host, columns: frozenset[str]) -> Observed:
    """The items of each kind; a kind that cannot be read makes the table partial."""
    del columns
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for items in (_autostart, _scripts, _rc_local):
        try:
            rows += items(host)
        except OSError as e:
            reason = condition_of(e, str(e.filename or "/etc")).reason
            observed = Condition(Status.PARTIAL, reason)
    return Observed(rows, observed)


def _autostart(host: Host) -> Iterator[dict[str, Cell]]:
    """Desktop entries; Hidden and GNOME's own switch turn one off."""
    if not present(host, _AUTOSTART):
        return
    for name in host.names(_AUTOSTART):
        if not name.endswith(".desktop"):
            continue
        try:
            said = _desktop_entry(decoded(host.read(f"{_AUTOSTART}/{name}")))
        except FileNotFoundError:
            continue
        program, _, arguments = said.get("Exec", "").partition(" ")
        off = said.get("Hidden") == "true" or said.get("X-GNOME-Autostart-enabled") == "false"
        yield {
            "name": said.get("Name", name),
            "path": program.strip('"'),
            "args": arguments,
            "type": "Startup Item",
            "source": _AUTOSTART,
            "status": "disabled" if off else "enabled",
            "username": "",
        }


def _desktop_entry(text: str) -> Mapping[str, str]:
    """The group every desktop entry has; names in other languages have other keys."""
    said: dict[str, str] = {}
    inside = ""
    for line in text.split("\n"):
        if line.startswith("["):
            inside = line.strip()
        elif inside == "[Desktop Entry]" and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if equals:
                said[key.strip()] = value.strip()
    return said


def _scripts(host: Host) -> Iterator[dict[str, Cell]]:
    """Scripts of System V init: enabled is what a run level starts."""
    directory = present(host, *_SCRIPTS)
    if directory is None:
        return
    started = set(_started(host))
    for name in host.names(directory):
        path = f"{directory}/{name}"
        if not name.startswith(".") and _is_program(host, path):
            yield _script(name, path, directory, enabled=name in started)


def _started(host: Host) -> Iterator[str]:
    for pattern in _LEVELS:
        for level in _STARTED:
            directory = pattern.format(level)
            for name in host.names(directory) if present(host, directory) else ():
                link = _LINK.fullmatch(name)
                if link:
                    yield link[1]


def _rc_local(host: Host) -> Iterator[dict[str, Cell]]:
    """rc.local, which runs if it can be executed."""
    path = present(host, *_RC_LOCAL)
    if path:
        enabled = bool(host.stat(path).st_mode & _EXECUTABLE)
        yield _script("rc.local", path, path.rpartition("/")[0], enabled=enabled)


def _script(name: str, path: str, source: str, *, enabled: bool) -> dict[str, Cell]:
    return {
        "name": name,
        "path": path,
        "args": "",
        "type": "Startup Item",
        "source": source,
        "status": "enabled" if enabled else "disabled",
        "username": "root",
    }


def _is_program(host: Host, path: str) -> bool:
    """Whether `path` is a file that can be executed; a link to nowhere is none."""
    try:
        mode = host.stat(path).st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISREG(mode) and bool(mode & _EXECUTABLE)
