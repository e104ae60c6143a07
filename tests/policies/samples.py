"""Policies for tests: one that is right in every part, and ways to change it."""

import copy
import json
from pathlib import Path
from typing import Any

from policies.load import PolicyFile, load

T = {"zh": "应如此", "en": "It is so"}

CHECK: dict[str, Any] = {
    "id": "CEP-USB-003",
    "title": {
        "zh": "应仅接入已登记的移动存储介质",
        "en": "Only registered removable storage is attached",
    },
    "why": {"zh": "外来介质是摆渡的途径。", "en": "Foreign media ferry data."},
    "family": "usb",
    "severity": "critical",
    "advice": {"do": T, "impact": T, "rollback": T, "window": False},
    "measure": "remove",
    "clauses": [{"ref": "MSS-2021-1:10.3", "certainty": "supported"}],
    "registers": ["approved_usb"],
    "applies": "SELECT 1 FROM usb_devices WHERE class <> '09'",
    "violations": (
        "SELECT d.vendor_id, d.model_id, d.port_path FROM usb_interfaces i\n"
        "JOIN usb_devices d ON d.sysfs_path = i.sysfs_path\n"
        "WHERE i.class = '08' AND NOT EXISTS (SELECT 1 FROM approved_usb a\n"
        "WHERE a.vendor_id = d.vendor_id AND a.model_id = d.model_id)"
    ),
    "finding": {
        "zh": "未登记的移动存储介质 {vendor_id}:{model_id} 接入端口 {port_path}",
        "en": "Unregistered removable storage {vendor_id}:{model_id} at port {port_path}",
    },
    "false_positives": {"zh": "虚拟光驱。", "en": "Virtual media."},
    "tests": [],
}


def device(path: str = "/sys/d/1-1", **cells: Any) -> dict[str, Any]:
    """A row of `usb_devices` as the sample check reads it."""
    row = {
        "sysfs_path": path,
        "class": "00",
        "vendor_id": "0781",
        "model_id": "5581",
        "port_path": "1-1",
    }
    return row | cells


def interface(path: str = "/sys/d/1-1", number_class: str = "08") -> dict[str, Any]:
    """A row of `usb_interfaces` as the sample check reads it."""
    return {"sysfs_path": path, "class": number_class}


STICK = {"usb_devices": [device()], "usb_interfaces": [interface()]}

TESTS: list[dict[str, Any]] = [
    {
        "name": "an unregistered stick",
        "given": STICK,
        "registers": {"approved_usb": []},
        "verdict": "fail",
        "rows": 1,
    },
    {
        "name": "a registered stick",
        "given": STICK,
        "registers": {"approved_usb": [{"vendor_id": "0781", "model_id": "5581"}]},
        "verdict": "pass",
    },
    {
        "name": "hubs only",
        "given": {"usb_devices": [device(**{"class": "09"})], "usb_interfaces": []},
        "registers": {"approved_usb": []},
        "verdict": "not_applicable",
    },
    {
        "name": "sysfs is covered",
        "given": {
            "usb_devices": [device()],
            "usb_interfaces": {
                "status": "unreadable",
                "reason": ["foreign_mount", "/sys", "tmpfs"],
            },
        },
        "registers": {"approved_usb": []},
        "verdict": "unknown",
        "reason": "foreign_mount",
    },
]


def policy(**changes: Any) -> dict[str, Any]:
    """A right policy of one check, with `changes` laid over the check."""
    check = copy.deepcopy(CHECK | {"tests": TESTS} | changes)
    return {
        "policy": "sample",
        "version": "2026.11.0",
        "title": {"zh": "示例检查项", "en": "Sample checks"},
        "registers": {"approved_usb": {"columns": ["vendor_id", "model_id"], "doc": T}},
        "parameters": {
            "days": {"type": "integer", "default": 180, "minimum": 1, "maximum": 3650, "doc": T}
        },
        "checks": [{key: value for key, value in check.items() if value is not None}],
    }


def write(directory: Path, value: Any, name: str = "p.yaml") -> Path:
    """A policy file holding `value`, in JSON, which is YAML too; one field a line."""
    path = directory / name
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def loaded(directory: Path, value: Any) -> PolicyFile:
    """`value` as a policy file read back."""
    return load(write(directory, value))
