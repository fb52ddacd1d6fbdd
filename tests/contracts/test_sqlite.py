"""SQLite: write-ahead log, flushes, full disk, damaged files, migrations."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from fatrina.adapters.database import Database, SqliteDatabase, images, products
from fatrina.adapters.database import sqlite as engines
from fatrina.adapters.database.products import ProductRow
from fatrina.adapters.database.schema import merchants
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.product import ProductFilter
from fatrina.domain.types import MerchantId, Millis, ProductId
from tests.contracts.rows import PRODUCT, attach


@pytest.fixture
def database_address(tmp_path: Path) -> str:
    """These tests run on SQLite only."""
    return str(tmp_path / "fatrina.sqlite3")


def read_pragma(connection: Connection, name: str) -> Any:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


SYNCHRONOUS_FULL = 2


def test_commits_are_flushed_and_foreign_keys_enforced(database: Database) -> None:
    with database.writing() as tx, database.reading() as conn:
        for connection in (tx, conn):
            assert read_pragma(connection, "synchronous") == SYNCHRONOUS_FULL
            assert read_pragma(connection, "foreign_keys") == 1
            assert read_pragma(connection, "journal_mode") == "wal"
        assert (read_pragma(tx, "query_only"), read_pragma(conn, "query_only")) == (0, 1)


def test_only_the_writer_of_the_owner_checkpoints(database: Database, tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "fatrina.sqlite3", owner=False) as second:
        with database.reading() as conn, second.reading() as guest_conn:
            assert read_pragma(conn, "wal_autocheckpoint") == 0
            assert read_pragma(guest_conn, "wal_autocheckpoint") == 0
        with database.writing() as tx:
            assert read_pragma(tx, "wal_autocheckpoint") == 1000
        with second.writing() as tx:
            assert read_pragma(tx, "wal_autocheckpoint") == 0


def test_the_log_stays_small(database: Database, tmp_path: Path) -> None:
    for number in range(30):
        with database.writing() as tx:
            tx.execute(merchants.update().values(code=f"{number:06}"))
            tx.execute(text("CREATE TABLE filler AS SELECT zeroblob(900000) AS x"))
            tx.execute(text("DROP TABLE filler"))
    assert (tmp_path / "fatrina.sqlite3-wal").stat().st_size < 12_000_000


def test_the_log_is_truncated_after_a_long_read_transaction(
    database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "fatrina.sqlite3-wal"
    with database.reading() as conn:
        conn.execute(text("SELECT count(*) FROM merchants"))
        for _ in range(25):
            with database.writing() as tx:
                tx.execute(text("CREATE TABLE filler AS SELECT zeroblob(900000) AS x"))
                tx.execute(text("DROP TABLE filler"))
        assert log.stat().st_size > 20_000_000
    for _ in range(3):
        database.overwrite_failed_commit()
    assert log.stat().st_size <= 16_000_000


def test_overwriting_a_failed_commit_writes_to_the_log(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "fatrina.sqlite3-wal"
    database.overwrite_failed_commit()
    for _ in range(3):
        before = log.stat().st_size
        database.overwrite_failed_commit()
        assert log.stat().st_size > before


def test_a_full_disk_is_reported_as_storage_full(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
        pages = read_pragma(tx, "page_count")
        read_pragma(tx, f"max_page_count = {pages}")
    large = Change(alt="x" * 100_000)
    with pytest.raises(errors.StorageFull), database.writing() as tx:
        attach(tx, 2, PRODUCT, large)
    with database.writing() as tx:
        assert len(images.load_gallery(tx, ProductId(PRODUCT)).entries) == 1
        read_pragma(tx, f"max_page_count = {pages + 100}")
    with database.writing() as tx:
        attach(tx, 2, PRODUCT, large)


def test_a_file_that_is_not_a_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "fatrina.sqlite3").write_bytes(b"no database at all" * 100)
    with SqliteDatabase(tmp_path / "fatrina.sqlite3") as database:
        with pytest.raises(errors.DatabaseUnavailable):
            database.migrate()
        with pytest.raises(errors.DatabaseUnavailable), database.reading():
            pass


def test_a_database_without_tables_is_unavailable(tmp_path: Path) -> None:
    with (
        SqliteDatabase(tmp_path / "fatrina.sqlite3") as database,
        pytest.raises(errors.DatabaseUnavailable),
    ):
        database.check_writable()


def test_a_missing_directory_is_unavailable(tmp_path: Path) -> None:
    with (
        SqliteDatabase(tmp_path / "missing" / "fatrina.sqlite3") as database,
        pytest.raises(errors.DatabaseUnavailable),
    ):
        database.check_writable()


def create_migrated_file(folder: Path) -> Path:
    """Create a database file with all tables."""
    path = folder / "fatrina.sqlite3"
    with SqliteDatabase(path) as database:
        database.migrate()
    return path


def test_a_read_only_file_is_unavailable(tmp_path: Path) -> None:
    path = create_migrated_file(tmp_path)
    path.chmod(0o444)
    if os.access(path, os.W_OK):
        pytest.skip("the superuser may write to anything")
    with SqliteDatabase(path) as database, pytest.raises(errors.DatabaseUnavailable):
        database.check_writable()
    for file in tmp_path.iterdir():  # its log too, which was created with the same mode
        file.chmod(0o644)
    with SqliteDatabase(path) as database:
        database.check_writable()


def test_a_corrupt_page_is_unavailable(tmp_path: Path) -> None:
    path = create_migrated_file(tmp_path)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8000)
    with SqliteDatabase(path) as database, pytest.raises(errors.DatabaseUnavailable):
        database.check_writable()


def test_rows_survive_every_migration(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "fatrina:adapters/database/migrations")
    with database.writing() as tx:
        attach(tx, 1, change=Change(alt="before"))
        gallery = images.load_gallery(tx, ProductId(PRODUCT))
        config.attributes["connection"] = tx
        command.downgrade(config, "0001")
    database.migrate()
    with database.reading() as conn:
        assert images.load_gallery(conn, ProductId(PRODUCT)) == gallery


def test_migration_0008_makes_existing_products_searchable(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "fatrina:adapters/database/migrations")
    count = 2 * 1000 + 1  # more than two batches
    with database.writing() as tx:
        for number in range(count):
            row = ProductRow(
                ProductId(number + 1), f"Straße {number}", "Ä-1" if number == count - 1 else None
            )
            products.add(tx, MerchantId(1), row, Millis(1))
        config.attributes["connection"] = tx
        command.downgrade(config, "0007")
    database.migrate()
    with database.reading() as conn:
        assert products.count(conn, MerchantId(1), ProductFilter("STRASSE")) == count
        assert products.count(conn, MerchantId(1), ProductFilter("LAMP")) == 2
        rows = products.list_page(conn, MerchantId(1), ProductFilter("ä-1"), 10, 0)
        assert [row.id for row in rows] == [count]
        assert products.count(conn, MerchantId(1), ProductFilter("strasse 2000")) == 1


def test_an_oversized_value_is_not_reported_as_an_outage(tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "x.sqlite3") as database:
        database.migrate()
        with database.writing() as tx:
            connection = tx.connection.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
        with pytest.raises(DataError), database.writing() as tx:
            tx.execute(text("SELECT :value"), {"value": "a" * 2000})
        database.check_writable()


def test_a_lost_connection_is_reported_as_such(tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "x.sqlite3") as database:
        database.migrate()

        def close_connection() -> None:
            with database.writing() as tx:
                connection = tx.connection.driver_connection
                assert isinstance(connection, sqlite3.Connection)
                connection.rollback()
                connection.close()
                tx.execute(text("SELECT 1"))

        with pytest.raises(errors.DatabaseUnavailable) as exc_info:
            close_connection()
        assert exc_info.value.connection_lost
        database.check_writable()


@contextmanager
def hold_write_lock(path: Path) -> Iterator[None]:
    """Hold the write lock through another connection."""
    with SqliteDatabase(path, owner=False) as second, second.writing():
        yield


def test_waiting_too_long_is_reported_as_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_TIMEOUT_SECONDS", 0.05)
    path = tmp_path / "fatrina.sqlite3"
    with SqliteDatabase(path) as database:
        database.migrate()
        with hold_write_lock(path), pytest.raises(errors.DatabaseUnavailable):
            database.check_writable()
        with database.writing(), pytest.raises(errors.DatabaseUnavailable):
            database.check_writable()
        database.check_writable()
