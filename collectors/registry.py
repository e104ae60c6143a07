"""Which function reads which table, by name, so that a scan imports only what it needs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

COLLECTORS: Mapping[str, str] = {
    "account_activity": "collectors.logins:account_activity",
    "arp_cache": "collectors.arp:arp_cache",
    "authorized_keys": "collectors.ssh_keys:authorized_keys",
    "block_devices": "collectors.block:block_devices",
    "bluetooth_adapters": "collectors.bluetooth:bluetooth_adapters",
    "capture_devices": "collectors.capture:capture_devices",
    "deb_packages": "collectors.software:deb_packages",
    "displays": "collectors.displays:displays",
    "docker_container_mounts": "collectors.containers:docker_container_mounts",
    "docker_containers": "collectors.containers:docker_containers",
    "docker_images": "collectors.containers:docker_images",
    "file": "collectors.files:file",
    "groups": "collectors.accounts:groups",
    "hardware_events": "collectors.hardware_events:hardware_events",
    "hash": "collectors.files:digests",
    "interface_addresses": "collectors.interfaces:interface_addresses",
    "interface_details": "collectors.interfaces:interface_details",
    "kernel_info": "collectors.system:kernel_info",
    "kernel_module_files": "collectors.modules:kernel_module_files",
    "kernel_modules": "collectors.modules:kernel_modules",
    "last": "collectors.logins:last",
    "listening_ports": "collectors.sockets:listening_ports",
    "log_retention": "collectors.logs:log_retention",
    "logged_in_users": "collectors.logins:logged_in_users",
    "login_defs": "collectors.passwords:login_defs",
    "modprobe_config": "collectors.modules:modprobe_config",
    "mounts": "collectors.mounts:mounts",
    "network_links": "collectors.links:network_links",
    "os_version": "collectors.system:os_version",
    "package_file_changes": "collectors.package_files:package_file_changes",
    "packet_sockets": "collectors.packet_sockets:packet_sockets",
    "pam_rules": "collectors.pam:pam_rules",
    "password_policy": "collectors.passwords:password_policy",
    "pci_devices": "collectors.pci:pci_devices",
    "printers": "collectors.printers:printers",
    "process_executables": "collectors.processes:executable",
    "process_open_sockets": "collectors.sockets:process_open_sockets",
    "processes": "collectors.processes:processes",
    "removable_media": "collectors.removable_media:removable_media",
    "removable_mounts": "collectors.removable_media:removable_mounts",
    "rfkill": "collectors.rfkill:rfkill",
    "routes": "collectors.routes:routes",
    "rpm_packages": "collectors.rpm:rpm_packages",
    "serial_ports": "collectors.serial:serial_ports",
    "shadow": "collectors.accounts:shadow",
    "ssh_configs": "collectors.ssh_client:ssh_configs",
    "sshd_config": "collectors.sshd:sshd_config",
    "sudoers": "collectors.sudoers:sudoers",
    "system_controls": "collectors.sysctl:system_controls",
    "system_info": "collectors.system:system_info",
    "systemd_units": "collectors.units:systemd_units",
    "thunderbolt_devices": "collectors.thunderbolt:thunderbolt_devices",
    "tpm_info": "collectors.tpm:tpm_info",
    "usb_authorization": "collectors.usb_authorization:usb_authorization",
    "usb_devices": "collectors.usb:usb_devices",
    "usb_interfaces": "collectors.usb:usb_interfaces",
    "usbguard_config": "collectors.usbguard:usbguard_config",
    "usbguard_rules": "collectors.usbguard:usbguard_rules",
    "user_groups": "collectors.accounts:user_groups",
    "users": "collectors.accounts:users",
    "wireless_devices": "collectors.wireless:wireless_devices",
}
"""`module:function` of each table; a `Collector`, or a `KeyedCollector` for a keyed table."""


def collector(table: str) -> Any:
    """The function that reads `table`; KeyError if there is none."""
    module, _, function = COLLECTORS[table].partition(":")
    return getattr(import_module(module), function)
