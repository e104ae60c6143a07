"""What SELinux is told in this moment, from its own filesystem (security/selinux/selinuxfs.c).

A kernel without SELinux, or with it switched off, has no /sys/fs/selinux; an empty one is
SELinux whose filesystem nobody mounted, which says nothing.
"""

import errno
from collections.abc import Iterator

from collectors.config import decoded
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

ROOT = "/sys/fs/selinux"

_SETTINGS = ("checkreqprot", "deny_unknown", "enforce", "mls", "policyvers", "reject_unknown")
_SCOPES = ("booleans", "policy_capabilities", "initial_contexts")
_SWITCHED = {"0": "off", "1": "on"}


@running_only(ROOT)
def selinux_settings(host: Host, columns: frozenset[str]) -> Observed:
    """The settings, then the booleans, capabilities, initial contexts and classes."""
    del columns
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    try:
        if not enabled(host):
            return Observed(())
        for row in _settings(host):
            if row["value"] is None:
                where = f"{ROOT}/{row['scope']}/{row['key']}"
                observed = condition(Status.PARTIAL, "malformed_source", where)
            else:
                rows.append(row)
    except OSError as e:
        reason = condition_of(e, str(e.filename or ROOT)).reason
        observed = Condition(Status.PARTIAL if rows else condition_of(e, ROOT).status, reason)
    return Observed(rows, observed)


def enabled(host: Host) -> bool:
    """Whether SELinux is on in this kernel.

    Raises:
        OSError: it cannot be told.
    """
    try:
        names = host.names(ROOT)
    except FileNotFoundError:
        host.names("/sys/fs")
        return False
    if not names:
        raise FileNotFoundError(errno.ENOENT, "not mounted", ROOT)
    return True


def _settings(host: Host) -> Iterator[dict[str, Cell]]:
    there = set(host.names(ROOT))
    for key in _SETTINGS:
        if key in there:  # each came with its own version of the kernel
            yield _row("", key, _value(host, f"{ROOT}/{key}"))
    for scope in _SCOPES:
        for key in host.names(f"{ROOT}/{scope}") if scope in there else ():
            value = _value(host, f"{ROOT}/{scope}/{key}")
            if scope == "booleans":  # now, and when a pending change is committed
                yield _row(scope, key, _SWITCHED.get(value.partition(" ")[0]))
            else:
                yield _row(scope, key, value)
    for name in host.names(f"{ROOT}/class") if "class" in there else ():
        for permission in host.names(f"{ROOT}/class/{name}/perms"):
            yield _row("class", f"{name}/perms", permission)


def _value(host: Host, path: str) -> str:
    return decoded(host.read(path)).strip("\0\n ")


def _row(scope: str, key: str, value: str | None) -> dict[str, Cell]:
    return {"scope": scope, "key": key, "value": value}
