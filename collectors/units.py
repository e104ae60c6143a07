"""systemd's units: their files always, their states where systemd runs.

Whether a unit is enabled is written in files only (links in `*.wants`, masks, [Install]), so it
is read the same way on a live host, in a container, in a mounted root and in a recording.
"""

from collections.abc import Mapping

from collectors.config import decoded, present
from collectors.errors import ProgramFailedError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.unitfiles import template, unit_files
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_SYSTEMCTL = "/usr/bin/systemctl"
_PLAIN = ("--full", "--plain", "--no-pager")
_INSTALLED = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_BOOTED = "/run/systemd/system"
"""Made by systemd as the first process only; sd_booted(3)."""
_PROPERTIES = {"Following": "following", "User": "user", "SourcePath": "source_path"}
_JOBS = ("job_id", "job_type", "job_path")
_LIVE = ("load_state", "active_state", "sub_state", *_PROPERTIES.values(), *_JOBS)
"""Columns that only a running systemd can fill."""
_OBJECTS = "/org/freedesktop/systemd1"


def systemd_units(host: Host, columns: frozenset[str]) -> Observed:
    """The units; none, and complete, on a host without systemd's directories."""
    if not present(host, *_INSTALLED):
        return Observed(())
    rows: dict[str, dict[str, Cell]] = {}
    for name, file in unit_files(host).items():
        rows[name] = {
            "id": name,
            "description": file.description,
            "unit_file_state": file.state,
            "fragment_path": file.path,
        }
    why = _unavailable(host)
    if why.complete:
        try:
            _in_memory(host, rows)
            if columns & set(_PROPERTIES.values()):
                _properties(host, rows)
            if columns & set(_JOBS):
                _jobs(host, rows)
        except OSError as e:
            why = condition_of(e, _SYSTEMCTL)
    for name, row in rows.items():
        row["object_path"] = f"{_OBJECTS}/unit/{_escaped(name)}"
    if why.complete or why.status is Status.UNSUPPORTED:
        return Observed(list(rows.values()), columns=_differing(why))
    return Observed(list(rows.values()), Condition(Status.PARTIAL, why.reason), _differing(why))


def _unavailable(host: Host) -> Condition:
    """Why a running systemd cannot be asked; complete if it can."""
    if not host.running:
        return condition(Status.UNSUPPORTED, "not_live", _SYSTEMCTL)
    if not present(host, _BOOTED):
        return condition(Status.UNSUPPORTED, "systemd_not_running")
    return COMPLETE


def _differing(why: Condition) -> Mapping[str, Condition]:
    return {} if why.complete else dict.fromkeys(_LIVE, why)


def _in_memory(host: Host, rows: dict[str, dict[str, Cell]]) -> None:
    """The states of the units systemd has in memory; a unit file it has not is inactive."""
    for row in rows.values():
        row.update(load_state="stub", active_state="inactive", sub_state="dead")
    header, *answers = _ask(host, "list-units", "--all")
    text = header.index(" DESCRIPTION")
    for answer in answers:
        if not answer.strip():
            return  # what follows explains the columns to people
        name, load, active, sub = answer.split()[:4]
        row = rows.setdefault(name, {"id": name, **_from_template(rows, name)})
        row.update(load_state=load, active_state=active, sub_state=sub)
        row["description"] = answer[text:].strip()


def _from_template(rows: dict[str, dict[str, Cell]], name: str) -> dict[str, Cell]:
    """File and state of a unit that has no file of its own: those of its template, if any."""
    found = rows.get(template(name), {})
    return {key: found.get(key, "") for key in ("unit_file_state", "fragment_path")}


def _properties(host: Host, rows: dict[str, dict[str, Cell]]) -> None:
    """What costs systemd one question a unit."""
    for row in rows.values():
        row.update(dict.fromkeys(_PROPERTIES.values(), ""))
    wanted = ",".join(("Id", *_PROPERTIES))
    said: dict[str, str] = {}
    for line in (*_ask(host, "show", "--all", f"--property={wanted}", "*"), ""):
        key, equals, value = line.partition("=")
        if equals:
            said[key] = value
        elif said.get("Id") in rows:
            known = {_PROPERTIES[key]: said[key] for key in _PROPERTIES if key in said}
            rows[said["Id"]].update(known)
        if not equals:
            said = {}


def _jobs(host: Host, rows: dict[str, dict[str, Cell]]) -> None:
    """The jobs that wait; none is the rule."""
    for row in rows.values():
        row.update(job_id=0, job_type="", job_path="/")
    for line in _ask(host, "list-jobs", "--no-legend"):
        number, name, kind = line.split()[:3]
        if name in rows:
            path = f"{_OBJECTS}/job/{number}"
            rows[name].update(job_id=int(number), job_type=kind, job_path=path)


def _ask(host: Host, *question: str) -> list[str]:
    """The lines systemctl answers.

    Raises:
        OSError: it did not answer, or could not reach systemd.
    """
    answer = host.run([_SYSTEMCTL, *_PLAIN, *question], timeout_s=10)
    if answer.returncode != 0:
        said = decoded(answer.stderr).strip().splitlines()
        raise ProgramFailedError(_SYSTEMCTL, said[-1] if said else str(answer.returncode))
    return decoded(answer.stdout).splitlines()


def _escaped(name: str) -> str:
    """`name` as the last part of a D-Bus object path; sd_bus_path_encode(3)."""
    first = name[:1] if name[:1].isalpha() else f"_{ord(name[0]):02x}"
    rest = (c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in name[1:])
    return first + "".join(rest)
