"""Interface of databases: transactions, migration and checks, the same for every engine."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Self

from sqlalchemy import Connection, Engine


class Database(ABC):
    """A database with the tables of `schema`. Its methods may be called from any thread.

    Every transaction raises these errors:

    - `errors.DatabaseUnavailable`: the database does not respond, rejects writes, or is closed;
      `connection_lost` is set if a commit may have succeeded nevertheless;
    - `errors.DatabaseBusy`: locks held by other transactions were not released in time;
    - `errors.StorageFull`: the disk of the database is full.

    SQLAlchemy's IntegrityError, DataError and ProgrammingError mean a bug in this program, and are
    raised unchanged.
    """

    @property
    @abstractmethod
    def engines(self) -> tuple[Engine, ...]:
        """SQLAlchemy's engines, to observe their events and pools; the last one writes."""

    @abstractmethod
    def reading(self, *, bulk: bool = False) -> AbstractContextManager[Connection]:
        """Open a read-only transaction, which sees one consistent state.

        With `bulk`, it may take minutes: commands that read all rows.
        """

    @abstractmethod
    def lookup(self) -> AbstractContextManager[Connection]:
        """Open a connection for one SELECT, which sees one consistent state.

        It needs one round trip to the server; `reading` needs two more.
        """

    @abstractmethod
    def writing(self, *, bulk: bool = False) -> AbstractContextManager[Connection]:
        """Open a write transaction: commit at the end, roll back on any exception.

        A sequence that checks rows before it changes them locks them first (`with_for_update`):
        only SQLite has a single writer. With `bulk`, the transaction may take minutes.
        """

    @abstractmethod
    def migrate(self) -> None:
        """Migrate the tables to the newest revision; accept compatible tables of a newer one.

        Raises:
            errors.DatabaseUnavailable: the database cannot be used, or its tables have a newer
                revision, which this program cannot use.
        """

    @abstractmethod
    def overwrite_failed_commit(self) -> None:
        """Prevent a commit whose flush failed from being replayed after a restart.

        Raises:
            errors.DatabaseUnavailable, errors.StorageFull.
        """

    @abstractmethod
    def check_writable(self) -> None:
        """Raise unless the database can be written.

        Raises:
            errors.DatabaseUnavailable, errors.StorageFull.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections; one in use is closed when its transaction ends.

        Transactions opened after this call raise `errors.DatabaseUnavailable`.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
