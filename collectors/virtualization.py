"""Whether this host is a container or a virtual machine, and what says so.

Each runtime leaves a mark in its containers' root; a hypervisor tells the processor, and most of
them the firmware. Environments (`container=` of the first process) are never read.
"""

from collections.abc import Callable, Mapping

from collectors.config import decoded, first
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_INITIAL = "pid:[4026531836]"
_SYSTEMD = "/run/systemd/container"
_MARKS = {
    "/run/.containerenv": "podman",
    "/.dockerenv": "docker",
    "/run/secrets/kubernetes.io": "kubernetes",
}
_CGROUPS = {"/docker/": "docker", "/kubepods": "kubernetes", "/lxc": "lxc", "/libpod": "podman"}
_FIRMWARE = (
    ("KVM", "kvm"),
    ("Amazon EC2", "amazon"),
    ("Alibaba Cloud ECS", "kvm"),
    ("Google Compute Engine", "google"),
    ("OpenStack", "kvm"),
    ("QEMU", "qemu"),
    ("VMware", "vmware"),
    ("VMW", "vmware"),
    ("innotek GmbH", "oracle"),
    ("VirtualBox", "oracle"),
    ("Xen", "xen"),
    ("Bochs", "bochs"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Hyper-V", "microsoft"),
    ("Virtual Machine", "microsoft"),
)
"""What firmware says of the machine, by what it begins with."""
_DMI = "/sys/class/dmi/id"
_FIELDS = ("product_name", "sys_vendor", "board_vendor", "bios_vendor")


def virtualization(host: Host, columns: frozenset[str]) -> Observed:
    """A single row."""
    readers: Mapping[str, Callable[[Host], Mapping[str, Cell]]] = {
        "container": _container,
        "machine": _machine,
        "initial_pid_namespace": _namespace,
    }
    row: dict[str, Cell] = {}
    refused: dict[str, Condition] = {}
    for column, read in readers.items():
        wanted = {column, f"{column}_evidence"} & columns
        if not wanted:
            continue
        if column != "container" and not host.running:
            refused |= dict.fromkeys(wanted, condition(Status.UNSUPPORTED, "not_live", "/proc"))
            continue
        try:
            row |= read(host)
        except OSError as e:
            refused |= dict.fromkeys(wanted, condition_of(e, str(e.filename or "/proc")))
    return Observed([row], columns=refused)


def _container(host: Host) -> Mapping[str, Cell]:
    if first(host, _SYSTEMD):
        said = decoded(host.read(_SYSTEMD)).strip()
        return {"container": said or "other", "container_evidence": _SYSTEMD}
    for path, name in _MARKS.items():
        if first(host, path):
            return {"container": name, "container_evidence": path}
    if host.running:
        said = decoded(host.read("/proc/1/cgroup"))
        for part, name in _CGROUPS.items():
            if part in said:
                return {"container": name, "container_evidence": "/proc/1/cgroup"}
    return {"container": "", "container_evidence": ""}


def _namespace(host: Host) -> Mapping[str, Cell]:
    return {"initial_pid_namespace": int(host.link("/proc/self/ns/pid") == _INITIAL)}


def _machine(host: Host) -> Mapping[str, Cell]:
    for path in ("/sys/hypervisor/type", *(f"{_DMI}/{field}" for field in _FIELDS)):
        if first(host, path) is None:
            continue
        said = decoded(host.read(path)).strip()
        if path == "/sys/hypervisor/type" and said:
            return {"machine": said, "machine_evidence": path}
        for begins, name in _FIRMWARE:
            if said.startswith(begins):
                return {"machine": name, "machine_evidence": path}
    if " hypervisor" in decoded(host.read("/proc/cpuinfo")):
        return {"machine": "other", "machine_evidence": "/proc/cpuinfo"}
    return {"machine": "", "machine_evidence": ""}
