"""How much goes through the removable disks while they are attached, and how long they are mounted.

The kernel's counters vanish with the disk, so they are sampled; what is known in the end is the
last sample, a lower bound.
"""

import posixpath
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from collectors.errors import SeamError
from collectors.host import Host

_READ, _WRITTEN = 2, 6
"""Which number of a disk's `stat` is which (Documentation/block/stat.rst), in sectors."""
_MOUNTS = "/proc/1/mountinfo", "/proc/self/mountinfo"


@dataclass(slots=True)
class Use:
    """What is known of one disk; sectors are of 512 bytes, times in seconds."""

    sectors_read: int
    sectors_written: int
    sampled: int
    """When it was last looked at, since 1970."""
    mounted: float | None = 0.0
    """How long at least it has been mounted; None once the mounts could not be read."""
    is_mounted: bool = False


class DiskUse:
    """The use of removable disks, by place in the device tree."""

    def __init__(self, host: Callable[[], Host]) -> None:
        """`host` makes a fresh view of the live host."""
        self._host = host
        self._uses: dict[str, Use] = {}
        self._mounts: bytes | None = None
        self._mounted: frozenset[str] | None = frozenset()
        self._last = time.monotonic()

    def sample(self, disks: Iterable[str]) -> None:
        """Look at `disks`; a disk that is no longer among them is forgotten by `take` only."""
        host, now = self._host(), time.monotonic()
        passed, self._last = now - self._last, now
        mounted = self._mounted_now(host)
        for path in disks:
            try:
                numbers = host.read(f"{path}/stat").split()
                read, written = int(numbers[_READ]), int(numbers[_WRITTEN])
            except (OSError, ValueError, IndexError):
                continue  # it is being taken out; what was seen last stands
            use = self._uses.setdefault(path, Use(read, written, 0))
            use.sectors_read, use.sectors_written = read, written
            use.sampled = int(time.time())
            if mounted is None:
                use.mounted = None
                continue
            is_mounted = posixpath.basename(path) in mounted
            if use.mounted is not None and is_mounted and use.is_mounted:
                use.mounted += passed
            use.is_mounted = is_mounted

    def take(self, path: str) -> dict[str, int | None]:
        """What the disk at `path`, which went, was used for; nothing if it was never looked at."""
        use = self._uses.pop(path, None)
        if use is None:
            return {}
        return {
            "sectors_read": use.sectors_read,
            "sectors_written": use.sectors_written,
            "sampled": use.sampled,
            "mounted": None if use.mounted is None else round(use.mounted),
        }

    def _mounted_now(self, host: Host) -> frozenset[str] | None:
        """The kernel's names of the disks that are mounted; None if that cannot be told."""
        mounts = _mount_table(host)
        if mounts is None:
            return None
        if mounts != self._mounts:
            # What watches should stay small, and most hosts never see a removable disk.
            from collectors.removable_media import removable_mounts  # noqa: PLC0415

            seen = removable_mounts(host, frozenset({"disk"}))
            known = seen.condition.status in {"complete", "partial"}
            nodes = [posixpath.basename(str(row["disk"])) for row in seen.rows]
            self._mounted = frozenset(nodes) if known else None
            self._mounts = mounts
        return self._mounted


def _mount_table(host: Host) -> bytes | None:
    for path in _MOUNTS:
        try:
            return host.read(path)
        except SeamError:
            return None
        except OSError:
            continue
    return None
