"""A host that notes every question asked of it, so that another one can be asked the same."""

import os
from collections.abc import Iterator, Sequence

from collectors.host import MAX_READ, Completed, Host, Machine


class TracedHost:
    """`host`, and what it was asked: the call of the seam, and what it was about."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.live = host.live
        self.running = host.running
        self.machine: Machine | None = host.machine
        self.asked: dict[tuple[str, str | tuple[str, ...] | int], None] = {}

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """See `Host.read`."""
        self.asked["read", path] = None
        return self._host.read(path, limit=limit)

    def chunks(self, path: str, *, limit: int = MAX_READ) -> Iterator[bytes]:
        """See `Host.chunks`."""
        self.asked["chunks", path] = None
        return self._host.chunks(path, limit=limit)

    def names(self, path: str) -> list[str]:
        """See `Host.names`."""
        self.asked["names", path] = None
        return self._host.names(path)

    def link(self, path: str) -> str:
        """See `Host.link`."""
        self.asked["link", path] = None
        return self._host.link(path)

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """See `Host.stat`."""
        self.asked["stat", path] = None
        return self._host.stat(path, follow=follow)

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """See `Host.run`."""
        self.asked["run", tuple(argv)] = None
        return self._host.run(argv, timeout_s=timeout_s, limit=limit)

    def dump(self, kind: int) -> bytes:
        """See `Host.dump`."""
        self.asked["dump", kind] = None
        return self._host.dump(kind)
