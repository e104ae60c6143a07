"""Containers as real runtimes left them: docker 20.10, containerd 1.6 and podman 4.3 of Debian 12.

containers.json holds their files, by path, as written by daemons that ran for it alone: docker's
`web` was created with --privileged --network host --pid host --read-only --cap-add NET_ADMIN, the
daemon's socket and a volume, `plain` with nothing, `ran` ended by itself, `live` ran with --pid
host; podman's `strong` was made with --privileged --network host and /etc, `weak` ran. Each had a
secret in its environment. System calls of seccomp profiles were left out. The expected values are
what `docker ps`, `docker inspect`, `docker images` and their podman likes printed then.
"""

import errno
import json
from pathlib import Path

import pytest

from collectors.host import RootHost
from collectors.interface import Observed
from facts.status import COMPLETE, Status, condition
from tests.collectors.roots import by, cells, read, root

FILES: dict[str, str] = json.loads((Path(__file__).parent / "containers.json").read_text())
TABLES = ("docker_containers", "docker_container_mounts", "docker_images")
METADATA = "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> RootHost:
    return root(tmp_path, FILES)


def test_containers_are_those_of_their_runtimes(host: RootHost) -> None:
    """Name, runtime, image and state of each, and how much of the host it shares."""
    found = read(host, "docker_containers")

    columns = ("name", "runtime", "image", "status", "privileged", "network_mode", "pid_mode")
    base, pod = "example.test/base", "example.test/pod:1.0"
    assert found.condition == COMPLETE
    assert sorted(cells(found, *columns)) == [
        ("/live", "docker", f"{base}:2.0", "Up", 0, "none", "host"),
        ("/plain", "docker", f"{base}:1.0", "Created", 0, "none", ""),
        ("/ran", "docker", f"{base}:1.0", "Exited (0)", 0, "none", ""),
        ("/web", "docker", f"{base}:1.0", "Created", 1, "host", "host"),
        ("strong", "podman", pod, "Exited", 1, "host", "private"),
        ("weak", "podman", pod, "Up", 0, "private", "private"),
    ]


def test_what_weakens_a_container_is_told(host: RootHost) -> None:
    """Options of security, added capabilities and a root that may not be written."""
    found = read(host, "docker_containers")

    assert by(found, "name", "security_options")["/web"] == "seccomp=unconfined,label=disable"
    assert by(found, "name", "capabilities_added")["/web"] == "NET_ADMIN"
    assert by(found, "name", "readonly_rootfs") == {
        name: int(name == "/web") for name in by(found, "name", "id")
    }
    assert by(found, "name", "created")["/ran"] == 1795466149


def test_mounts_are_those_that_were_asked_for(host: RootHost) -> None:
    """The daemon's socket, volumes and directories; not what a runtime mounts by itself."""
    names = {str(row["id"]): row["name"] for row in read(host, "docker_containers").rows}

    found = read(host, "docker_container_mounts")

    assert found.condition == COMPLETE
    columns = ("type", "name", "source", "destination", "rw")
    told = [(names[str(row["id"])], *(row[c] for c in columns)) for row in found.rows]
    assert sorted(told, key=str) == [
        ("/live", "bind", "", "/etc/hosts", "/etc/h", 0),
        ("/web", "bind", "", "/var/run/docker.sock", "/var/run/docker.sock", 1),
        ("/web", "volume", "vol", "/var/lib/docker/volumes/vol/_data", "/data", 0),
        ("strong", "bind", "", "/etc", "/host", 0),
    ]


def test_images_are_those_of_their_runtimes(host: RootHost) -> None:
    """Tags and sizes that `docker images` and `podman images` print."""
    found = read(host, "docker_images")

    assert found.condition == COMPLETE
    assert sorted(cells(found, "tags", "size_bytes", "created")) == [
        ("example.test/base:1.0", 708080, 1795466149),
        ("example.test/base:2.0", 2893200, 1795466182),
        ("example.test/pod:1.0", 2908160, 1795466211),
    ]


def test_no_environment_is_ever_seen(host: RootHost) -> None:
    """The secrets that are in the files are in no cell."""
    assert sum("hunter2" in text for text in FILES.values()) == 4

    for table in TABLES:
        assert "hunter2" not in repr(read(host, table).rows)


def test_containers_of_kubernetes_are_told_by_their_bundles(tmp_path: Path) -> None:
    """What containerd runs for others than docker is a row; an image list of its own is unknown."""
    task = "/run/containerd/io.containerd.runtime.v2.task"
    files = {p.replace("/moby/", "/k8s.io/"): t for p, t in FILES.items() if p.startswith(task)}
    host = root(tmp_path, {**files, METADATA: "", "/var/lib/x": ""})

    found = read(host, "docker_containers")
    images = read(host, "docker_images")

    assert cells(found, "runtime", "status", "path", "pid_mode", "privileged") == [
        ("containerd", "Up", "/bin/sleep", "host", 0)
    ]
    assert images.condition == condition(Status.UNSUPPORTED, "format_unknown", METADATA, "bolt")


def test_docker_with_containerds_images_is_not_without_images(tmp_path: Path) -> None:
    """Where docker leaves its images to containerd the table says so."""
    host = root(tmp_path, {METADATA: "", "/var/lib/docker/rootfs/x": "", "/run/x": ""})

    assert read(host, "docker_images").condition.status is Status.UNSUPPORTED


def test_docker_elsewhere_is_found(tmp_path: Path) -> None:
    """The directory that daemon.json names is read instead."""
    files = {p.replace("/var/lib/docker", "/data/docker"): t for p, t in FILES.items()}
    files["/etc/docker/daemon.json"] = '{"data-root": "/data/docker/", "debug": true}'

    assert len(read(root(tmp_path, files), "docker_containers").rows) == 6


def test_a_host_without_containers_is_complete(tmp_path: Path) -> None:
    """No runtime's directory beside others: no rows. Nothing recorded of them: not known."""
    without = root(tmp_path / "a", {"/var/lib/x": "", "/run/x": ""})
    unknown = root(tmp_path / "b", {"/etc/hostname": "h"})

    for table in TABLES:
        assert read(without, table) == Observed([])
        assert read(unknown, table).condition.status is Status.UNREADABLE


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff", b'{"State": 7}', b"[" * 5000, b'{"x":' * 100_000]
)
@pytest.mark.parametrize(
    "name", ["config.v2.json", "hostconfig.json", "containers.json", "config.json"]
)
def test_a_damaged_file_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that is not what its runtime writes costs its own rows and makes the table unknown."""
    path = next(path for path in FILES if path.endswith(f"/{name}") and "moby" not in path)
    host = root(tmp_path, {**FILES, path: content})

    found = read(host, "docker_containers")

    if content == b'{"State": 7}' and name != "config.v2.json":
        return  # the format has no such field there, and it is passed over
    assert found.condition == condition(Status.UNREADABLE, "malformed_source", path)
    assert len(found.rows) in (4, 5)


def test_a_directory_that_may_not_be_listed_is_denied(tmp_path: Path) -> None:
    """Docker's directory is root's: denied to others, never a host without containers."""

    class Plain(RootHost):
        def names(self, path: str) -> list[str]:
            if path == "/var/lib/docker/containers":
                raise PermissionError(errno.EACCES, "not for you", path)
            return super().names(path)

    root(tmp_path, FILES)

    found = read(Plain(tmp_path), "docker_containers")

    assert found.condition.status is Status.DENIED
    assert {row["runtime"] for row in found.rows} == {"podman"}
