"""What can go wrong with the server, by who can do something about it.

    ServerError
    ├── UsageError          the administrator: an argument, a file, the configuration, a name
    ├── DataError           the administrator: the data directory is missing, open, locked, damaged
    ├── DiskFullError       the administrator: make room; nothing was half stored
    └── RefusedError        the sender: what was sent is not accepted; code and words say why

Every one carries Chinese and English.
"""

from typing import Any


class ServerError(Exception):
    """The root of what `server` raises: one sentence in each language."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class UsageError(ServerError):
    """An argument, an input file, a setting or a name is wrong; the message names the fix."""


class DataError(ServerError):
    """The data directory cannot be used as it is; the message names the fix."""


class DiskFullError(ServerError):
    """There is no room left; what was being stored was not stored at all."""

    def __init__(self) -> None:
        super().__init__(
            "服务器存储空间已满，本次内容未保存；请清理磁盘后重试",
            "the server's disk is full and nothing of this was stored; make room, then try again",
        )


class RefusedError(ServerError):
    """What was sent is not accepted: an HTTP status, a stable code, words and details."""

    def __init__(self, status: int, code: str, zh: str, en: str, **details: Any) -> None:
        super().__init__(zh, en)
        self.status = status
        self.code = code
        self.details = details
