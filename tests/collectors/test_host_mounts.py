"""Which mounts may stand over a source, and which hide the host."""

import subprocess
from pathlib import Path

import pytest

from collectors.errors import CoveredError
from collectors.host import LiveHost
from collectors.mountinfo import MountTable

BASE = """\
22 27 0:21 / /proc rw - proc proc rw
23 27 0:22 / /sys rw - sysfs sysfs rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw
25 27 0:30 / /run rw - tmpfs tmpfs rw
27 1 254:0 / / rw - ext4 /dev/vda rw
28 27 254:1 / /var/log rw - xfs /dev/vdb rw
31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
"""


def table(*more: str) -> MountTable:
    """The mounts of a usual server, and some more."""
    return MountTable.parse("\n".join((BASE.strip(), *more)).encode())


def reason(mounts: MountTable, path: str) -> tuple[str, ...]:
    """Why `path` is covered."""
    with pytest.raises(CoveredError) as caught:
        mounts.check(path)
    found = caught.value.condition.reason
    assert found is not None
    return (found.code, *found.args)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/var/log/journal", "/proc/modules", "/sys/bus/usb", "/run/sysctl.d", "/"],
)
def test_a_usual_server_is_not_covered(path: str) -> None:
    """Partitions at usual places, and the kernel's own filesystems, belong there."""
    table().check(path)


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        ("40 27 0:50 / /etc/ssh rw - tmpfs none rw", "/etc/ssh/x", ("/etc/ssh", "tmpfs")),
        ("40 27 254:0 /tmp/fake /etc rw - ext4 /dev/vda rw", "/etc/passwd", ("/etc", "ext4")),
        ("40 27 0:50 / /usr/lib rw - overlay overlay rw", "/usr/lib/x", ("/usr/lib", "overlay")),
        ("40 27 0:50 / /var/lib rw - fuse.sshfs x rw", "/var/lib/x", ("/var/lib", "fuse.sshfs")),
        ("40 27 7:0 / /var/lib/dpkg rw - ext4 /dev/loop0 rw", "/var/lib/dpkg/status",
         ("/var/lib/dpkg", "ext4")),
        ("40 22 0:50 / /proc/sys rw - tmpfs none rw", "/proc/sys/net", ("/proc/sys", "tmpfs")),
        ("40 22 0:21 /fs /proc/sys rw - proc proc rw", "/proc/sys/net", ("/proc/sys", "proc")),
        ("40 23 0:50 / /sys rw - tmpfs none rw", "/sys/bus", ("/sys", "tmpfs")),
        ("40 22 0:50 / /proc rw - tmpfs none rw", "/proc/modules", ("/proc", "tmpfs")),
        ("40 25 0:50 / /run rw - tmpfs none rw", "/run/sysctl.d", ("/run", "tmpfs")),
        ("40 25 0:50 / /run/sysctl.d rw - tmpfs none rw", "/run/sysctl.d/x",
         ("/run/sysctl.d", "tmpfs")),
        ("40 28 254:1 /old /var/log rw - xfs /dev/vdb rw", "/var/log/audit", ("/var/log", "xfs")),
    ],
)  # fmt: skip
def test_what_hides_a_source_is_named(line: str, path: str, expected: tuple[str, ...]) -> None:
    """A filesystem in memory, a bind, an overlay or FUSE over a source is foreign, and named."""
    assert reason(table(line), path) == ("foreign_mount", *expected)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("40 27 254:0 /etc /etc ro - ext4 /dev/vda rw", "/etc/passwd"),
        ("40 22 0:21 /sys /proc/sys ro - proc proc rw", "/proc/sys/kernel"),
        ("40 27 0:40 /@home /home rw - btrfs /dev/sda rw,subvol=/@home", "/home/x"),
        ("40 22 0:21 / /proc rw - proc proc rw,hidepid=invisible", "/proc/modules"),
        ("40 27 254:7 / /opt/app/data rw - xfs /dev/vdc rw", "/opt/app/data/x"),
        ("40 22 0:50 / /proc/sys/fs/binfmt_misc rw - autofs x rw", "/proc/sys/fs/binfmt_misc/x"),
        ("40 25 0:51 / /run/user/1000 rw - tmpfs tmpfs rw", "/run/user/1000/x"),
    ],
)
def test_what_shows_the_host_again_is_let_through(line: str, path: str) -> None:
    """A directory bound onto itself, as our own unit does, hides nothing; nor do usual places."""
    table(line).check(path)


def test_a_later_mount_above_hides_an_earlier_one_below() -> None:
    """The tree of mounts decides, not the longest mount point."""
    mounts = table(
        "40 27 254:5 / /usr rw - ext4 /dev/vdd rw",
        "41 40 254:6 / /usr/local rw - ext4 /dev/vde rw",
        "42 40 0:50 / /usr rw - tmpfs none rw",
    )

    assert reason(mounts, "/usr/local/lib") == ("foreign_mount", "/usr", "tmpfs")


def test_our_own_sandbox_is_named_as_such() -> None:
    """What systemd covers for our own unit says so, that nobody hunts an intruder."""
    mounts = table(
        "40 27 0:30 /systemd/inaccessible/dir /usr/lib/modules ro - tmpfs tmpfs rw",
        "41 22 0:21 / /proc rw - proc proc rw,subset=pid",
    )

    assert reason(mounts, "/usr/lib/modules/x") == ("own_sandbox", "/usr/lib/modules")
    assert reason(mounts, "/proc/sys/kernel") == ("own_sandbox", "/proc")
    mounts.check("/proc/self/status")


@pytest.mark.parametrize("fstype", ["overlay", "tmpfs", "ext4", "nfs4"])
def test_the_root_itself_may_be_anything(fstype: str) -> None:
    """Containers and live images have roots of their own kind."""
    mounts = MountTable.parse(
        f"27 1 0:60 / / rw - {fstype} x rw\n22 27 0:21 / /proc rw - proc proc rw\n".encode()
    )

    mounts.check("/etc/passwd")


def test_a_host_without_kernel_filesystems_is_covered() -> None:
    """In a root that has no /proc and no /sys mounted, their files are not the kernel's."""
    mounts = MountTable.parse(b"27 1 0:60 / / rw - overlay x rw\n")

    assert reason(mounts, "/proc/modules") == ("foreign_mount", "/proc", "overlay")
    assert reason(mounts, "/sys/bus/usb") == ("foreign_mount", "/sys", "overlay")


def test_a_changed_root_without_a_mount_is_covered() -> None:
    """In a plain chroot nothing can be said about the host."""
    mounts = MountTable.parse(b"22 27 0:21 / /proc rw - proc proc rw\n")

    assert reason(mounts, "/etc/passwd") == ("foreign_mount", "/", "chroot")


@pytest.mark.parametrize("path", ["/", "/proc/sys/kernel", "/sys/fs/cgroup", "/etc"])
def test_the_way_ends_where_findmnt_says(path: str) -> None:
    """On this host the mount found for a path is the one findmnt finds."""
    told = subprocess.run(
        ["findmnt", "--noheadings", "--output", "TARGET", "--target", path],
        capture_output=True, check=True, text=True,
    ).stdout.strip()  # fmt: skip

    mounts = MountTable.parse(Path("/proc/self/mountinfo").read_bytes())

    assert mounts.way(path)[-1].point == told


def test_mounts_are_read_once() -> None:
    """A host asks for its mounts at the first question, and then keeps them."""
    host = LiveHost()
    host.read("/etc/passwd")
    kept = host._mounts

    host.read("/proc/version")

    assert kept is not None
    assert host._mounts is kept
