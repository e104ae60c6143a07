"""Mounted filesystems, as the host sees them and not as our sandbox shows them."""

import os

from collectors.host import Host, SeamError, condition_of
from collectors.interface import Observed
from collectors.mountinfo import unescape
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_SIZES = ("blocks_size", "blocks", "blocks_free", "blocks_available", "inodes", "inodes_free")
_REMOTE = frozenset(
    {"9p", "afs", "autofs", "ceph", "cifs", "coda", "fuse", "fuseblk", "lustre", "nfs", "nfs4"}
    | {"orangefs", "smb3", "smbfs"}
)
"""A server behind one of these may be gone, and then every question to it hangs."""


def mounts(host: Host, columns: frozenset[str]) -> Observed:
    """The mount table of the first process; our own where that one may not be read."""
    data, observed = _table(host)
    rows: list[dict[str, Cell]] = []
    for line in data.splitlines():
        fields = line.split(b" ")
        try:
            device, point, fstype, flags = map(unescape, fields[:4])
        except ValueError:
            observed = condition(Status.PARTIAL, "malformed_source", "/proc/1/mounts")
            continue
        rows.append({"device": device, "path": point, "type": fstype, "flags": flags})
    if "device_alias" in columns:
        for row in rows:
            row["device_alias"] = _followed(host, str(row["device"]))
    sizes = _sizes(host, rows, data) if columns & set(_SIZES) else COMPLETE
    return Observed(rows, observed, {} if sizes.complete else dict.fromkeys(_SIZES, sizes))


def _table(host: Host) -> tuple[bytes, Condition]:
    """The host's mounts; where hidepid hides the first process, those of our own view."""
    try:
        return host.read("/proc/1/mounts"), COMPLETE
    except SeamError:
        raise
    except OSError as e:
        if not host.running:
            raise
        reason = condition_of(e, "/proc/1/mounts").reason
        return host.read("/proc/self/mounts"), Condition(Status.PARTIAL, reason)


def _followed(host: Host, device: str) -> str:
    """`device` with its symbolic links followed, as udev makes them below /dev."""
    for _ in range(8):
        if not device.startswith("/dev/"):
            break
        try:
            target = host.link(device)
        except OSError:
            break
        device = os.path.normpath(f"{device.rpartition('/')[0]}/{target}")
        device = target if target.startswith("/") else device
    return device


def _sizes(host: Host, rows: list[dict[str, Cell]], table: bytes) -> Condition:
    """Fill in the sizes of local filesystems, and say for which they are missing."""
    if not host.live:
        return condition(Status.UNSUPPORTED, "not_live", "statvfs")
    # Where our own view differs, sizes are asked in the first process's, which takes privilege.
    base = "" if host.read("/proc/self/mounts") == table else "/proc/1/root"
    observed = COMPLETE
    for row in rows:
        path, fstype = str(row["path"]), str(row["type"])
        if fstype in _REMOTE or fstype.startswith("fuse."):
            observed = condition(Status.PARTIAL, "remote_filesystem", path)
            continue
        try:
            found = os.statvfs(base + path)
        except ValueError:  # a NUL, which no path has
            observed = condition(Status.PARTIAL, "malformed_source", "/proc/1/mounts")
            continue
        except OSError as e:
            observed = Condition(Status.PARTIAL, condition_of(e, path).reason)
            continue
        row["blocks_size"] = found.f_frsize
        row["blocks"] = found.f_blocks
        row["blocks_free"] = found.f_bfree
        row["blocks_available"] = found.f_bavail
        row["inodes"] = found.f_files
        row["inodes_free"] = found.f_ffree
    return observed
