"""Every kind of fact there is, one module a family; each module exports `TABLES`."""

from collections.abc import Mapping

from facts.spec import TableSpec
from facts.tables import (
    access,
    accounts,
    agent,
    audit,
    certificates,
    clock,
    containers,
    devices,
    files,
    firewall,
    firmware,
    hardware,
    kernel,
    links,
    logins,
    media,
    naming,
    network,
    network_settings,
    packages,
    ports,
    processes,
    programs,
    protection,
    radios,
    schedule,
    sockets,
    software,
    system,
    usb,
)

SPECS: Mapping[str, TableSpec] = {
    spec.name: spec
    for family in (
        system, kernel, clock, firmware, protection, schedule, naming, accounts, logins, access,
        software, packages, containers, certificates, audit, processes, programs,
        sockets, network, links,
        firewall, network_settings, usb, devices, hardware, media, radios, ports, files, agent,
    )
    for spec in family.TABLES
}  # fmt: skip
"""Every table's specification by name."""

BASELINE = (
    "os_version",
    "kernel_info",
    "system_info",
    "interface_details",
    "usb_devices",
    "anfang_chain",
)
"""Recorded in every snapshot, whatever the policies read: which host this is, what it is attached
to, and its place in the chain."""
