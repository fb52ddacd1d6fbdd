"""The data directory, its lock, and where the settings place the database and the files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from fatrina.adapters.database import Database, SqliteDatabase
from fatrina.adapters.database.migrations import MigrationRequiredError
from fatrina.adapters.housekeeping import FileHousekeeping, Housekeeping
from fatrina.adapters.leadership import Leadership, SoleLeader
from fatrina.adapters.rate_limits import BucketStore, FileBucketStore
from fatrina.adapters.reserve import Reserve
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import LocalStorage, Storage
from fatrina.directory_lock import Owner, lock_directory
from fatrina.domain.bucket_address import BucketAddress
from fatrina.domain.types import Millis
from fatrina.settings import Settings

if TYPE_CHECKING:  # its driver is an optional dependency
    from fatrina.adapters.database.postgres import PostgresDatabase

_MIGRATION_REQUIRED: Final = (
    "The tables have an older revision, and FATRINA_MIGRATE is check. Run fatrina migrate."
)


class NotReadyError(Exception):
    """The service cannot run here now; the message states the reason and what to do."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """A data directory, either locked by this process or opened next to another process."""

    settings: Settings
    is_owner: bool
    """Whether this process holds the lock; if so, no other server uses the directory."""
    owner: Owner
    """The process that holds the lock."""

    @property
    def path(self) -> Path:
        """The path of the directory."""
        return self.settings.data

    @property
    def since(self) -> float:
        """Time when the owner took the lock, in seconds since the epoch; 0 if unknown."""
        return self.owner.since

    def open_database(self, *, migrate: bool = True) -> Database:
        """Open the database; the caller closes it.

        With `migrate`, its tables are migrated first, unless they are in the data directory and
        another process owns that.

        Raises:
            NotReadyError: the tables have an older revision, and FATRINA_MIGRATE is `check`.
            errors.DatabaseUnavailable: the database cannot be used.
        """
        settings = self.settings
        with ExitStack() as on_failure:
            database: Database = on_failure.enter_context(
                _open_postgres(settings)
                if settings.database
                else SqliteDatabase(
                    self.path / "fatrina.sqlite3",
                    owner=self.is_owner,
                    migrations_allowed=settings.migrate == "auto",
                )
            )
            if migrate and (self.is_owner or settings.database):
                try:
                    database.migrate()
                except MigrationRequiredError as exc:
                    raise NotReadyError(_MIGRATION_REQUIRED) from exc
            on_failure.pop_all()
        return database

    def open_bucket_store(self, database: Database, clock: Callable[[], Millis]) -> BucketStore:
        """Open the store of the merchants' rate-limit buckets; the caller closes it.

        `clock` is the one of this process; nodes that share a database use the database's.
        """
        if not self.settings.database:
            return FileBucketStore(self.path / "limits.sqlite3", clock)
        from fatrina.adapters.database.postgres_rate_limits import (  # noqa: PLC0415
            PostgresBucketStore,
        )

        return PostgresBucketStore(cast("PostgresDatabase", database))

    def leadership(self, database: Database) -> Leadership:
        """Return the election of the node that does the background work; the caller closes it."""
        if not self.settings.database:
            return SoleLeader()
        from fatrina.adapters.database.postgres_leadership import (  # noqa: PLC0415
            PostgresLeadership,
        )

        return PostgresLeadership(cast("PostgresDatabase", database))

    def storage(self, base_url: str = "") -> Storage:
        """Return the storage of originals and renditions, whose URLs begin with `base_url`.

        Raises:
            NotReadyError: the library for buckets is not installed.
        """
        if not self.settings.bucket:
            return LocalStorage(self.path / "media", base_url)
        return _open_bucket(self.settings, base_url)

    def incoming_path(self) -> Path:
        """Return the directory of photos that are being received."""
        return self.path / "incoming"

    def reserve(self) -> Reserve:
        """Return the disk space kept free for commands that delete data or revoke access."""
        return Reserve(self.path)

    def housekeeping(self, database: Database) -> Housekeeping:
        """Return the lock that serializes operations on all data."""
        if not self.settings.database:
            return FileHousekeeping(self.path)
        from fatrina.adapters.database.postgres_housekeeping import (  # noqa: PLC0415
            PostgresHousekeeping,
        )

        return PostgresHousekeeping(cast("PostgresDatabase", database))


@contextmanager
def lock_data_directory(
    settings: Settings, *, create: bool = False, timeout: float = 0.0
) -> Iterator[DataDirectory]:
    """Yield the data directory of the settings, locked unless another process holds the lock.

    If a command (not a server) holds the lock, wait up to `timeout` seconds for it to end.

    Raises:
        NotReadyError: The directory does not exist and `create` is false.
        OSError: The directory cannot be created or written.
    """
    path = settings.data
    if create or settings.database:
        path.mkdir(0o700, parents=True, exist_ok=True)
    if not path.is_dir():
        message = f"The data directory {path} does not exist. Run fatrina merchant create CODE."
        raise NotReadyError(message)
    with lock_directory(path, timeout) as (is_owner, owner):
        yield DataDirectory(settings, is_owner, owner)


def open_shared(settings: Settings) -> DataDirectory:
    """Return the data directory of the settings without a lock, for readers that may take long.

    The database is migrated first unless another process holds the lock.

    Raises:
        NotReadyError: The directory does not exist.
        errors.DatabaseUnavailable: The migration failed.
    """
    with lock_data_directory(settings) as directory:
        directory.open_database().close()
        return DataDirectory(settings, is_owner=False, owner=directory.owner)


def _open_postgres(settings: Settings) -> Database:
    """Open the PostgreSQL database of the settings.

    Raises:
        NotReadyError: its driver is not installed, or the address is invalid.
    """
    try:
        # An optional dependency; SQLAlchemy's dialect is only imported where it is used.
        from fatrina.adapters.database.postgres import PostgresDatabase  # noqa: PLC0415
    except ImportError as exc:
        message = (
            "FATRINA_DATABASE is set, but its driver is missing: run “pip install '.[cluster]'” "
            "in the checkout of Fatrina."
        )
        raise NotReadyError(message) from exc
    try:
        return PostgresDatabase(
            settings.database,
            settings.database_direct,
            migrations_allowed=settings.migrate == "auto",
        )
    except ValueError as exc:
        raise NotReadyError(f"FATRINA_DATABASE is invalid: {exc}") from None


def _open_bucket(settings: Settings, base_url: str) -> Storage:
    try:
        # An optional dependency.
        from fatrina.adapters.storage.bucket import BucketStorage  # noqa: PLC0415
    except ImportError as exc:
        message = (
            "FATRINA_BUCKET is set, but its library is missing: pip install 'fatrina[cluster]'"
        )
        raise NotReadyError(message) from exc
    address = BucketAddress.parse(settings.bucket)
    return BucketStorage(address, base_url, bulk_delete=settings.bucket_bulk_delete)


def clean_incoming(directory: DataDirectory, *, dry_run: bool) -> int:
    """Delete unfinished uploads unless another process may be writing them; return their number.

    With `dry_run`, count them only.
    """
    if not directory.is_owner:
        return 0
    spool = Spool(directory.incoming_path(), limit=0)
    return spool.count_leftovers() if dry_run else spool.clear()
