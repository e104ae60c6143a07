"""One server, opened: its configuration, keys and store, from the data directory.

anfang-server.toml     configuration
server-signing-key.pem signs enrolments, assignments and checkpoints
ca.pem, ca-key.pem     the authority of the TLS certificate, which agents pin
server.pem, server-key.pem   the TLS certificate
anfang.sqlite          the store
lock                   held while serving
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence import keys
from evidence.errors import KeyFileError
from evidence.files import write_atomic
from server import authority, config, people
from server.config import Config
from server.errors import DataError, UsageError
from server.log import Log
from server.store.engine import Store, create_store, open_store

SIGNING_KEY = "server-signing-key.pem"
LOCK = "lock"
ADMINISTRATOR = "admin"
"""The name of the first administrator."""


@dataclass(frozen=True, slots=True)
class Service:
    """An open server."""

    directory: Path
    config: Config
    store: Store
    log: Log

    def close(self) -> None:
        """Give the store back."""
        self.store.close()


def initialise(directory: Path, *, host_names: tuple[str, ...], listen: str) -> str:
    """Make a data directory; the first administrator's password, which is kept nowhere.

    Raises:
        UsageError: there is something already, or a name or address is none.
        DataError: it cannot be written.
    """
    config.check(Config(origin="-", host_names=host_names, listen=listen), "init")
    try:
        _make_directory(directory)
        key = keys.create_key(directory / SIGNING_KEY)
        origin = f"{host_names[0]}/anfang/{key.key_id[:16]}"
        settings = Config(origin=origin, host_names=host_names, listen=listen)
        authority.create(directory, name=f"Anfang {key.key_id[:8]}", host_names=host_names)
        store = create_store(directory)
        password = people.random_password()
        with store.write() as connection:
            people.create_person(connection, ADMINISTRATOR, password, people.ADMINISTRATOR)
        store.close()
        # Last, since every other command begins by reading it: half a directory is none.
        write_atomic(directory / config.NAME, config.render(settings).encode(), mode=0o600)
    except (OSError, KeyFileError) as e:
        raise DataError(
            f"{directory}: 无法写入：{e}", f"{directory}: cannot be written: {e}"
        ) from e
    return password


def open_service(directory: Path, *, upgrade: bool = False) -> Service:
    """The server in the data directory; `upgrade` brings an older store up to date.

    Raises:
        UsageError: the configuration has to be corrected.
        DataError: the directory is open to others, or something in it is missing or damaged.
    """
    settings = config.load(directory)
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & 0o077:
        raise DataError(
            f"{directory}: 其他用户可以进入（权限 {mode:04o}）；请执行：chmod 700 {directory}",
            f"{directory}: open to others (mode {mode:04o}); run: chmod 700 {directory}",
        )
    try:
        key = keys.load_key(directory / SIGNING_KEY)
    except KeyFileError as e:
        raise DataError(f"签名密钥无法使用：{e}", str(e)) from e
    store = create_store(directory) if upgrade else open_store(directory)
    return Service(directory, settings, store, Log(settings.origin, key))


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """The data directory, served by this process alone while the block runs.

    Raises:
        DataError: another process serves it, or it cannot be written.
    """
    try:
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise DataError(
            f"{directory}: 无法写入：{e.strerror}；请检查属主和权限",
            f"{directory}: cannot be written: {e.strerror}; check its owner and mode",
        ) from e
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as e:
        os.close(descriptor)
        raise DataError(
            f"{directory}: 已有一个服务进程在使用该数据目录；请先停止它",
            f"{directory}: another server already runs on this data directory; stop it first",
        ) from e
    try:
        yield
    finally:
        os.close(descriptor)


def _make_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise UsageError(
            f"{directory}: 目录不为空；初始化需要新目录或空目录",
            f"{directory}: not empty; init wants a new or an empty directory",
        )
    directory.chmod(0o700)
