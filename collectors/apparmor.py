"""The profiles AppArmor has loaded, from its own filesystem (security/apparmor/apparmorfs.c).

The parameter `enabled` says whether AppArmor is on; without it the kernel has none, and without
its filesystem nothing is known of the profiles of one that is on.
"""

from collections.abc import Iterator

from collectors.config import decoded
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status

ROOT = "/sys/kernel/security/apparmor"

_ENABLED = "/sys/module/apparmor/parameters/enabled"
_PROFILES = f"{ROOT}/policy/profiles"
_MAX_DEPTH = 8
"""Hats are nested once; a profile's own namespaces are not looked into."""


@running_only(ROOT)
def apparmor_profiles(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each profile and each hat inside one."""
    digests = bool(columns & {"sha1", "sha256"})
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    try:
        if enabled(host):
            rows.extend(_profiles(host, _PROFILES, "", _MAX_DEPTH, digests=digests))
    except OSError as e:
        why = condition_of(e, str(e.filename or ROOT))
        observed = Condition(Status.PARTIAL, why.reason) if rows else why
    return Observed(rows, observed)


def enabled(host: Host) -> bool:
    """Whether AppArmor is on in this kernel.

    Raises:
        OSError: it cannot be told.
    """
    try:
        return decoded(host.read(_ENABLED)).strip() == "Y"
    except FileNotFoundError:
        host.names("/sys/module")
        return False


def _profiles(
    host: Host, directory: str, parent: str, depth: int, *, digests: bool
) -> Iterator[dict[str, Cell]]:
    for entry in host.names(directory):
        base = f"{directory}/{entry}"
        try:
            row = _profile(host, base, parent, digests=digests)
        except FileNotFoundError:
            continue  # removed meanwhile
        yield row
        if depth:
            try:
                yield from _profiles(
                    host, f"{base}/profiles", str(row["path"]), depth - 1, digests=digests
                )
            except FileNotFoundError:
                continue  # without hats


def _profile(host: Host, base: str, parent: str, *, digests: bool) -> dict[str, Cell]:
    name = _value(host, f"{base}/name")
    row: dict[str, Cell] = {
        "path": f"{parent}//{name}" if parent else name,
        "name": name,
        "attach": _value(host, f"{base}/attach"),
        "mode": _value(host, f"{base}/mode"),
    }
    if digests:  # SHA-256 since Linux 6.8, SHA-1 before, neither if the kernel makes none
        there = host.names(base)
        row |= {
            kind: _value(host, f"{base}/{kind}") for kind in ("sha1", "sha256") if kind in there
        }
    return row


def _value(host: Host, path: str) -> str:
    return decoded(host.read(path)).strip()
