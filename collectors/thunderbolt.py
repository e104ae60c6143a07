"""Thunderbolt and USB4, from sysfs (Documentation/ABI/testing/sysfs-bus-thunderbolt).

A device is named by its domain and route (`0-1`), and what it may do depends on the security
level of the domain. The keys by which devices are recognised are never read.
"""

from collections.abc import Mapping

from collectors import sysfs
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell

_DEVICES = "/sys/bus/thunderbolt/devices"
_KINDS: Mapping[str, str] = {
    "thunderbolt_domain": "domain",
    "thunderbolt_device": "device",
    "thunderbolt_xdomain": "host",
    "thunderbolt_retimer": "retimer",
}
_NUMBERS = ("authorized", "boot", "generation")
_TEXTS = {
    "vendor": "vendor_name",
    "vendor_id": "vendor",
    "model": "device_name",
    "model_id": "device",
    "unique_id": "unique_id",
    "nvm_version": "nvm_version",
}


@running_only(_DEVICES)
def thunderbolt_devices(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each domain, each device on it, and each other host that is connected."""
    del wanted
    return sysfs.observed(host, _DEVICES, _device)


def _device(attributes: Attributes, device: Device) -> dict[str, Cell] | None:
    kind = _KINDS.get(attributes.uevent(device.base, "kind").get("DEVTYPE", ""))
    if kind is None:
        return None  # a service on a connection, which is a row already
    number = device.name.removeprefix("domain").partition("-")[0]
    domain = f"domain{number}"
    row: dict[str, Cell] = {
        "name": device.name,
        "kind": kind,
        "domain": domain,
        "security": attributes.text(f"{_DEVICES}/{domain}/security", "security"),
        "iommu_dma_protection": attributes.number(
            f"{_DEVICES}/{domain}/iommu_dma_protection", "iommu_dma_protection"
        ),
    }
    row |= {name: attributes.number(f"{device.base}/{name}", name) for name in _NUMBERS}
    return row | {
        column: attributes.text(f"{device.base}/{attribute}", column)
        for column, attribute in _TEXTS.items()
    }
