"""The database file: how it is opened, migrated and written.

SQLite in WAL mode with synchronous=FULL: what was committed survives a power cut. Readers never
wait; writers of this process take turns on one lock, and those of other processes (the command
line beside a running server) on SQLite's own.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from server.errors import DataError, DiskFullError, ServerError

NAME = "anfang.sqlite"
REVISION = "0002"
"""The newest migration; they are numbered in order."""

_BUSY_SECONDS = 30
"""How long a writer waits for another process."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_IMMEDIATE: Final = "anfang_immediate"


@dataclass(frozen=True)
class Store:
    """An open store."""

    engine: Engine
    path: Path
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the store, and cannot change it."""
        with _narrowed(self.path), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: on disk when the block ends, undone if it raises.

        Raises:
            DiskFullError: there is no room; nothing was stored.
        """
        with self._turn, _narrowed(self.path), self.engine.connect() as connection:
            writer = connection.execution_options(**{_IMMEDIATE: True})
            with writer.begin():
                yield writer

    def close(self) -> None:
        """Give the file back."""
        self.engine.dispose()


def create_store(directory: Path) -> Store:
    """Make the store in the data directory, or bring an older one up to date.

    Raises:
        DataError: the database is newer than this program.
    """
    path = directory / NAME
    path.touch(mode=0o600)
    store = Store(_engine(path), path)
    found = _revision(store)
    if found is not None and found > REVISION:
        store.close()
        raise DataError(
            f"{path}: 数据库版本 {found} 比本程序新；请使用较新版本的程序",
            f"{path}: database version {found} is newer than this program; use the newer one",
        )
    if found != REVISION:
        _upgrade(store)
    return store


def open_store(directory: Path) -> Store:
    """The store in the data directory.

    Raises:
        DataError: there is none, or it belongs to another version of the program.
    """
    path = directory / NAME
    if not path.is_file():
        raise DataError(
            f"{path}: 数据库不存在；请先执行：anfang-server init {directory}",
            f"{path}: no database; first: anfang-server init {directory}",
        )
    store = Store(_engine(path), path)
    found = _revision(store)
    if found != REVISION:
        store.close()
        raise DataError(
            f"{path}: 数据库版本为 {found}，应为 {REVISION}；启动同版本的服务时会自动升级",
            f"{path}: database version {found}, where {REVISION} is needed; starting the server "
            "with this version of the program upgrades it",
        )
    return store


def _revision(store: Store) -> str | None:
    """Where the migrations of `store` stand; None: nowhere yet."""
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _upgrade(store: Store) -> None:
    # Half a second to import, and needed once in the life of a version.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _engine(path: Path) -> Engine:
    # As text, a question mark in the path would end it.
    address = URL.create("sqlite", database=str(path))
    engine = create_engine(address, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # The driver must not begin transactions by itself: see `begun`.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A writer takes the write lock at once: a reader that turns into one may not wait.
        immediate = connection.get_execution_options().get(_IMMEDIATE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextmanager
def _narrowed(path: Path) -> Iterator[None]:
    """What the database raises, as what an administrator can act on."""
    try:
        yield
    except DatabaseError as e:
        raise _narrow(path, e) from e


def _narrow(path: Path, error: DatabaseError) -> ServerError:
    original: Any = error.orig
    if isinstance(error, OperationalError) and isinstance(original, sqlite3.OperationalError):
        match original.sqlite_errorcode & 0xFF:
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
                # A write-ahead log that cannot grow reports an input/output error.
                return DiskFullError()
            case sqlite3.SQLITE_BUSY:
                return DataError(
                    f"{path}: 数据库被其他程序占用超过 {_BUSY_SECONDS} 秒；请稍后重试",
                    f"{path}: another program kept the database for {_BUSY_SECONDS} seconds; "
                    "try again later",
                )
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                return DataError(
                    f"{path}: 数据库无法写入；请检查文件属主和权限",
                    f"{path}: the database cannot be written; check its owner and mode",
                )
    return DataError(
        f"{path}: 数据库损坏或不可用：{original}；请从备份恢复",
        f"{path}: the database is damaged or unusable: {original}; restore it from a backup",
    )
