"""PostgreSQL: pooled connections, transactions with time limits, migration under a lock."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, cast

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool, QueuePool

from fatrina.adapters.database import migrations, postgres_errors
from fatrina.adapters.database.base import Database
from fatrina.adapters.database.postgres_connection import LimitedConnection, complete_address
from fatrina.domain import errors

POOL_SIZE: Final = 8
_POOL_TIMEOUT_SECONDS: Final = 2
_BEGIN_SECONDS: Final = 2.0
_STATEMENT_SECONDS: Final = 4
_BULK_SECONDS: Final = 600
_MARGIN_SECONDS: Final = 0.5
"""How much longer than the server's limit the client waits, for the server's error to arrive."""
_LOCK_SECONDS: Final = 2
_IDLE_SECONDS: Final = 10
# Not REPEATABLE READ: its snapshot is older than a lock for which the transaction has waited, so
# the rows read under that lock would be outdated.
_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_MIGRATION_LOCK: Final = 0x46617472_696E6101  # "Fatrina", 1
_MIGRATION_ATTEMPTS: Final = 30


class PostgresDatabase(Database):
    """A PostgreSQL database that any number of processes share."""

    def __init__(
        self, address: str, direct_address: str = "", *, migrations_allowed: bool = True
    ) -> None:
        """Use the database at `address`, a libpq connection URI; connections are opened later.

        `direct_address` leads to the same database without a transaction pooler, for sessions with
        their own locks; empty: `address`. Without `migrations_allowed`, `migrate` only checks.

        Raises:
            ValueError: an address is invalid.
        """
        address = complete_address(address)
        self.direct_address = complete_address(direct_address or address)
        self._migrations_allowed = migrations_allowed
        self._closed = False
        self._pooled = _create_engine(address, pool_size=POOL_SIZE)
        self._reader, self._bulk_reader = _limit(self._pooled, _READ)
        self._writer, self._bulk_writer = _limit(self._pooled, _WRITE)
        self._autocommit = self._pooled.execution_options(
            begin="", seconds=_STATEMENT_SECONDS + _MARGIN_SECONDS
        )
        _, self._direct = _limit(_create_engine(self.direct_address, pool_size=0), _WRITE)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The engine of the pool, which all transactions use."""
        return (self._pooled,)

    @contextmanager
    def reading(self, *, bulk: bool = False) -> Iterator[Connection]:
        """Open a read-only transaction in a snapshot of its own."""
        with self._transaction(self._bulk_reader if bulk else self._reader) as connection:
            yield connection
            connection.rollback()

    def lookup(self) -> AbstractContextManager[Connection]:
        """Open a connection without a transaction."""
        return self.single_statement()

    @contextmanager
    def writing(self, *, bulk: bool = False) -> Iterator[Connection]:
        """Open a transaction whose statements see what was committed before each of them."""
        with self._transaction(self._bulk_writer if bulk else self._writer) as connection:
            yield connection
            connection.commit()

    @contextmanager
    def single_statement(self) -> Iterator[Connection]:
        """Yield a connection on which every statement is a transaction: one round trip."""
        with self._transaction(self._autocommit) as connection:
            yield connection

    @contextmanager
    def direct_session(self) -> Iterator[Connection]:
        """Open a transaction on a connection of its own, which does not pass through a pooler."""
        with self._transaction(self._direct) as connection:
            yield connection
            connection.commit()

    def migrate(self) -> None:
        """Migrate the tables in one transaction; only one process at a time does it.

        Raises:
            MigrationRequiredError: the tables are older, and this program may not migrate them.
        """
        with self.reading() as connection:
            if migrations.is_usable(connection, migrations.read_revision(connection)):
                return
        for attempt in range(_MIGRATION_ATTEMPTS):
            try:
                self._migrate()
                return
            except errors.DatabaseBusy:  # transactions of running nodes lock the tables
                if attempt == _MIGRATION_ATTEMPTS - 1:
                    raise
                time.sleep(_POOL_TIMEOUT_SECONDS)

    def overwrite_failed_commit(self) -> None:
        """Do nothing: after a failed flush, PostgreSQL restarts from its log."""

    def check_writable(self) -> None:
        """Read in a write transaction, which a standby rejects."""
        with self.writing() as connection:
            connection.execute(text("SELECT 1 FROM merchants LIMIT 1"))

    def close(self) -> None:
        """Close the connections of the pool."""
        self._closed = True
        self._pooled.pool.dispose()

    def _migrate(self) -> None:
        with self.direct_session() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_BULK_SECONDS}s'")
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            migrations.migrate(connection, allowed=self._migrations_allowed)

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        """Open a transaction that the caller ends; roll back if it does not."""
        if self._closed:
            raise errors.DatabaseUnavailable
        try:
            with _begin(engine) as connection:
                yield connection
        except (DBAPIError, PoolTimeoutError) as exc:
            if postgres_errors.sqlstate(exc) == postgres_errors.READ_ONLY:
                # A primary that became a standby still responds: connect to the new primary.
                engine.pool.dispose()
            translated = postgres_errors.classify(exc)
            if translated is None:
                raise
            raise translated from exc
        finally:
            # Disposing of a pool closes only idle connections. This connection is idle now: if it
            # was in use when `close` ran, it is closed here.
            if self._closed:
                engine.pool.dispose()


def _begin(engine: Engine) -> Connection:
    """Return a connection that has begun a transaction.

    An idle connection may have been lost meanwhile without a sign of it. BEGIN shows that without
    a further round trip, and is then sent again, on a new connection.
    """
    try:
        return _connect(engine)
    except DBAPIError as exc:
        if not exc.connection_invalidated:
            raise
    return _connect(engine)


def _connect(engine: Engine) -> Connection:
    connection = engine.connect()
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection


def _limit(engine: Engine, begin: str) -> tuple[Engine, Engine]:
    """Return the engine with the limits of a request, and with those of a bulk operation.

    The limits are set in the statement that begins a transaction: a pooler such as PgBouncer
    gives the session to other clients between transactions, and rejects settings of a session.
    """

    def limited(statement_seconds: int, idle_seconds: int) -> Engine:
        settings = {
            "statement_timeout": statement_seconds,
            "lock_timeout": _LOCK_SECONDS,
            "idle_in_transaction_session_timeout": idle_seconds,
        }
        limits = (f"SET LOCAL {name} = '{seconds}s'" for name, seconds in settings.items())
        return engine.execution_options(
            begin="; ".join((begin, *limits)), seconds=statement_seconds + _MARGIN_SECONDS
        )

    return limited(_STATEMENT_SECONDS, _IDLE_SECONDS), limited(_BULK_SECONDS, _BULK_SECONDS)


def _create_engine(address: str, pool_size: int) -> Engine:
    """Return an engine with a pool; with `pool_size` 0, each transaction opens a connection."""
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size:
        pool = {
            "poolclass": QueuePool,
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": _POOL_TIMEOUT_SECONDS,
            "pool_use_lifo": True,  # so that connections beyond the usual load stay unused
        }
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: LimitedConnection.open(address),
        use_native_hstore=False,
        **pool,
    )

    @event.listens_for(engine, "checkout")
    def check(driver: LimitedConnection, *_: object) -> None:
        if driver.has_ended():
            raise DisconnectionError  # the pool replaces the connection

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        driver = cast("LimitedConnection", connection.connection.driver_connection)
        if driver.pgconn.transaction_status != TransactionStatus.IDLE:
            driver.rollback()  # an exception in this program prevented the end of the last one
        if options["begin"]:
            driver.seconds = _BEGIN_SECONDS
            connection.exec_driver_sql(options["begin"])
        driver.seconds = options["seconds"]

    return engine
