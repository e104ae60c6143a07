"""Containers and images as docker's own files describe them; the daemon is not asked.

Asking it would take the socket that is as good as root, could start a daemon that does not run,
and leaves its own traces. Only the fields below are decoded: an environment never becomes a value.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import msgspec

from collectors.config import entries
from collectors.errors import SeamError
from collectors.host import MAX_READ, Host
from collectors.json_text import parsed
from evidence.canonical import Cell
from facts.status import Status, condition

_CONFIGURATION = "/etc/docker/daemon.json"
DIRECTORY = "/var/lib/docker"
_NEVER = "0001-01-01T00:00:00Z"

T = TypeVar("T")


class _Daemon(msgspec.Struct, rename="kebab"):
    data_root: str = ""
    graph: str = ""


class _State(msgspec.Struct, rename="pascal"):
    running: bool = False
    paused: bool = False
    restarting: bool = False
    removal_in_progress: bool = False
    dead: bool = False
    pid: int = 0
    exit_code: int = 0
    started_at: str = ""
    finished_at: str = ""


class _Mount(msgspec.Struct, rename="pascal"):
    type: str = ""
    name: str = ""
    source: str = ""
    destination: str = ""
    driver: str = ""
    relabel: str = ""
    rw: bool = msgspec.field(name="RW", default=False)
    propagation: str = ""


class _Config(msgspec.Struct, rename="pascal"):
    image: str = ""
    entrypoint: list[str] | str | None = None


class _Container(msgspec.Struct, rename="pascal"):
    id: str = msgspec.field(name="ID", default="")
    created: str = ""
    name: str = ""
    path: str = ""
    args: list[str] | None = None
    config: _Config = msgspec.field(default_factory=_Config)
    image: str = ""
    state: _State = msgspec.field(default_factory=_State)
    mount_points: dict[str, _Mount] | None = None


class _HostConfig(msgspec.Struct, rename="pascal"):
    network_mode: str = ""
    pid_mode: str = ""
    ipc_mode: str = ""
    privileged: bool = False
    readonly_rootfs: bool = False
    cap_add: list[str] | None = None
    security_opt: list[str] | None = None


class _Repositories(msgspec.Struct, rename="pascal"):
    repositories: dict[str, dict[str, str]] = {}


class _Layers(msgspec.Struct):
    diff_ids: list[str] | None = None


class _Image(msgspec.Struct):
    created: str = ""
    rootfs: _Layers = msgspec.field(default_factory=_Layers)


def directory(host: Host) -> str:
    """Where docker keeps its data on `host`."""
    try:
        said = decoded(host, _CONFIGURATION, _Daemon)
    except FileNotFoundError:
        return DIRECTORY
    return (said.data_root or said.graph or DIRECTORY).rstrip("/")


def containers(host: Host, base: str) -> Iterator[str]:
    """The directory of each container below docker's directory `base`."""
    for name in entries(host, f"{base}/containers"):
        yield f"{base}/containers/{name}"


def container(host: Host, path: str) -> dict[str, Cell]:
    """The container whose directory is `path`."""
    said = _container(host, path)
    options = decoded(host, f"{path}/hostconfig.json", _HostConfig)
    entrypoint = said.config.entrypoint or []
    state = _state(said.state)
    return {
        "id": said.id,
        "name": said.name,
        "runtime": "docker",
        "image": said.config.image,
        "image_id": said.image,
        "command": " ".join([said.path, *(said.args or [])]),
        "created": epoch(said.created),
        "state": state,
        "status": _status(state, said.state),
        "pid": said.state.pid,
        "path": said.path,
        "config_entrypoint": entrypoint if isinstance(entrypoint, str) else " ".join(entrypoint),
        "started_at": said.state.started_at,
        "finished_at": said.state.finished_at,
        "privileged": int(options.privileged),
        "security_options": ",".join(options.security_opt or []),
        "readonly_rootfs": int(options.readonly_rootfs),
        "network_mode": options.network_mode,
        "pid_mode": options.pid_mode,
        "ipc_mode": options.ipc_mode,
        "capabilities_added": ",".join(options.cap_add or []),
    }


def mounts(host: Host, path: str) -> Iterator[dict[str, Cell]]:
    """What is mounted into the container whose directory is `path`."""
    said = _container(host, path)
    for place, mount in sorted((said.mount_points or {}).items()):
        yield {
            "id": said.id,
            "type": mount.type or ("volume" if mount.name else "bind"),
            "name": mount.name,
            "source": mount.source,
            "destination": mount.destination or place,
            "driver": mount.driver,
            "mode": mount.relabel,
            "rw": int(mount.rw),
            "propagation": mount.propagation,
        }


def images(host: Host, base: str) -> Iterator[dict[str, Cell]]:
    """The images below docker's directory `base`, in its own store."""
    for driver in entries(host, f"{base}/image"):
        store = f"{base}/image/{driver}"
        path = f"{store}/repositories.json"
        try:
            named = decoded(host, path, _Repositories).repositories
        except FileNotFoundError:
            named = {}
        tags: dict[str, list[str]] = {}
        for names in named.values():
            for name, identifier in names.items():
                if "@" not in name:
                    tags.setdefault(identifier, []).append(name)
        for digest in entries(host, f"{store}/imagedb/content/sha256"):
            path = f"{store}/imagedb/content/sha256/{digest}"
            image = decoded(host, path, _Image)
            yield {
                "id": f"sha256:{digest}",
                "created": epoch(image.created),
                "size_bytes": _size(host, store, image),
                "tags": ",".join(sorted(tags.get(f"sha256:{digest}", []))),
            }


def decoded(host: Host, path: str, kind: type[T], *, limit: int = MAX_READ) -> T:
    """The JSON at `path`; SeamError if it is not what its runtime writes."""
    try:
        return parsed(host.read(path, limit=limit), kind)
    except ValueError as e:
        raise SeamError(
            f"{path}: {e}", condition(Status.UNREADABLE, "malformed_source", path)
        ) from e


def epoch(text: str) -> int | None:
    """An RFC 3339 time in seconds since 1970; None for none."""
    if not text or text == _NEVER:
        return None
    try:
        return int(datetime.fromisoformat(text[:19] + _zone(text)).timestamp())
    except ValueError:
        return None


def _zone(text: str) -> str:
    """The offset at the end of a time, whose fraction may be finer than Python reads."""
    return "+00:00" if text.endswith("Z") else text[-6:]


def _container(host: Host, path: str) -> _Container:
    return decoded(host, f"{path}/config.v2.json", _Container)


def _state(said: _State) -> str:
    for name, holds in (
        ("paused", said.running and said.paused),
        ("restarting", said.restarting),
        ("running", said.running),
        ("removing", said.removal_in_progress),
        ("dead", said.dead),
        ("created", said.started_at in ("", _NEVER)),
    ):
        if holds:
            return name
    return "exited"


def _status(state: str, said: _State) -> str:
    """What docker prints of the state, without how long ago."""
    if state == "exited":
        return f"Exited ({said.exit_code})"
    return {"running": "Up", "paused": "Up (Paused)"}.get(state, state.capitalize())


def _size(host: Host, store: str, image: _Image) -> int | None:
    """The sizes of an image's layers together; a layer is named by all those below it."""
    size, chain = 0, ""
    for layer in image.rootfs.diff_ids or []:
        chain = f"sha256:{_digest(f'{chain} {layer}')}" if chain else layer
        path = f"{store}/layerdb/sha256/{chain.removeprefix('sha256:')}/size"
        said = host.read(path).strip()
        if not said.isdigit() or len(said) > 18:  # noqa: PLR2004 - BIGINT
            raise SeamError(
                f"{path} is no number", condition(Status.UNREADABLE, "malformed_source", path)
            )
        size += int(said)
    return size


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
