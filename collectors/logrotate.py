"""logrotate's rules, as logrotate(8) reads them: global settings, then blocks of patterns."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from collectors.config import entries, lines, present
from collectors.host import Host

_CONFIG = "/etc/logrotate.conf"
"""What the timer and the cron job run; without it nothing below /etc/logrotate.d counts."""
_PERIOD_DAYS = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
_SCRIPTS = frozenset({"prerotate", "postrotate", "firstaction", "lastaction", "preremove"})
_TABOO = (
    *(".bak", ".cfsaved", ".disabled", ".dpkg-bak", ".dpkg-del", ".dpkg-dist", ".dpkg-new"),
    *(".dpkg-old", ".dpkg-tmp", ".rhn-cfg-tmp-*", ".rpmnew", ".rpmorig", ".rpmsave", ".swp"),
    *(".ucf-dist", ".ucf-new", ".ucf-old", ",v", "~"),
)
_SIZE = re.compile(r"(\d{1,12})([kMG]?)")
_SIZE_UNITS = {"": 1, "k": 1024, "M": 1024**2, "G": 1024**3}
_DEFAULT_SIZE = 1024 * 1024
"""What rotates a log that neither a period nor a size is set for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What applies to the logs of one block."""

    source: str
    patterns: tuple[str, ...] = ()
    rotations: int | None = 0
    """Old files kept; None: all."""
    period_days: float | None = None
    size_bytes: int | None = None
    """Size that rotates, whether or not a period has passed."""
    max_age_days: int | None = None

    @property
    def retention_days(self) -> int | None:
        """Days a record is kept for sure by count; None if only a size decides, or nothing does."""
        if self.period_days is None or self.size_bytes is not None:
            return None
        if self.rotations is None:
            return self.max_age_days
        counted = int(self.rotations * self.period_days)
        return counted if self.max_age_days is None else min(counted, self.max_age_days)


def rules(host: Host) -> Iterator[Rule]:
    """The rules in force; none on a host where logrotate has no configuration."""
    if present(host, _CONFIG):
        yield from _read(host, _CONFIG, Rule(_CONFIG))


def _read(host: Host, path: str, defaults: Rule) -> Iterator[Rule]:
    """The rules of the file `path`; what is set before an `include` holds inside it too."""
    defaults = replace(defaults, source=path)
    block: Rule | None = None
    patterns: list[str] = []
    script = False
    for line in lines(host, path, continued=True):
        text = line.text
        if script:
            script = text != "endscript"
        elif text.split()[0] in _SCRIPTS:
            script = True
        elif block is not None:
            if text.startswith("}"):
                yield _settled(block)
                block = None
            else:
                block = _with(block, text)
        elif text.startswith(("/", '"', "'", "{")):
            patterns += _patterns(text)
            if text.endswith("{"):
                block, patterns = replace(defaults, patterns=tuple(patterns)), []
        elif text.startswith("include") and path == _CONFIG:
            yield from _included(host, text.split(maxsplit=1)[-1], defaults)
        else:
            defaults = _with(defaults, text)


def _included(host: Host, path: str, defaults: Rule) -> Iterator[Rule]:
    names = [name for name in entries(host, path) if not name.endswith(_TABOO)]
    for found in [f"{path}/{name}" for name in names] or [path]:
        yield from _read(host, found, defaults)


def _patterns(text: str) -> list[str]:
    try:
        words = shlex.split(text.removesuffix("{"))
    except ValueError:
        words = text.removesuffix("{").split()
    return [word for word in words if word.startswith("/")]


def _with(rule: Rule, text: str) -> Rule:
    """`rule` with one more directive; those that do not bear on retention change nothing."""
    word, _, argument = text.replace("=", " ", 1).partition(" ")
    argument = argument.strip()
    if word in _PERIOD_DAYS:
        return replace(rule, period_days=_PERIOD_DAYS[word], size_bytes=None)
    if word == "rotate" and argument.lstrip("-").isdecimal():
        return replace(rule, rotations=None if argument.startswith("-") else int(argument))
    if word == "maxage" and argument.isdecimal():
        return replace(rule, max_age_days=int(argument))
    size = _SIZE.fullmatch(argument)
    if word in ("size", "maxsize") and size:
        return replace(rule, size_bytes=int(size[1]) * _SIZE_UNITS[size[2]])
    return rule


def _settled(rule: Rule) -> Rule:
    if rule.period_days is None and rule.size_bytes is None:
        return replace(rule, size_bytes=_DEFAULT_SIZE)
    return rule
