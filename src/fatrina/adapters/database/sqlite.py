"""SQLite: an embedded database with one writer and up to 16 readers."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from fatrina.adapters.database import migrations
from fatrina.adapters.database.base import Database
from fatrina.domain import errors

_TIMEOUT_SECONDS: Final = 10  # for a lock or a connection; then the request fails
_MAX_READERS: Final = 16
_PRIVATE_MODE: Final = 0o600
# SQLite 3.7.0 to 3.51.2 may corrupt the write-ahead log when two connections checkpoint at once.
# Therefore only one connection of one process checkpoints; it is disabled in all others.
_CHECKPOINT_PAGES: Final = 1000
_MAX_WAL_BYTES: Final = 16_000_000
"""Size to which the write-ahead log is truncated after a checkpoint."""
# Statements or values that no database accepts: bugs in this program; a retry cannot succeed.
_PROGRAM_ERRORS: Final = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
# Writes to the log without changing data. An update that sets the same value writes nothing.
_MINIMAL_WRITE: Final = text("PRAGMA user_version = 1")


class SqliteDatabase(Database):
    """An SQLite file with one writer connection and a pool of readers."""

    def __init__(self, path: Path, *, owner: bool = True, migrations_allowed: bool = True) -> None:
        """Open the file at `path`; create it if it is missing.

        Pass `owner=True` in the only process that checkpoints: the server, or a command while no
        server is running. Without `migrations_allowed`, `migrate` only checks the tables.
        """
        self._closed = False
        self._migrations_allowed = migrations_allowed
        _restrict_mode(path)
        checkpoint = _CHECKPOINT_PAGES if owner else 0
        self._writer = _create_engine(path, size=1, pragmas={"wal_autocheckpoint": checkpoint})
        self._reader = _create_engine(
            path, size=_MAX_READERS, pragmas={"wal_autocheckpoint": 0, "query_only": 1}
        )

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The engines of readers and of the writer."""
        return self._reader, self._writer

    def migrate(self) -> None:
        """Migrate the tables in one transaction.

        Raises:
            MigrationRequiredError: the tables are older, and this program may not migrate them.
        """
        with self.writing() as connection:
            revision = migrations.read_revision(connection)
            allowed = self._migrations_allowed or revision is None
            migrations.migrate(connection, allowed=allowed)

    @contextmanager
    def reading(self, *, bulk: bool = False) -> Iterator[Connection]:  # noqa: ARG002
        """Open a read-only transaction of any duration."""
        with (
            _translate_errors(),
            self._check_open(self._reader),
            self._reader.connect() as connection,
        ):
            yield connection

    def lookup(self) -> AbstractContextManager[Connection]:
        """Open a read-only transaction."""
        return self.reading()

    @contextmanager
    def writing(self, *, bulk: bool = False) -> Iterator[Connection]:  # noqa: ARG002
        """Open the only write transaction, of any duration."""
        with (
            _translate_errors(),
            self._check_open(self._writer),
            self._writer.begin() as connection,
        ):
            yield connection

    def overwrite_failed_commit(self) -> None:
        """Write to the log.

        A commit whose flush failed is complete in the log, after its valid end, and would be read
        at a restart. Any later write overwrites it.
        """
        with self.writing() as connection:
            connection.execute(_MINIMAL_WRITE)

    def check_writable(self) -> None:
        """Begin a write transaction and roll it back."""
        with self.writing() as connection:
            connection.execute(text("SELECT 1 FROM merchants LIMIT 1"))
            # A read-only file fails at its first write, not at BEGIN IMMEDIATE.
            connection.execute(_MINIMAL_WRITE)
            connection.rollback()

    def close(self) -> None:
        """Close the connections of both pools."""
        self._closed = True
        self._reader.pool.dispose()
        self._writer.pool.dispose()

    @contextmanager
    def _check_open(self, engine: Engine) -> Iterator[None]:
        if self._closed:
            raise errors.DatabaseUnavailable
        try:
            yield
        finally:
            # Disposing of a pool closes only idle connections. This connection is idle now: if it
            # was in use when `close` ran, it is closed here.
            if self._closed:
                engine.pool.dispose()


def _restrict_mode(path: Path) -> None:
    """Remove other users' access to the file, which holds secrets, and to its log.

    SQLite creates the log with the same mode. An existing file is not opened: closing it would
    release SQLite's locks on it.
    """
    with suppress(FileExistsError, FileNotFoundError, PermissionError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_MODE))
    for file in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & stat.S_IRWXO:
                file.chmod(mode & stat.S_IRWXU)  # a read-only file stays read-only


def _create_engine(path: Path, size: int, pragmas: dict[str, int]) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=_TIMEOUT_SECONDS,
        connect_args={"check_same_thread": False, "timeout": _TIMEOUT_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin in `begin`, below
        settings = {
            "journal_mode": "WAL",
            "synchronous": "FULL",
            "foreign_keys": 1,
            "journal_size_limit": _MAX_WAL_BYTES,
            **pragmas,
        }
        for name, value in settings.items():
            connection.execute(f"PRAGMA {name} = {value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that starts to write fails with "locked" under load, without
        # waiting.
        connection.exec_driver_sql("BEGIN" if "query_only" in pragmas else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as exc:
        if isinstance(exc, DBAPIError) and exc.connection_invalidated:
            down = errors.DatabaseUnavailable()
            down.connection_lost = True
            raise down from exc
        if isinstance(exc, _PROGRAM_ERRORS):
            raise  # a bug in this program, not an outage
        code = getattr(getattr(exc, "orig", None), "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise errors.StorageFull from exc
        raise errors.DatabaseUnavailable from exc
