"""Trusted platform modules, from sysfs (Documentation/ABI/stable/sysfs-class-tpm).

The public key that a TPM 1.2 shows there, and the values of the registers, are never read.
"""

from functools import partial

from collectors import procfs, sysfs
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell

_CLASS = "/sys/class/tpm"
_STATES = {"activated": "active", "enabled": "enabled", "owned": "owned"}
_ASKED = frozenset({"spec_version", "manufacturer_id", "manufacturer_version"})
"""What the kernel asks a TPM 1.2 for each time that it is read."""
_VERSIONS = {1: "1.2", 2: "2.0"}
_BANK = "pcr-"


@running_only(_CLASS)
def tpm_info(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each module that a driver serves; none, and complete, without one."""
    return sysfs.observed(host, _CLASS, partial(_module, wanted=wanted), r"tpm\d+")


def _module(attributes: Attributes, device: Device, wanted: frozenset[str]) -> dict[str, Cell]:
    about = {} if wanted.isdisjoint(_ASKED) else _about(attributes, f"{device.base}/device/caps")
    entries = attributes.names(device.base, "pcr_banks")
    banks = [entry.removeprefix(_BANK) for entry in entries if entry.startswith(_BANK)]
    row: dict[str, Cell] = {
        "name": device.name,
        "spec_version": _version(attributes, device) or about.get("TCG version"),
        "manufacturer_id": about.get("Manufacturer"),
        "manufacturer_version": about.get("Firmware version"),
        "pcr_banks": " ".join(banks) or None,
        "driver": attributes.target(f"{device.base}/device/driver", "driver"),
    }
    for column, attribute in _STATES.items():
        if column in wanted:
            row[column] = attributes.number(f"{device.base}/device/{attribute}", column)
    return row


def _about(attributes: Attributes, path: str) -> dict[str, str]:
    """What a TPM 1.2 says of itself; a TPM 2.0 says nothing here."""
    try:
        stated = procfs.fields(attributes.host.read(path))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as e:
        unread = condition_of(e, path)
        attributes.columns.update(
            dict.fromkeys(("manufacturer_id", "manufacturer_version"), unread)
        )
        return {}
    return {name: sysfs.plain(value.encode()) for name, value in stated.items()}


def _version(attributes: Attributes, device: Device) -> str | None:
    """The version by the kernel's own attribute (since 5.6), or by the node only a TPM 2.0 has."""
    path = f"{device.base}/tpm_version_major"
    major = attributes.number(path, "spec_version")
    if major is not None:
        return _VERSIONS.get(major, str(major))
    managed = sysfs.devices(attributes.host, "/sys/class/tpmrm")
    return "2.0" if any(name == f"tpmrm{device.name[3:]}" for name, _ in managed) else None
