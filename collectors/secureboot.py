"""Secure Boot, from the firmware's own variables (UEFI specification, section 3.3).

A variable is a file: four bytes of attributes, then its value. A machine that was not started
by UEFI has no Secure Boot, which is a fact and not a gap.
"""

from collectors import firmware
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_VARIABLES = f"{firmware.EFI}/efivars"
_GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
_SHIM = "605dab50-e046-4300-abb6-3dd810dd8b23"
_BOOLEANS = {
    "secure_boot": f"SecureBoot-{_GLOBAL}",
    "setup_mode": f"SetupMode-{_GLOBAL}",
    "shim_validation_off": f"MokSBStateRT-{_SHIM}",
}
_ATTRIBUTES = 4


@running_only(firmware.EFI)
def secureboot(host: Host, columns: frozenset[str]) -> Observed:
    """One row; without UEFI its `secure_boot` is 0."""
    del columns
    try:
        kind = firmware.kind(host)
        row: dict[str, Cell] = {"firmware_type": kind}
        if kind != "uefi":
            return Observed([row | {"secure_boot": 0}])
        names = host.names(_VARIABLES)
    except OSError as e:
        return Observed((), condition_of(e, _VARIABLES))
    if not names:  # a firmware has dozens: they are not mounted
        return Observed([row], columns=dict.fromkeys(_BOOLEANS, _missing(_VARIABLES)))
    conditions: dict[str, Condition] = {}
    for column, name in _BOOLEANS.items():
        path = f"{_VARIABLES}/{name}"
        if name not in names:
            # Firmware that cannot do Secure Boot, and a host without shim, have no such variable.
            row[column] = None if column == "setup_mode" else 0
            continue
        try:
            value = host.read(path)
        except OSError as e:
            conditions[column] = condition_of(e, path)
            continue
        if len(value) == _ATTRIBUTES + 1 and value[_ATTRIBUTES] in (0, 1):
            row[column] = value[_ATTRIBUTES]
        else:
            conditions[column] = condition(Status.UNREADABLE, "malformed_source", path)
    return Observed([row], columns=conditions)


def _missing(path: str) -> Condition:
    return condition(Status.UNREADABLE, "source_missing", path)
