"""Leadership among the nodes that share a PostgreSQL database: an advisory lock of a session."""

from threading import Lock
from time import monotonic
from typing import Final

import psycopg

from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.postgres_connection import LimitedConnection
from fatrina.domain import errors

_KEY: Final = 0x46617472_696E6103  # "Fatrina", 3
_CHECK_SECONDS: Final = 1.0
"""Seconds between two round trips to the server."""
_RESPONSE_SECONDS: Final = 2.0
_APPLICATION: Final = "fatrina-background"
# A machine that disappears without closing its connections loses the lock after about ten seconds.
_KEEPALIVE: Final = (
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
)


class PostgresLeadership:
    """The lock of this node; the server releases it when the node's session ends."""

    def __init__(self, database: PostgresDatabase) -> None:
        """Use a database; `is_leader` connects to it."""
        self._address = database.direct_address
        self._lock = Lock()
        self._connection: LimitedConnection | None = None
        self._leads = False
        self._checked_at = 0.0
        self._closed = False

    def is_leader(self) -> bool:
        """Return whether this node holds the lock; take it if no node does.

        Raises:
            errors.DatabaseUnavailable: the database does not respond.
        """
        with self._lock:
            if self._closed:
                return False
            if self._connection is None or monotonic() - self._checked_at >= _CHECK_SECONDS:
                self._check()
            return self._leads

    def close(self) -> None:
        """Release the lock by ending the session."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def _check(self) -> None:
        try:
            connection = self._connection = self._connection or self._open()
            if self._leads:
                connection.execute("SELECT 1")
            else:
                row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_KEY]).fetchone()
                self._leads = row is not None and bool(row[0])
        except psycopg.Error as exc:
            self._disconnect()
            raise errors.DatabaseUnavailable from exc
        self._checked_at = monotonic()

    def _open(self) -> LimitedConnection:
        connection = LimitedConnection.open(self._address)
        connection.seconds = _RESPONSE_SECONDS
        try:
            connection.execute("SELECT set_config('application_name', %s, false)", [_APPLICATION])
            connection.execute(_KEEPALIVE)
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        connection, self._connection, self._leads = self._connection, None, False
        if connection is not None:
            connection.close()
