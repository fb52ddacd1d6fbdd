"""The data directory: its lock, and the database, files and rate-limit state stored in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fatrina.adapters.database import Database
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.rate_limits import BucketStore
from fatrina.adapters.reserve import Reserve
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import LocalStorage, Storage
from fatrina.directory_lock import Owner, lock_directory


class NotReadyError(Exception):
    """The service cannot run here now; the message states the reason and what to do."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """A data directory, either locked by this process or opened next to another process."""

    path: Path
    is_owner: bool
    """Whether this process holds the lock; if so, no other server uses the directory."""
    owner: Owner
    """The process that holds the lock."""

    @property
    def since(self) -> float:
        """Time when the owner took the lock, in seconds since the epoch; 0 if unknown."""
        return self.owner.since

    def open_database(self) -> Database:
        """Open the embedded database; migrate it if this process owns the directory.

        The caller closes it.

        Raises:
            errors.DatabaseUnavailable: The migration failed.
        """
        with ExitStack() as on_failure:
            database = on_failure.enter_context(
                Database(self.path / "fatrina.sqlite3", owner=self.is_owner)
            )
            if self.is_owner:
                database.migrate()
            on_failure.pop_all()
        return database

    def open_bucket_store(self) -> BucketStore:
        """Open the store of the merchants' rate-limit buckets; the caller closes it."""
        return BucketStore(self.path / "limits.sqlite3")

    def storage(self, base_url: str = "") -> Storage:
        """Return the storage of originals and renditions, whose URLs begin with `base_url`."""
        return LocalStorage(self.path / "media", base_url)

    def incoming_path(self) -> Path:
        """Return the directory of photos that are being received."""
        return self.path / "incoming"

    def reserve(self) -> Reserve:
        """Return the disk space kept free for commands that delete data or revoke access."""
        return Reserve(self.path)

    def housekeeping(self) -> Housekeeping:
        """Return the lock that serializes operations on all data."""
        return Housekeeping(self.path)


@contextmanager
def lock_data_directory(
    path: Path, *, create: bool = False, timeout: float = 0.0
) -> Iterator[DataDirectory]:
    """Yield the data directory at `path`, locked unless another process holds the lock.

    If a command (not a server) holds the lock, wait up to `timeout` seconds for it to end.

    Raises:
        NotReadyError: The directory does not exist and `create` is false.
        OSError: The directory cannot be created or written.
    """
    if create:
        path.mkdir(0o700, parents=True, exist_ok=True)
    _check_exists(path)
    with lock_directory(path, timeout) as (is_owner, owner):
        yield DataDirectory(path, is_owner, owner)


def open_shared(path: Path) -> DataDirectory:
    """Return the data directory at `path` without a lock, for readers that may take long.

    The database is migrated first unless another process holds the lock.

    Raises:
        NotReadyError: The directory does not exist.
        errors.DatabaseUnavailable: The migration failed.
    """
    with lock_data_directory(path) as directory:
        directory.open_database().close()
        return DataDirectory(path, is_owner=False, owner=directory.owner)


def _check_exists(path: Path) -> None:
    if not path.is_dir():
        message = f"The data directory {path} does not exist. Run fatrina merchant create CODE."
        raise NotReadyError(message)


def clean_incoming(directory: DataDirectory, *, dry_run: bool) -> int:
    """Delete unfinished uploads unless another process may be writing them; return their number.

    With `dry_run`, count them only.
    """
    if not directory.is_owner:
        return 0
    spool = Spool(directory.incoming_path(), limit=0)
    return spool.count_leftovers() if dry_run else spool.clear()
