"""What USBGuard is told: its settings (usbguard-daemon.conf(5)) and its rules.

Whether the daemon runs, systemd_units says; what it made the kernel do, usb_authorization.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from collectors import sysfs
from collectors.config import decoded, lines, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.usbguard_rules import Rule, RuleError, parsed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_CONFIG = "/etc/usbguard/usbguard-daemon.conf"
_FILE = "/etc/usbguard/rules.conf"
_FOLDER = "/etc/usbguard/rules.d"
_DEFAULTS = {
    "AuthorizedDefault": "none",
    "DeviceRulesWithPort": "false",
    "HidePII": "false",
    "ImplicitPolicyTarget": "block",
    "InsertedDevicePolicy": "apply-policy",
    "PresentControllerPolicy": "keep",
    "PresentDevicePolicy": "apply-policy",
    "RestoreControllerDeviceState": "false",
}
"""What the daemon does when its file does not say."""


def usbguard_config(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each setting, stated or by default; none, and complete, without USBGuard."""
    del wanted
    if present(host, _CONFIG) is None:
        return Observed(())
    stated = _stated(host)
    rows: list[dict[str, Cell]] = [
        {"name": name, "value": value, "is_default": 0, "path": _CONFIG}
        for name, value in stated.settings.items()
    ]
    rows += [
        {"name": name, "value": value, "is_default": 1, "path": ""}
        for name, value in _DEFAULTS.items()
        if name not in stated.settings
    ]
    return Observed(rows, stated.condition)


def usbguard_rules(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each rule and serial number it names, in the order the daemon tries them.

    None, and complete, without USBGuard, and where it is told to use neither file nor directory.
    """
    del wanted
    if present(host, _CONFIG) is None:
        return Observed(())
    stated = _stated(host)
    rows: list[dict[str, Cell]] = []
    lacking = stated.condition
    try:
        paths, unobserved = _paths(host, stated.settings)
    except OSError as e:
        return Observed((), condition_of(e, _FOLDER))
    for path in paths:
        try:
            data = host.read(path)
        except OSError as e:
            lacking = Condition(Status.PARTIAL, condition_of(e, path).reason)
            continue
        position = int(str(rows[-1]["position"])) if rows else 0
        found, whole = _rules(path, data, position)
        rows += found
        if not whole:
            lacking = condition(Status.PARTIAL, "malformed_source", path)
    if unobserved:
        lacking = condition(Status.PARTIAL, "not_observed", unobserved)
    return Observed(rows, lacking)


@dataclass(frozen=True, slots=True)
class _Stated:
    settings: dict[str, str]
    condition: Condition


def _stated(host: Host) -> _Stated:
    """The settings of the daemon's file; the last of a name counts."""
    settings: dict[str, str] = {}
    observed = COMPLETE
    for line in lines(host, _CONFIG):
        name, separator, value = line.text.partition("=")
        if not separator or "\0" in line.text:
            observed = condition(Status.PARTIAL, "malformed_source", _CONFIG)
            continue
        settings[_shown(name)] = _shown(value)
    return _Stated(settings, observed)


def _paths(host: Host, settings: dict[str, str]) -> tuple[list[str], str]:
    """The files of rules in their order, and a path that is set but not observed here."""
    paths, unobserved = [], ""
    file, folder = settings.get("RuleFile", ""), settings.get("RuleFolder", "").rstrip("/")
    if file == _FILE:
        paths.append(file)
    elif file:
        unobserved = file
    if folder == _FOLDER:
        paths += [f"{folder}/{name}" for name in host.names(folder)]
    elif folder:
        unobserved = folder
    return paths, unobserved


def _rules(path: str, data: bytes, position: int) -> tuple[list[dict[str, Cell]], bool]:
    """The rows of one file, numbered from after `position`, and whether every line is good."""
    rows: list[dict[str, Cell]] = []
    whole = True
    for number, line in enumerate(decoded(data).split("\n"), 1):
        try:
            rule = parsed(line)
        except RuleError:
            whole = False
            continue
        if rule is not None:
            position += 1
            place: dict[str, Cell] = {"position": position, "path": path, "line": number}
            rows += [place | row for row in _rows(rule)]
    return rows, whole


def _rows(rule: Rule) -> Iterator[dict[str, Cell]]:
    """One rule, once for each serial number that it names."""
    serials = rule.attributes.get("serial")
    common: dict[str, Cell] = {
        "target": rule.target,
        "device_id": rule.text("id"),
        "name": rule.text("name"),
        "hash": rule.text("hash"),
        "parent_hash": rule.text("parent-hash"),
        "via_port": rule.text("via-port"),
        "with_interface": rule.text("with-interface"),
        "with_connect_type": rule.text("with-connect-type"),
        "conditions": rule.text("if"),
        "serial_operator": serials.operator if serials is not None else "",
    }
    for serial in serials.values if serials is not None else ("",):
        yield common | {"serial": serial}


def _shown(text: str) -> str:
    return sysfs.plain(text.encode("utf-8", "surrogateescape"))
