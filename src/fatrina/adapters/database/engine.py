"""Connections and transactions: one writer, many readers."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
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
from fatrina.adapters.database.schema import REVISION
from fatrina.domain import errors

_TIMEOUT_SECONDS: Final = 10  # seconds for a lock or a connection, then the request is refused
_MAX_READERS: Final = 16
_PRIVATE_MODE: Final = 0o600
# SQLite 3.7.0 to 3.51.2 may corrupt the write-ahead log when two connections checkpoint at once:
# so one connection of one process does, and every other has it off.
_CHECKPOINT_PAGES: Final = 1000
_MAX_WAL_BYTES: Final = 16_000_000
"""What the log keeps on the disk after a checkpoint, however long it had become."""
# A statement or a value of ours that no database accepts, however often it is sent.
_PROGRAM_ERRORS: Final = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
# Changes nothing, and yet writes: an update of a row to what it was would write nothing.
_MINIMAL_WRITE: Final = text("PRAGMA user_version = 1")


class Database:
    """The embedded database: a SQLite file whose log is checkpointed by this process alone."""

    def __init__(self, path: Path, *, owner: bool = True) -> None:
        """Open the file at `path`, made when missing.

        `owner` is the one process that checkpoints: the server, or a command while none runs.
        """
        self._closed = False
        _restrict_mode(path)
        checkpoint = _CHECKPOINT_PAGES if owner else 0
        self._writer = _create_engine(path, size=1, pragmas={"wal_autocheckpoint": checkpoint})
        self._reader = _create_engine(
            path, size=_MAX_READERS, pragmas={"wal_autocheckpoint": 0, "query_only": 1}
        )

    def migrate(self) -> None:
        """Bring the tables up to date.

        Raises:
            errors.DatabaseUnavailable: the file cannot be read or written.
        """
        with self.writing() as connection:
            if _current_revision(connection) != REVISION:
                migrations.upgrade(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent look; nothing can be written.

        Raises:
            errors.DatabaseUnavailable: the database does not answer.
        """
        with (
            _translate_errors(),
            self._check_open(self._reader),
            self._reader.connect() as connection,
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, alone: committed at the end, undone when anything is raised.

        Raises:
            errors.DatabaseUnavailable: the database does not answer or refuses writes.
            errors.StorageFull: the disk is full.
        """
        with (
            _translate_errors(),
            self._check_open(self._writer),
            self._writer.begin() as connection,
        ):
            yield connection

    def overwrite_failed_commit(self) -> None:
        """See to it that no commit that failed comes to life at a restart.

        One whose flush failed lies whole in the log, behind its end, where a restart would read
        it; any later write goes over it.

        Raises:
            errors.DatabaseUnavailable, errors.StorageFull.
        """
        with self.writing() as connection:
            connection.execute(_MINIMAL_WRITE)

    def check_writable(self) -> None:
        """Prove that the database can be written now.

        Raises:
            errors.DatabaseUnavailable, errors.StorageFull.
        """
        with self.writing() as connection:
            connection.execute(text("SELECT 1 FROM merchants LIMIT 1"))
            # A file that may only be read fails at its first write, not at BEGIN IMMEDIATE.
            connection.execute(_MINIMAL_WRITE)
            connection.rollback()

    def close(self) -> None:
        """Close every connection; one in use is closed when its transaction ends.

        From now on, every transaction is refused.
        """
        self._closed = True
        self._reader.pool.dispose()
        self._writer.pool.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _check_open(self, engine: Engine) -> Iterator[None]:
        if self._closed:
            raise errors.DatabaseUnavailable
        try:
            yield
        finally:
            # Disposing of a pool closes its idle connections only. The one that was in use is idle
            # now: if `close` came too early to close it, it is closed here.
            if self._closed:
                engine.pool.dispose()


def _restrict_mode(path: Path) -> None:
    """Keep the file, which holds secrets, from other users; SQLite gives its log the same mode.

    An existing file is not opened for that: closing it would drop SQLite's locks on it.
    """
    with suppress(FileExistsError, FileNotFoundError, PermissionError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_MODE))
    for file in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & stat.S_IRWXO:
                file.chmod(mode & stat.S_IRWXU)  # what may only be read stays so


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
        connection.isolation_level = None  # BEGIN is ours, below
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
        # A deferred BEGIN that turns into a write fails "locked" under load instead of waiting.
        connection.exec_driver_sql("BEGIN" if "query_only" in pragmas else "BEGIN IMMEDIATE")

    return engine


def _current_revision(conn: Connection) -> str | None:
    """Which revision the tables are at; None before the first."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    revision: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


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
            raise  # a fault of ours, no outage
        code = getattr(getattr(exc, "orig", None), "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise errors.StorageFull from exc
        raise errors.DatabaseUnavailable from exc
