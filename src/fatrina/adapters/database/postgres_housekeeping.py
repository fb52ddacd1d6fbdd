"""Housekeeping lock of all nodes that share a PostgreSQL database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import psycopg
from sqlalchemy import select, update

from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.postgres_connection import LimitedConnection
from fatrina.adapters.database.schema import deployment
from fatrina.domain import errors
from fatrina.domain.types import Millis

_KEY: Final = 0x46617472_696E6102  # "Fatrina", 2
_TIMEOUT_SECONDS: Final = 5
_RETRY_AFTER_SECONDS: Final = 10
_APPLICATION: Final = "fatrina-housekeeping "
_HOLDER: Final = """
    SELECT substr(application_name, %s)
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = %s
"""


class SessionLease:
    """The lock, held by a session; the server releases it when the session ends."""

    def __init__(self, connection: LimitedConnection) -> None:
        """Represent the lock of this session."""
        self._connection = connection

    def check_held(self) -> None:
        """Raise if the session has ended.

        Raises:
            errors.HousekeepingBusy: another operation may be running.
        """
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as exc:
            raise errors.HousekeepingBusy(operation="unknown", retry=_RETRY_AFTER_SECONDS) from exc


class PostgresHousekeeping:
    """An advisory lock of a session with a connection of its own."""

    def __init__(self, database: PostgresDatabase) -> None:
        """Use a database whose tables are migrated."""
        self._database = database

    def last_sweep(self) -> Millis:
        """Return when the last sweep ran, in milliseconds since the epoch; 0 if unknown."""
        with self._database.reading() as conn:
            return Millis(conn.scalar(select(deployment.c.swept_at)) or 0)

    def record_sweep(self, now: Millis) -> None:
        """Store when a sweep ran."""
        with self._database.writing() as tx:
            tx.execute(update(deployment).values(swept_at=now))

    @contextmanager
    def exclusive(self, operation: str) -> Iterator[SessionLease]:
        """Hold the lock during an operation.

        Raises:
            errors.HousekeepingBusy: another operation held it for more than five seconds.
            errors.DatabaseUnavailable: the database does not respond.
        """
        with closing(_open(self._database.direct_address)) as connection:
            _acquire(connection, operation)
            yield SessionLease(connection)


def _open(address: str) -> LimitedConnection:
    try:
        return LimitedConnection.open(address)
    except psycopg.OperationalError as exc:
        raise errors.DatabaseUnavailable from exc


def _acquire(connection: LimitedConnection, operation: str) -> None:
    connection.seconds = _TIMEOUT_SECONDS + 1
    try:
        # Without a transaction, which would delay the cleanup of old rows for as long.
        connection.execute(f"SET lock_timeout = '{_TIMEOUT_SECONDS}s'".encode())
        connection.execute(
            "SELECT set_config('application_name', %s, false)", [_APPLICATION + operation]
        )
        connection.execute("SELECT pg_advisory_lock(%s)", [_KEY])
    except psycopg.errors.LockNotAvailable as exc:
        holder = connection.execute(_HOLDER, [len(_APPLICATION) + 1, _KEY]).fetchone()
        raise errors.HousekeepingBusy(
            operation=holder[0] if holder else "unknown", retry=_RETRY_AFTER_SECONDS
        ) from exc
    except psycopg.OperationalError as exc:
        raise errors.DatabaseUnavailable from exc
