"""The facts of an ordinary, well-kept server, and single things that can be wrong with one.

A flaw is laid over the facts: a table named in it takes the place of the ordinary one, unless it
begins with `+`, which adds rows. They are written as in a policy's tests.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from tests.server.wellkept import file, well_kept

Facts: TypeAlias = dict[str, Any]

STICK = {
    "vendor": "SanDisk",
    "vendor_id": "0781",
    "model": "Ultra",
    "model_id": "5581",
    "serial": "h:4f0c1ad1b0e94c63a8a5b9e4c2d7f601",
    "removable": 1,
    "sysfs_path": "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2",
    "port_path": "1-1.2",
}
APPROVED_STICK = {**STICK, "serial": "h:90b1f1a66bc24fd09f8c1d5b23b7a0aa", "model": "Ultra Fit"}
PHONE = {
    "vendor": "Xiaomi",
    "vendor_id": "2717",
    "model": "Redmi",
    "model_id": "ff80",
    "serial": "h:11f0b7a0c3de4f5ab1c09f2c8a6e4d21",
    "removable": 1,
    "sysfs_path": "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4",
    "port_path": "1-4",
}
_HUB = {
    "vendor": "Linux",
    "vendor_id": "1d6b",
    "model": "xHCI Host Controller",
    "model_id": "0002",
    "serial": "",
    "removable": None,
    "sysfs_path": "/sys/devices/pci0000:00/0000:00:14.0/usb1",
    "port_path": "usb1",
}


def _interface(device: Mapping[str, Any], what: str, driver: str, net: str = "") -> Facts:
    """A USB interface of the class, subclass and protocol `what` (six hex digits)."""
    return {
        "sysfs_path": device["sysfs_path"],
        "class": what[:2],
        "subclass": what[2:4],
        "protocol": what[4:],
        "driver": driver,
        "network_interface": net,
        "description": "",
    }


def _plugged(device: Mapping[str, Any]) -> Facts:
    return {"+usb_devices": [device], "+usb_interfaces": [_interface(device, "080650", "uas")]}


_NET = "4026531840"
"""The host's network namespace."""


def _listener(pid: int, port: int) -> Facts:
    return {"pid": pid, "port": port, "protocol": 6, "address": "0.0.0.0", "net_namespace": _NET}


def _process(pid: int, name: str, path: str, uid: int = 0) -> Facts:
    return {"pid": pid, "name": name, "path": path, "uid": uid, "euid": uid, "on_disk": 1}


def _service(pid: int, name: str, path: str, port: int) -> Facts:
    return {
        "+processes": [_process(pid, name, path)],
        "+listening_ports": [_listener(pid, port)],
    }


def _module_file(name: str) -> Facts:
    path = f"/lib/modules/6.1.0-18-amd64/kernel/{name}.ko"
    return {"name": name, "builtin": 0, "kernel": "6.1.0-18-amd64", "path": path}


def _user(uid: int, username: str) -> Facts:
    return {"uid": uid, "username": username, "shell": "/bin/bash"}


def _password(username: str, status: str, hash_alg: str | None) -> Facts:
    return {
        "username": username,
        "password_status": status,
        "hash_alg": hash_alg,
        "max": 90,
        "expire": None,
    }


def _unit(name: str, file_state: str, state: str) -> Facts:
    path = f"/lib/systemd/system/{name}"
    return {
        "id": name,
        "unit_file_state": file_state,
        "active_state": state,
        "fragment_path": path,
    }


def _sshd(**values: str) -> list[Facts]:
    settings = {
        "permitrootlogin": "no",
        "permitemptypasswords": "no",
        "hostbasedauthentication": "no",
        "ignorerhosts": "yes",
        "strictmodes": "yes",
        "authenticationmethods": "publickey,password",
        "allowusers": "ops@10.9.0.8",
        "ciphers": "aes256-gcm@openssh.com",
        "maxauthtries": "4",
        "logingracetime": "30",
        "clientaliveinterval": "300",
        "clientalivecountmax": "2",
        "disableforwarding": "yes",
    }
    return [{"key": k, "value": v, "origin": "sshd -T"} for k, v in (settings | values).items()]


_LOGHOST = {
    "name": "loghost",
    "kind": "forward",
    "path": "/etc/rsyslog.d/forward.conf",
    "retention_days": None,
    "persistent": None,
    "forwarded": 1,
    "encrypted": 1,
    "oldest_record": None,
    "source": "/etc/rsyslog.d/forward.conf",
    "target": "10.9.0.30:6514",
}

FLAWS: Mapping[str, Facts] = {
    "stick": _plugged(STICK),
    "approved stick": _plugged(APPROVED_STICK),
    "phone": {
        "+usb_devices": [PHONE],
        "+usb_interfaces": [_interface(PHONE, "e00103", "rndis_host", "usb0")],
    },
    "todesk": {
        "+processes": [_process(2211, "ToDesk_Service", "/opt/todesk/bin/ToDesk_Service")],
        "+file": [file("/opt/todesk", kind="directory")],
    },
    "frp": {
        "+processes": [
            _process(3120, "frpc", "/home/ops/frp/frpc", 1000),
        ]
    },
    "storage driver": {"modprobe_config": []},
    "telnet": _service(811, "in.telnetd", "/usr/sbin/in.telnetd", 23),
    "redis": _service(1402, "redis-server", "/usr/bin/redis-server", 6379),
    "root by ssh": {"sshd_config": _sshd(permitrootlogin="yes")},
    "second root": {"+users": [_user(0, "sysadm")]},
    "empty password": {"+shadow": [_password("guest", "empty", None)]},
    "short logs": {
        "log_retention": [
            {
                **_LOGHOST,
                "name": "/var/log/auth.log",
                "kind": "logrotate",
                "path": "/var/log/auth.log",
                "retention_days": 28,
                "persistent": 1,
                "forwarded": 0,
                "encrypted": None,
                "source": "/etc/logrotate.d/rsyslog",
                "target": "",
            }
        ]
    },
    "no audit": {
        "processes": [_process(640, "sshd", "/usr/sbin/sshd")],
        "systemd_units": [
            _unit("auditd.service", "disabled", "inactive"),
            _unit("nftables.service", "enabled", "active"),
        ],
    },
    "two zones": {
        "+interface_addresses": [{"interface": "eth1", "address": "10.2.8.44"}],
        "+interface_details": [{"interface": "eth1", "flags": 4163, "type": 1}],
    },
    "wifi": {
        "wireless_devices": [
            {
                "name": "wlan0",
                "kind": "wifi",
                "mode": "managed",
                "driver": "iwlwifi",
                "bus": "pci",
                "sysfs_path": "/sys/devices/pci0000:00/0000:00:14.3",
                "rfkill_soft": 0,
                "rfkill_hard": 0,
                "state": "up",
            }
        ]
    },
    "no usb": {"usb_devices": [], "usb_interfaces": []},
    "plain user": {
        "shadow": {"status": "denied", "reason": ["permission_denied", "/etc/shadow"]},
        "listening_ports": {"status": "partial", "reason": ["missing_privilege", "CAP_SYS_PTRACE"]},
    },
    "container": {
        "processes": {"status": "unreadable", "reason": ["container"]},
    },
    "covered": {
        "usb_interfaces": {
            "status": "unreadable",
            "reason": ["foreign_mount", "/sys/bus/usb", "tmpfs"],
        },
    },
    "not watching": {"hardware_events": {"status": "unsupported", "reason": ["not_watching"]}},
    "stick at night": {
        "hardware_events": [
            {
                **{k: STICK[k] for k in ("vendor", "vendor_id", "model", "model_id", "serial")},
                "action": "bind",
                "driver": "usb-storage",
                "time": None,
                "port_path": "1-1.2",
            }
        ]
    },
}


def _gateway(address: str) -> str:
    return address.rpartition(".")[0] + ".254"


def ordinary(address: str, at: datetime) -> Facts:
    """Everything the shipped policy reads `at` this time, on a server where all is well."""
    return well_kept(at) | {
        "anfang_chain": [
            {
                "enrolled": 1,
                "sequence": 40,
                "last_report": None,
                "last_receipt": None,
                "pending": 0,
                "interval_s": 3600,
                "chain_state": "unbroken",
                "policy_signed": 1,
            }
        ],
        "hardware_events": [],
        "interface_addresses": [
            {"interface": "lo", "address": "127.0.0.1"},
            {"interface": "eth0", "address": address},
        ],
        "interface_details": [
            {"interface": "lo", "flags": 73, "type": 772},
            {"interface": "eth0", "flags": 4163, "type": 1},
        ],
        "kernel_info": [{"arguments": "root=/dev/sda2 ro quiet audit=1"}],
        "kernel_module_files": [
            _module_file("usb_storage"),
            _module_file("xhci_hcd"),
            _module_file("ext4"),
        ],
        "kernel_modules": [{"name": "xhci_hcd"}, {"name": "ext4"}],
        "listening_ports": [_listener(640, 22)],
        "log_retention": [_LOGHOST],
        "modprobe_config": [{"name": "usb_storage", "directive": "install", "value": "/bin/false"}],
        "process_namespaces": [{"pid": 1, "net_namespace": _NET}],
        "process_open_sockets": [],
        "processes": [
            _process(1, "systemd", "/usr/lib/systemd/systemd"),
            _process(612, "auditd", "/usr/sbin/auditd"),
            _process(630, "clamd", "/usr/sbin/clamd", 108),
            _process(640, "sshd", "/usr/sbin/sshd"),
            _process(702, "postgres", "/usr/bin/postgres", 113),
        ],
        "routes": [
            {"netmask": 0, "interface": "eth0", "type": "gateway", "gateway": _gateway(address)}
        ],
        "shadow": [_password("root", "locked", ""), _password("ops", "active", "y")],
        "sshd_config": _sshd(),
        "systemd_units": [
            _unit("auditd.service", "enabled", "active"),
            _unit("nftables.service", "enabled", "active"),
        ],
        "usb_devices": [_HUB],
        "usb_interfaces": [_interface(_HUB, "090000", "hub")],
        "users": [_user(0, "root"), _user(1000, "ops")],
        "wireless_devices": [],
    }


def with_flaws(facts: Facts, flaws: Iterable[str]) -> Facts:
    """`facts` with these `FLAWS`, in order; the executables are those of the processes."""
    changed = dict(facts)
    for flaw in flaws:
        for table, given in FLAWS[flaw].items():
            name = table.removeprefix("+")
            changed[name] = changed[name] + given if table.startswith("+") else given
    seen = changed["processes"] if isinstance(changed["processes"], list) else []
    changed["process_executables"] = [
        {"pid": process["pid"], "path": process["path"], "on_disk": 1} for process in seen
    ]
    return changed
