"""Rules for passwords: login.defs(5), and what PAM modules are told by files and arguments."""

from collections.abc import Iterator, Mapping
from posixpath import basename

from collectors.config import drop_ins, entries, first, lines, present
from collectors.host import Host
from collectors.interface import Observed
from collectors.pam import Rule, rules, without_brackets
from evidence.canonical import Cell

_LOGIN_DEFS = ("/etc/login.defs", "/usr/etc/login.defs")
_PWQUALITY = ("/etc/security/pwquality.conf.d",)
_FILES: Mapping[str, str] = {
    "pam_faillock": "/etc/security/faillock.conf",
    "pam_pwhistory": "/etc/security/pwhistory.conf",
    "pam_pwquality": "/etc/security/pwquality.conf",
}
"""The file of each module that has one."""
_MODULES = frozenset({"pam_cracklib", "pam_passwdqc", "pam_tally2", "pam_unix", *_FILES})
_Settings = dict[str, tuple[str, str, int]]
"""Value, file and line, by name."""


def login_defs(host: Host, columns: frozenset[str]) -> Observed:
    """The settings of shadow-utils; none where they are not installed."""
    del columns
    path = present(host, *_LOGIN_DEFS)
    if path is None:
        return Observed(())
    found: _Settings = {}
    for line in lines(host, path):
        name, _, value = line.text.replace("\t", " ").partition(" ")
        found[name] = (value.strip().strip('"'), line.path, line.number)
    return Observed([_row({"name": name}, said) for name, said in found.items()])


def password_policy(host: Host, columns: frozenset[str]) -> Observed:
    """For each service and module that checks passwords there, what it is told."""
    del columns
    found, observed = rules(host)
    told: dict[tuple[str, str], _Settings] = {}
    for rule in map(without_brackets, found):
        module = basename(rule.module).removesuffix(".so")
        if module in _MODULES and rule.type in ("auth", "password"):
            settings = told.setdefault((rule.service, module), {})
            for name, said in _arguments(rule):
                settings.setdefault(name, said)
    files = {module: _filed(host, module) for module in {module for _, module in told}}
    rows: list[dict[str, Cell]] = []
    for (service, module), settings in told.items():
        merged = {**files[module], **settings} or {"": ("", "", 0)}
        for name, said in merged.items():
            rows.append(_row({"service": service, "module": module, "name": name}, said))
    return Observed(rows, observed)


def _row(row: dict[str, Cell], said: tuple[str, str, int]) -> dict[str, Cell]:
    value, path, line = said
    return {**row, "value": value, "path": path or None, "line": line or None}


def _arguments(rule: Rule) -> Iterator[tuple[str, tuple[str, str, int]]]:
    for argument in rule.arguments:
        name, _, value = argument.partition("=")
        yield name, (value, rule.path, rule.line)


def _filed(host: Host, module: str) -> _Settings:
    """What the module's files say; a later line goes before an earlier one."""
    if module not in _FILES:
        return {}
    paths = [_FILES[module]] if first(host, _FILES[module]) else []
    if module == "pam_pwquality" and entries(host, _PWQUALITY[0]):
        # libpwquality reads the directory first, so its main file overrides it.
        paths = [*drop_ins(host, _PWQUALITY), *paths]
    found: _Settings = {}
    for path in paths:
        for line in lines(host, path):
            name, _, value = line.text.partition("#")[0].partition("=")
            found[name.strip()] = (value.strip(), line.path, line.number)
    return found
