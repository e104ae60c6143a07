"""Containers that run by an OCI bundle: containerd's (and so Kubernetes'), podman's, CRI-O's.

A bundle's config.json says how a container was made (the OCI runtime specification). Only the
fields below are decoded: an environment never becomes a value. Docker's own containers are left
to `collectors.docker`, which knows more of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from collectors.config import entries, first
from collectors.docker import decoded, epoch
from collectors.host import Host
from collectors.json_text import parsed
from evidence.canonical import Cell

CONTAINERD = "/run/containerd/io.containerd.runtime.v2.task"
STORAGE = "/var/lib/containers/storage"
_STORAGE_RUN = "/run/containers/storage"
_DOCKERS = "moby"
_OWN = (
    "/run/containerd/",
    "/run/containers/",
    "/var/lib/containerd/",
    "/var/lib/containers/storage/",
)
"""Below these a runtime keeps what it mounts of its own accord: the host name, /dev/shm."""
_PROPAGATION = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_MAX_PID = 10
_MAX = 32 * 1024 * 1024

T = TypeVar("T")


class _Capabilities(msgspec.Struct):
    bounding: list[str] | None = None


class _Process(msgspec.Struct, rename="camel"):
    args: list[str] | None = None
    capabilities: _Capabilities | None = None
    no_new_privileges: bool = False
    apparmor_profile: str = ""


class _Root(msgspec.Struct):
    readonly: bool = False


class _Mount(msgspec.Struct):
    destination: str = ""
    type: str = ""
    source: str = ""
    options: list[str] | None = None


class _Namespace(msgspec.Struct):
    type: str = ""
    path: str = ""


class _Seccomp(msgspec.Struct):
    """That there is a profile is all that is asked."""


class _Linux(msgspec.Struct, rename="camel"):
    namespaces: list[_Namespace] | None = None
    masked_paths: list[str] | None = None
    seccomp: _Seccomp | None = None


class _Spec(msgspec.Struct):
    process: _Process = msgspec.field(default_factory=_Process)
    root: _Root = msgspec.field(default_factory=_Root)
    mounts: list[_Mount] | None = None
    linux: _Linux = msgspec.field(default_factory=_Linux)
    annotations: dict[str, str] | None = None


class _Metadata(msgspec.Struct, rename="kebab"):
    image_name: str = ""
    image_id: str = ""


class _Stored(msgspec.Struct):
    id: str
    names: list[str] | None = None
    image: str = ""
    created: str = ""
    metadata: str = ""


class _StoredImage(msgspec.Struct):
    id: str
    names: list[str] | None = None
    created: str = ""
    layer: str = ""


class _StoredLayer(msgspec.Struct, rename="kebab"):
    id: str
    parent: str = ""
    diff_size: int = 0


@dataclass(frozen=True, slots=True)
class Bundle:
    """One container's bundle."""

    id: str
    directory: str
    pid_file: str
    """Where the number of its first process stands while it runs."""
    stored: _Stored | None = None
    """What containers-storage knows of it."""

    @property
    def path(self) -> str:
        """The file that says how it was made."""
        return f"{self.directory}/config.json"


def bundles(host: Host) -> Iterator[Bundle]:
    """Every bundle on `host` but docker's."""
    for namespace in entries(host, CONTAINERD):
        if namespace != _DOCKERS:
            for name in entries(host, f"{CONTAINERD}/{namespace}"):
                base = f"{CONTAINERD}/{namespace}/{name}"
                yield Bundle(name, base, f"{base}/init.pid")
    for driver, stored in _listed(host, "containers", _Stored):
        directory = f"{driver}-containers/{stored.id}/userdata"
        pid_file = f"{_STORAGE_RUN}/{directory}/pidfile"
        yield Bundle(stored.id, f"{STORAGE}/{directory}", pid_file, stored)


def namespaces(host: Host) -> list[str]:
    """The namespaces of containerd with running containers, docker's own left out."""
    return [name for name in entries(host, CONTAINERD) if name != _DOCKERS]


def container(host: Host, bundle: Bundle) -> dict[str, Cell]:
    """The container of `bundle`; one that was made and never started has no bundle's cells."""
    row: dict[str, Cell] = {"id": bundle.id, "runtime": "containerd"}
    if bundle.stored is not None:
        row = _stored(bundle.stored)
    try:
        spec = decoded(host, bundle.path, _Spec)
    except FileNotFoundError:
        if bundle.stored is None:
            raise
        return row | {"state": "created", "status": "Created", "pid": 0}
    said = spec.annotations or {}
    kubernetes = "io.kubernetes.cri."
    if not bundle.stored:
        row |= {
            "name": said.get(f"{kubernetes}container-name", bundle.id),
            "image": said.get(f"{kubernetes}image-name", ""),
        }
    elif "io.kubernetes.cri-o.ContainerID" in said:
        row["runtime"] = "cri-o"
    pid = _pid(host, bundle.pid_file)
    arguments = spec.process.args or []
    capabilities = spec.process.capabilities or _Capabilities()
    everything = "CAP_SYS_ADMIN" in (capabilities.bounding or []) and not spec.linux.masked_paths
    podman = said.get("io.podman.annotations.privileged", "").upper() == "TRUE"
    return row | {
        "command": " ".join(arguments),
        "path": arguments[0] if arguments else "",
        "state": "running" if pid else "exited",
        "status": "Up" if pid else "Exited",
        "pid": pid,
        "privileged": int(everything or podman),
        "security_options": ",".join(_security(spec)),
        "readonly_rootfs": int(spec.root.readonly),
        "network_mode": _mode(spec, "network"),
        "pid_mode": _mode(spec, "pid"),
        "ipc_mode": _mode(spec, "ipc"),
        "capabilities_added": ",".join(capabilities.bounding or []),
    }


def mounts(host: Host, bundle: Bundle) -> Iterator[dict[str, Cell]]:
    """What of the host is mounted into the container of `bundle`."""
    try:
        spec = decoded(host, bundle.path, _Spec)
    except FileNotFoundError:
        if bundle.stored is None:
            raise
        return
    for mount in spec.mounts or []:
        options = mount.options or []
        if not {"bind", "rbind"} & {*options, mount.type} or mount.source.startswith(_OWN):
            continue
        yield {
            "id": bundle.id,
            "type": "bind",
            "name": "",
            "source": mount.source,
            "destination": mount.destination,
            "driver": "",
            "mode": ",".join(options),
            "rw": int("ro" not in options),
            "propagation": next((word for word in options if word in _PROPAGATION), ""),
        }


def images(host: Host) -> Iterator[dict[str, Cell]]:
    """The images in containers-storage, which podman and CRI-O share."""
    layers = {layer.id: layer for _, layer in _listed(host, "layers", _StoredLayer)}
    for _, image in _listed(host, "images", _StoredImage):
        size, seen, layer = 0, set[str](), layers.get(image.layer)
        while layer is not None and layer.id not in seen:
            seen.add(layer.id)
            size += layer.diff_size
            layer = layers.get(layer.parent)
        yield {
            "id": f"sha256:{image.id}",
            "created": epoch(image.created),
            "size_bytes": size,
            "tags": ",".join(sorted(name for name in image.names or [] if "@" not in name)),
        }


def _listed(host: Host, what: str, kind: type[T]) -> Iterator[tuple[str, T]]:
    """Each of `what` that containers-storage keeps, with the storage driver it is kept by."""
    for name in entries(host, STORAGE):
        driver, _, kept = name.rpartition("-")
        if kept == what and driver:
            path = f"{STORAGE}/{name}/{what}.json"
            if first(host, path) is None:
                continue
            found = decoded(host, path, list[kind], limit=_MAX)  # type: ignore[valid-type]  # at run time
            yield from ((driver, one) for one in found)


def _stored(stored: _Stored) -> dict[str, Cell]:
    try:
        said = parsed(stored.metadata, _Metadata)
    except ValueError:
        said = _Metadata()  # of another program's making
    identifier = said.image_id or stored.image
    return {
        "id": stored.id,
        "name": (stored.names or [stored.id])[0],
        "runtime": "podman",
        "image": said.image_name,
        "image_id": f"sha256:{identifier}" if identifier else "",
        "created": epoch(stored.created),
    }


def _security(spec: _Spec) -> Iterator[str]:
    """What is lifted or added, in docker's words."""
    if spec.process.no_new_privileges:
        yield "no-new-privileges"
    if spec.linux.seccomp is None:
        yield "seccomp=unconfined"
    if spec.process.apparmor_profile:
        yield f"apparmor={spec.process.apparmor_profile}"


def _mode(spec: _Spec, kind: str) -> str:
    """Whose namespace of `kind` it is in: the host's, another container's, or its own."""
    for namespace in spec.linux.namespaces or []:
        if namespace.type == kind:
            return f"ns:{namespace.path}" if namespace.path else "private"
    return "host"


def _pid(host: Host, path: str) -> int:
    """The number in a file of one; 0 if there is no such file, and so no process."""
    try:
        said = host.read(path).strip()
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return int(said) if said.isdigit() and len(said) <= _MAX_PID else 0
