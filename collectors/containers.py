"""Containers, their mounts and images, of every runtime that keeps files we know.

A host without any of the runtimes' directories has none; one whose directory may not be read is
denied. A container that goes while it is read has no row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from collectors import docker, oci
from collectors.config import first, present
from collectors.errors import SeamError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.oci import Bundle
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
_METADATA = "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
"""containerd's own list of images, in a format that only containerd reads."""

T = TypeVar("T")


def docker_containers(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each container, running or not."""
    seen = _Reader(host)
    seen.read_dockers(lambda path: [docker.container(host, path)])
    seen.read_bundles(lambda bundle: [oci.container(host, bundle)])
    wanted = [kind for kind in _NAMESPACES if f"{kind}_namespace" in columns]
    refused: dict[str, Condition] = {}
    for row in seen.rows if wanted else ():
        refused |= _namespaces(host, row, wanted)
    return Observed(seen.rows, seen.condition, refused)


def docker_container_mounts(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each thing of the host that is mounted into a container."""
    del columns
    seen = _Reader(host)
    seen.read_dockers(lambda path: docker.mounts(host, path))
    seen.read_bundles(lambda bundle: oci.mounts(host, bundle))
    return Observed(seen.rows, seen.condition)


def docker_images(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each image that a container can be made of."""
    del columns
    seen = _Reader(host)
    seen.take(lambda: docker.images(host, seen.docker()))
    seen.take(lambda: oci.images(host))
    seen.take(lambda: _containerd_images(host, seen.docker()))
    return Observed(seen.rows, seen.condition)


class _Reader:
    """Gathers rows from one container after another, and notes what could not be read."""

    def __init__(self, host: Host) -> None:
        self.rows: list[dict[str, Cell]] = []
        self.condition = COMPLETE
        self._host = host
        self._docker: str | None = None
        self.take(lambda: _known(host))

    def docker(self) -> str:
        """Docker's directory."""
        if self._docker is None:
            self._docker = docker.directory(self._host)
        return self._docker

    def read_dockers(self, read: Callable[[str], Iterable[dict[str, Cell]]]) -> None:
        """Takes what `read` finds in each container of docker's."""
        for path in self._listed(lambda: docker.containers(self._host, self.docker())):
            self.take(partial(read, path), path)

    def read_bundles(self, read: Callable[[Bundle], Iterable[dict[str, Cell]]]) -> None:
        """Takes what `read` finds in each other container."""
        for bundle in self._listed(lambda: oci.bundles(self._host)):
            self.take(partial(read, bundle), bundle.directory)

    def take(
        self, read: Callable[[], Iterable[dict[str, Cell]]], directory: str | None = None
    ) -> None:
        """Adds the rows that `read` finds in `directory`, if that is still there."""
        try:
            self.rows += read()
        except OSError as e:
            if directory is None or first(self._host, directory) is not None:
                self.condition = condition_of(e, str(e.filename or docker.DIRECTORY))

    def _listed(self, names: Callable[[], Iterator[T]]) -> list[T]:
        try:
            return list(names())
        except OSError as e:
            self.condition = condition_of(e, str(e.filename or docker.DIRECTORY))
            return []


def _known(host: Host) -> Iterable[dict[str, Cell]]:
    """No rows; OSError if it is not known whether there is any runtime."""
    present(host, docker.DIRECTORY, oci.STORAGE, oci.CONTAINERD)
    return ()


def _containerd_images(host: Host, directory: str) -> Iterable[dict[str, Cell]]:
    """No rows; SeamError if containerd, on its own or for docker, keeps images for itself."""
    if (oci.namespaces(host) or first(host, f"{directory}/rootfs")) and first(host, _METADATA):
        raise SeamError(
            f"not a known format: {_METADATA}",
            condition(Status.UNSUPPORTED, "format_unknown", _METADATA, "bolt"),
        )
    return ()


def _namespaces(host: Host, row: dict[str, Cell], kinds: list[str]) -> Mapping[str, Condition]:
    """Adds the namespaces of a running container's first process; which of them it could not."""
    refused: dict[str, Condition] = {}
    for kind in kinds if row.get("pid") else ():
        column, path = f"{kind}_namespace", f"/proc/{row['pid']}/ns/{kind}"
        if not host.running:
            refused[column] = condition(Status.UNSUPPORTED, "not_live", "/proc")
            continue
        try:
            row[column] = host.link(path).partition("[")[2].rstrip("]")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        except OSError as e:
            refused[column] = condition_of(e, path)
    return refused
