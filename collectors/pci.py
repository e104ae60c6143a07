"""PCI devices, from sysfs (Documentation/ABI/testing/sysfs-bus-pci), named by pci.ids.

Numbers are written as osquery writes them, `0x8086`. A name costs a search in a database of a
megabyte, so it is looked up only when it is asked for.
"""

import re
from collections.abc import Mapping, Sequence

from collectors import pci_ids, sysfs
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell
from facts.status import Status, condition

_DEVICES = "/sys/bus/pci/devices"
_NUMBERS = {
    "vendor_id": "vendor",
    "model_id": "device",
    "subsystem_vendor_id": "subsystem_vendor",
    "subsystem_model_id": "subsystem_device",
}
_REMOVABLE = {"removable": 1, "fixed": 0}
_CLASS = re.compile(r"(0x[0-9a-f]{2})([0-9a-f]{2})[0-9a-f]{2}")
"""Class, subclass and programming interface: `0x0c0330`."""
_UNSET = "0x0000"
"""A subsystem that was never written."""


@running_only(_DEVICES)
def pci_devices(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each function of each device; none, and complete, without a PCI bus."""
    found = sysfs.observed(host, _DEVICES, _device)
    if wanted.isdisjoint(pci_ids.COLUMNS):
        return found
    return Observed(_named(host, found.rows), found.condition, found.columns)


def _device(attributes: Attributes, device: Device) -> dict[str, Cell]:
    row: dict[str, Cell] = {
        column: attributes.text(f"{device.base}/{attribute}", column)
        for column, attribute in _NUMBERS.items()
    }
    kind, subkind = _class(attributes, f"{device.base}/class")
    removable = attributes.text(f"{device.base}/removable", "removable")
    group = attributes.target(f"{device.base}/iommu_group", "iommu_group")
    return row | {
        "pci_slot": device.name,
        "driver": attributes.target(f"{device.base}/driver", "driver"),
        "pci_class_id": kind,
        "pci_subclass_id": subkind,
        "removable": _REMOVABLE.get(removable or ""),
        "iommu_group": attributes.parsed(group, device.base, "iommu_group") if group else None,
    }


def _class(attributes: Attributes, path: str) -> tuple[str | None, str | None]:
    """Class and subclass, as the kernel states them in one number."""
    stated = attributes.text(path, "pci_class_id") or ""
    parts = _CLASS.fullmatch(stated)
    if parts is not None:
        return parts[1], f"0x{parts[2]}"
    malformed = condition(Status.UNREADABLE, "malformed_source", path)
    attributes.columns.setdefault("pci_class_id", malformed)
    attributes.columns["pci_subclass_id"] = attributes.columns["pci_class_id"]
    return None, None


def _named(host: Host, rows: Sequence[Mapping[str, Cell]]) -> list[dict[str, Cell]]:
    names = pci_ids.Names(pci_ids.database(host))
    return [{**row, **_names(names, row)} for row in rows]


def _names(names: pci_ids.Names, row: Mapping[str, Cell]) -> dict[str, Cell]:
    """Names of one row's numbers; empty where the database, or the device, does not say."""
    vendor, model, by, subsystem = (
        str(row[column] or "").removeprefix("0x")
        for column in ("vendor_id", "model_id", "subsystem_vendor_id", "subsystem_model_id")
    )
    kind, subkind = (
        str(row[column] or "").removeprefix("0x") for column in ("pci_class_id", "pci_subclass_id")
    )
    set_up = row["subsystem_vendor_id"] != _UNSET
    return {
        "vendor": names.vendor(vendor),
        "model": names.model(vendor, model),
        "subsystem_vendor": names.vendor(by) if set_up else "",
        "subsystem_model": names.subsystem(vendor, model, by, subsystem) if set_up else "",
        "pci_class": names.kind(kind),
        "pci_subclass": names.subkind(kind, subkind),
    }
