"""Which mount a path is on, and whether that mount may stand there.

A source under a mount that does not belong there says nothing about the host: an empty tmpfs
over /etc/ssh has no setting that breaks a rule. Format of /proc/self/mountinfo: proc(5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TypeAlias

from collectors.errors import CoveredError
from evidence import canonical

_DISK = frozenset(
    {"bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "gfs2", "iso9660"}
    | {"jfs", "nilfs2", "ocfs2", "reiserfs", "squashfs", "ufs", "vfat", "xfs", "zfs"}
)
_PARTITIONS = frozenset(
    {"/boot", "/boot/efi", "/boot/firmware", "/efi", "/home", "/opt", "/root", "/srv", "/usr"}
    | {"/usr/local", "/var", "/var/cache", "/var/lib", "/var/log", "/var/log/audit"}
    | {"/var/log/journal", "/var/spool"}
)
"""Where a filesystem of its own is usual."""
_FREE = ("/home/", "/mnt/", "/media/", "/opt/", "/srv/", "/var/lib/containers/", "/var/lib/docker/")
"""Below these, filesystems are mounted as a site likes."""
_VOLATILE = frozenset({"/dev", "/dev/shm", "/run", "/run/lock", "/run/shm"})  # noqa: S108 - names
"""Where a filesystem in memory is usual; /tmp holds no source."""
_KERNEL: dict[str, frozenset[str]] = {
    "/dev": frozenset({"devtmpfs"}),
    "/dev/hugepages": frozenset({"hugetlbfs"}),
    "/dev/mqueue": frozenset({"mqueue"}),
    "/dev/pts": frozenset({"devpts"}),
    "/proc": frozenset({"proc"}),
    "/proc/fs/nfsd": frozenset({"nfsd"}),
    "/proc/sys/fs/binfmt_misc": frozenset({"autofs", "binfmt_misc"}),
    "/sys": frozenset({"sysfs"}),
    "/sys/firmware/efi/efivars": frozenset({"efivarfs"}),
    "/sys/fs/bpf": frozenset({"bpf"}),
    "/sys/fs/cgroup": frozenset({"cgroup2", "tmpfs"}),
    "/sys/fs/fuse/connections": frozenset({"fusectl"}),
    "/sys/fs/pstore": frozenset({"pstore"}),
    "/sys/fs/resctrl": frozenset({"resctrl"}),
    "/sys/fs/selinux": frozenset({"selinuxfs"}),
    "/sys/kernel/config": frozenset({"configfs"}),
    "/sys/kernel/debug": frozenset({"debugfs"}),
    "/sys/kernel/debug/tracing": frozenset({"tracefs"}),
    "/sys/kernel/security": frozenset({"securityfs"}),
    "/sys/kernel/tracing": frozenset({"tracefs"}),
}
_PER_PROCESS = ("self", "thread-self")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    id: int
    parent: int
    device: str
    """`major:minor`."""
    root: str
    """Which directory of the filesystem is mounted."""
    point: str
    fstype: str
    options: str
    """The filesystem's own (super block) options."""


Chain: TypeAlias = Sequence[Mount]
"""The mounts passed on the way to a path, from the root's to the one it is on."""


class MountTable:
    """The mounts one process sees."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        ids = {mount.id for mount in mounts}
        self._children: dict[int, list[Mount]] = {}
        self._root: Mount | None = None
        for mount in mounts:
            self._children.setdefault(mount.parent, []).append(mount)
            if mount.point == "/" and (mount.parent not in ids or mount.parent == mount.id):
                self._root = mount
        self.points = frozenset(mount.point for mount in mounts)

    @classmethod
    def parse(cls, data: bytes) -> "MountTable":
        """The table in the bytes of /proc/self/mountinfo; ValueError if they are not one."""
        return cls([_mount(line) for line in data.splitlines()])

    def way(self, path: str) -> Chain:
        """The mounts on the way to `path`, which is absolute and free of symbolic links.

        Follows the tree of mounts, not the longest mount point: a mount over /etc hides one
        made earlier at /etc/ssh.
        """
        if self._root is None:
            raise CoveredError("foreign_mount", "/", "chroot")
        chain = [self._root]
        while True:
            below = [
                mount
                for mount in self._children.get(chain[-1].id, ())
                if mount is not chain[-1] and _within(path, mount.point)
            ]
            if not below:
                return chain
            shortest = min(len(mount.point) for mount in below)
            chain.append([mount for mount in below if len(mount.point) == shortest][-1])

    def check(self, path: str) -> None:
        """That `path`, absolute and free of symbolic links, is on a mount that belongs there.

        Raises:
            CoveredError: a mount on the way does not.
        """
        chain = self.way(path)
        for below, mount in pairwise(chain):
            if not _belongs(mount, below):
                raise _covered(mount)
            if mount.point == "/proc" and "subset=pid" in mount.options.split(","):
                part = path.removeprefix("/proc").strip("/").partition("/")[0]
                if not part.isdecimal() and part not in _PER_PROCESS:
                    raise CoveredError("own_sandbox", "/proc")
        top = "/" + path.strip("/").partition("/")[0]
        if top in ("/proc", "/sys") and all(mount.point != top for mount in chain):
            raise CoveredError("foreign_mount", top, chain[-1].fstype)


def _mount(line: bytes) -> Mount:
    fields = line.split(b" ")
    tail = fields.index(b"-", 6)
    return Mount(
        id=int(fields[0]),
        parent=int(fields[1]),
        device=fields[2].decode("ascii"),
        root=unescape(fields[3]),
        point=unescape(fields[4]),
        fstype=canonical.text(fields[tail + 1]),
        options=canonical.text(b" ".join(fields[tail + 3 :])),
    )


def unescape(field: bytes) -> str:
    r"""A path as proc(5) writes it, with `\040` for a blank."""
    parts = field.split(b"\\")
    out = bytearray(parts[0])
    for part in parts[1:]:
        out.append(int(part[:3], 8) & 0xFF)
        out += part[3:]
    return out.decode("utf-8", "surrogateescape")


def _within(path: str, point: str) -> bool:
    return point in ("/", path) or path.startswith(point + "/")


def _belongs(mount: Mount, below: Mount) -> bool:
    """Whether `mount` may stand on `below`, at its point."""
    if _same_place(mount, below):
        return True
    point = mount.point
    if point == "/":
        return True  # a root over the initial root filesystem
    if point == below.point and below.fstype != "autofs":
        return _twin(mount, below)
    if mount.fstype in _KERNEL.get(point, ()):
        return mount.root == "/"
    if point.startswith("/sys/fs/cgroup/"):
        return mount.fstype in ("cgroup", "cgroup2")
    if mount.fstype in ("tmpfs", "ramfs"):
        return mount.root == "/" and (point in _VOLATILE or point.startswith("/run/user/"))
    if mount.fstype not in _DISK or not _whole(mount):
        return False
    return point in _PARTITIONS or point.startswith(_FREE)


def _same_place(mount: Mount, below: Mount) -> bool:
    """Whether `mount` only shows again what is there anyway, as systemd does to make it read-only.

    Containers bind single trees of their procfs or sysfs at their own place, too.
    """
    inside = "/" + mount.point.removeprefix(below.point.rstrip("/")).strip("/")
    shown = str(PurePosixPath(below.root) / inside.lstrip("/"))
    return (mount.device, mount.fstype, mount.root) == (below.device, below.fstype, shown)


def _twin(mount: Mount, below: Mount) -> bool:
    """Whether two mounts on one point are the same kernel filesystem mounted twice."""
    return mount.fstype == below.fstype and mount.fstype in ("proc", "sysfs", "devtmpfs", "devpts")


def _whole(mount: Mount) -> bool:
    """Whether a whole filesystem (or subvolume) is mounted, not a directory of one."""
    if mount.fstype == "btrfs":
        options = dict(option.partition("=")[::2] for option in mount.options.split(","))
        return mount.root == options.get("subvol", "/")
    return mount.root == "/"


def _covered(mount: Mount) -> CoveredError:
    if "/systemd/inaccessible/" in mount.root + "/":
        return CoveredError("own_sandbox", mount.point)
    return CoveredError("foreign_mount", mount.point, mount.fstype)
