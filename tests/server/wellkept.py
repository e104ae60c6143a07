"""What else is on a well-kept server, and what its unit approved.

`tests.server.ordinary` has the tables in which something can be wrong; these are always the same.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from server import clock

ZONES = {"生产控制大区": "10.1", "管理信息大区": "10.2", "互联网服务区": "10.3"}

_APPROVAL = "approver,reason,valid_from,valid_until"
_APPROVED = {
    "admin_sources": ["10.9.0.8/32"],
    "antimalware": ["ClamAV,clamd,/var/lib/clamav/daily.cld"],
    "approved_accounts": ["ops,sysadmin,运维值班岗"],
    "approved_firmware": ["Example BIOS,2.1.4"],
    "approved_gateways": [f"{net}.1.254,*" for net in ZONES.values()],
    "approved_hardware": ["pci,8086,1521", "usb,0781,5581"],
    "approved_keys": ["h:5e1c7f60a2d94b8fa0c2d1b7e6f38a90,运维值班岗,"],
    "approved_listeners": ["tcp,22,*,/usr/sbin/sshd"],
    "approved_repositories": ["http://10.9.0.80/debian"],
    "approved_resolvers": ["10.9.0.53"],
    "approved_software": ["*"],
    "approved_usb": ["0781,5581,h:90b1f1a66bc24fd09f8c1d5b23b7a0aa"],
    "supported_systems": ["debian,12,2999-12-31"],
    "time_sources": ["10.9.0.21", "10.9.0.22"],
    "unit_networks": ["203.0.113.0/24"],
    "zones": [f"{zone},{net}.0.0/16" for zone, net in ZONES.items()],
}
"""Rows by register, in the order of its columns; what is not named is adopted empty."""


def register(name: str, columns: Iterable[str]) -> str:
    """The file of the register `name`, declared with `columns`."""
    head = ",".join([*columns, _APPROVAL])
    rows = [f"{row},安全管理员,台账,2026-01-01," for row in _APPROVED.get(name, [])]
    return "\n".join([head, *rows, ""])


def file(path: str, *, kind: str = "regular", mtime: int = 1_790_000_000) -> dict[str, Any]:
    """A row of the table `file` of something that only root may write."""
    return {
        "path": path,
        "type": kind,
        "mode": "0640",
        "uid": 0,
        "gid": 0,
        "size": 4096,
        "mtime": mtime,
        "symlink_target_path": "",
    }


def _rows(columns: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    names = columns.split()
    return [dict(zip(names, row, strict=True)) for row in rows]


_NO_ROWS = (
    *("arp_cache", "bluetooth_adapters", "capture_devices", "certificates", "crontab"),
    *("disk_encryption", "displays", "etc_hosts", "proxy_settings", "yum_sources"),
    *("docker_container_mounts", "docker_containers", "iptables", "nm_connections"),
    *(
        "package_file_changes",
        "packet_sockets",
        "printers",
        "process_open_files",
        "removable_media",
    ),
    *("removable_mounts", "rfkill", "rpm_packages", "startup_items", "thunderbolt_devices"),
    *("tpm_info", "usb_authorization", "usbguard_config", "usbguard_rules"),
)
"""No such device, file or program."""


def well_kept(at: datetime) -> dict[str, Any]:
    """Tables as written in a policy's tests, as they are found `at` this time."""
    lately = at - timedelta(days=2)
    return {name: [] for name in _NO_ROWS} | {
        "account_activity": _rows(
            "uid username last_seen records_from",
            (0, "root", None, "2026-01-01"),
            (1000, "ops", lately.date().isoformat(), "2026-01-01"),
        ),
        "apt_sources": _rows("base_uri trusted", ("http://10.9.0.80/debian", None)),
        "authorized_keys": _rows(
            "uid key key_file modified option_names",
            (
                1000,
                "h:5e1c7f60a2d94b8fa0c2d1b7e6f38a90",
                "/home/ops/.ssh/authorized_keys",
                clock.stamp(lately),
                "",
            ),
        ),
        "block_devices": _rows(
            "name sysfs_path", ("/dev/sda", "/sys/devices/pci0000:00/0000:00:17.0/ata1/block/sda")
        ),
        "clock_servers": _rows(
            "service kind address",
            ("chrony", "server", "10.9.0.21"),
            ("chrony", "server", "10.9.0.22"),
        ),
        "clock_sync": _rows(
            "service running synchronized offset_us", ("chrony", 1, 1, 120), ("kernel", None, 1, 90)
        ),
        "deb_packages": _rows(
            "name status",
            *((name, "install ok installed") for name in ("auditd", "clamav", "openssh-server")),
        ),
        "dns_resolvers": _rows(
            "address type source dns_over_tls", ("10.9.0.53", "nameserver", "/etc/resolv.conf", "")
        ),
        "groups": _rows("gid groupname", (0, "root"), (27, "sudo"), (1000, "ops")),
        "last": _rows(
            "type_name host_network time", ("user-process", "10.9.0.0/24", int(lately.timestamp()))
        ),
        "login_defs": _rows("name value", ("PASS_MAX_DAYS", "90")),
        "file": [file("/var/lib/clamav/daily.cld", mtime=int(lately.timestamp()))],
        "mounts": _rows("device device_alias path type", ("/dev/sda2", "/dev/sda2", "/", "ext4")),
        "network_links": _rows(
            "interface kind flags state master link promiscuity remote_address",
            ("lo", "", 73, "unknown", "", "", 0, ""),
            ("eth0", "", 4163, "up", "", "", 0, ""),
        ),
        "nftables_rules": [
            {
                **_FIREWALL,
                "chain": hook,
                "hook": hook,
                "expression": "ct state established,related accept",
                "verdict": "accept",
            }
            for hook in ("input", "forward")
        ],
        "os_version": _rows(
            "name version major minor platform",
            ("Debian GNU/Linux", "12 (bookworm)", 12, 0, "debian"),
        ),
        "pam_rules": _rows(
            "service type control module arguments",
            ("login", "auth", "required", "pam_faillock.so", "preauth"),
            ("sshd", "auth", "required", "pam_faillock.so", "preauth"),
            ("su", "auth", "required", "pam_wheel.so", "use_uid"),
        ),
        "password_policy": _rows(
            "service module name value",
            ("passwd", "pam_pwquality", "minlen", "12"),
            ("passwd", "pam_pwquality", "minclass", "3"),
            ("passwd", "pam_pwhistory", "remember", "5"),
            *(
                (service, "pam_faillock", name, value)
                for service in ("login", "sshd")
                for name, value in _LOCKOUT
            ),
        ),
        "pci_devices": _rows(
            "pci_slot vendor_id model_id model driver pci_class_id pci_subclass_id removable"
            " sysfs_path",
            (
                *("0000:01:00.0", "0x8086", "0x1521", "I350 Gigabit Network Connection", "igb"),
                *("0x02", "0x00", 0, "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0"),
            ),
        ),
        "platform_info": _rows("vendor version", ("Example BIOS", "2.1.4")),
        "secureboot": _rows(
            "firmware_type secure_boot setup_mode shim_validation_off", ("uefi", 1, 0, 0)
        ),
        "security_modules": _rows("name mode enforcing", ("apparmor", "enforce", 1)),
        "sudoers": _rows(
            "header rule_details source",
            ("Defaults", "use_pty", "/etc/sudoers"),
            ("%sudo", "ALL=(ALL:ALL) ALL", "/etc/sudoers"),
        ),
        "suid_bin": _rows(
            "path permissions username groupname", ("/usr/bin/sudo", "S", "root", "root")
        ),
        "system_controls": _rows(
            "name current_value config_value",
            ("kernel.unprivileged_bpf_disabled", "2", "2"),
            ("net.ipv4.ip_forward", "0", "0"),
        ),
        "tpm_info": [{}],
        "user_groups": _rows("uid gid", (0, 0), (1000, 1000), (1000, 27)),
        "virtualization": _rows("machine", ("",)),
    }


_FIREWALL = {
    "family": "inet",
    "table_name": "filter",
    "type": "filter",
    "policy": "drop",
    "dormant": 0,
    "unconditional": 0,
    "target": "",
}
_LOCKOUT = [
    ("authfail", ""),
    ("deny", "5"),
    ("unlock_time", "900"),
    ("even_deny_root", ""),
]
