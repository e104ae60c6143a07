"""The store: migrations make its tables, a write is whole, and readers change nothing."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, insert, select, text, update

from server import clock, units
from server.errors import DataError, UsageError
from server.store import engine
from server.store.engine import create_store, open_store
from server.store.schema import metadata
from server.store.schema import units as rows

ROW = {"name": "u", "pseudonym_key": bytes(32), "created_at": "2026-11-23T08:00:00Z"}


def test_migrations_make_what_the_schema_says(tmp_path: Path) -> None:
    """The tables the program thinks of are the tables there are."""
    store = create_store(tmp_path)

    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    store.close()
    assert differences == []


def test_the_newest_migration_is_the_one_expected(tmp_path: Path) -> None:
    """A migration that is added has to be named as the newest."""
    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "migrations"))

    assert ScriptDirectory.from_config(config).get_current_head() == engine.REVISION


@pytest.mark.parametrize("name", ["a?b", "50%20", "a#b", "数据"])
def test_the_data_directory_may_have_any_name(tmp_path: Path, name: str) -> None:
    """What means something in an address means nothing in a path."""
    directory = tmp_path / name
    directory.mkdir()

    create_store(directory).close()

    assert (directory / engine.NAME).stat().st_size > 0
    assert [*tmp_path.iterdir()] == [directory]


def test_making_it_again_keeps_what_is_there(tmp_path: Path) -> None:
    """Upgrading a store that is up to date does nothing."""
    store = create_store(tmp_path)
    with store.write() as connection:
        connection.execute(insert(rows), ROW)
    store.close()

    again = create_store(tmp_path)

    with again.read() as connection:
        assert connection.scalar(select(func.count()).select_from(rows)) == 1
    again.close()


def test_another_version_is_refused(tmp_path: Path) -> None:
    """A store of a newer program is left alone by an older one."""
    store = create_store(tmp_path)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()

    with pytest.raises(DataError, match="database version 9999"):
        open_store(tmp_path)
    with pytest.raises(DataError, match="newer than this program"):
        create_store(tmp_path)


def test_no_store_names_the_command_that_makes_one(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    with pytest.raises(DataError, match="anfang-server init"):
        open_store(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_database_is_told_as_such(tmp_path: Path) -> None:
    """A damaged file is an error with a remedy, not a traceback."""
    (tmp_path / engine.NAME).write_bytes(b"no database" * 1000)

    with pytest.raises(DataError, match="damaged"):
        open_store(tmp_path)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """All or nothing."""
    store = create_store(tmp_path)

    with pytest.raises(DataError), store.write() as connection:
        connection.execute(insert(rows), [ROW, ROW])

    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(rows)) == 0
    store.close()


def test_a_reader_sees_one_state(tmp_path: Path) -> None:
    """What is committed meanwhile does not show up half way through a page."""
    store = create_store(tmp_path)
    with store.read() as reader:
        before = reader.scalar(select(func.count()).select_from(rows))
        with store.write() as writer:
            writer.execute(insert(rows), ROW)

        after = reader.scalar(select(func.count()).select_from(rows))

    store.close()
    assert (before, after) == (0, 0)


def test_a_commit_is_on_disk(tmp_path: Path) -> None:
    """SQLite is told to wait for the disk, or receipts would promise too much."""
    store = create_store(tmp_path)

    with store.write() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    store.close()
    assert settings == ["wal", 2, 1]


def test_a_unit_is_added_once_under_a_name(tmp_path: Path) -> None:
    """And a unit that is not there names those that are."""
    store = create_store(tmp_path)
    with store.write() as connection:
        units.add(connection, "铁路局")

    with store.write() as connection, pytest.raises(UsageError, match="already"):
        units.add(connection, "铁路局")
    with store.read() as connection, pytest.raises(UsageError, match="there are: 铁路局"):
        units.get(connection, "铁路")
    with store.write() as connection, pytest.raises(UsageError, match="printable"):
        units.add(connection, "a\nb")
    store.close()


def test_units_have_keys_of_their_own(tmp_path: Path) -> None:
    """The same device has another pseudonym in another unit, and no key is shown."""
    store = create_store(tmp_path)
    with store.write() as connection:
        for name in ("a", "b"):
            units.add(connection, name)
        one, two = units.get(connection, "a"), units.get(connection, "b")
        connection.execute(update(rows).values(created_at=clock.stamp(clock.now())))
    store.close()

    assert one.pseudonym("device_serial", "X") != two.pseudonym("device_serial", "X")
    assert one.pseudonym.key.hex() not in repr(one)
