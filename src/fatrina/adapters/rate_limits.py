"""Rate-limit buckets of all merchants, in a small SQLite file that may be lost.

The file is separate from the database, whose writes wait for the disk: buckets are written at
every request. The buckets survive a restart. A power loss may empty them, which resets the limits.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final, Protocol, Self

from fatrina.domain import rate_limit
from fatrina.domain.rate_limit import RateLimitStatus
from fatrina.domain.types import MerchantId, Millis

_TIMEOUT_SECONDS: Final = 1.0
"""How long to wait for another process that is writing."""
_CREATE_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS buckets (merchant INTEGER PRIMARY KEY, empty_at INTEGER)"
)
_SELECT: Final = "SELECT empty_at FROM buckets WHERE merchant = ?"
_UPSERT: Final = "INSERT OR REPLACE INTO buckets (merchant, empty_at) VALUES (?, ?)"


class BucketStoreError(Exception):
    """The file can neither be used nor replaced by a new one."""


class BucketStore(Protocol):
    """The buckets of all merchants."""

    def consume(self, merchant_id: MerchantId, limit: int) -> RateLimitStatus:
        """Count one request of a merchant and return the status of its bucket.

        Raises:
            BucketStoreError, errors.DatabaseUnavailable: the buckets cannot be used.
        """

    def clear(self) -> None:
        """Empty all buckets.

        Raises:
            BucketStoreError, errors.DatabaseUnavailable: the buckets cannot be used.
        """

    def close(self) -> None:
        """Close what belongs to this store alone."""

    def __enter__(self) -> Self:
        """Return the store."""

    def __exit__(self, *_: object) -> None:
        """Close the store."""


class FileBucketStore:
    """One row per merchant, shared by all processes that open the same file."""

    def __init__(self, path: Path, clock: Callable[[], Millis]) -> None:
        """Use the file at `path`, which is created at the first update."""
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def consume(self, merchant_id: MerchantId, limit: int) -> RateLimitStatus:
        """Count one request of a merchant and return the status of its bucket.

        Raises:
            BucketStoreError: the file can neither be used nor replaced.
        """
        status: RateLimitStatus | None = None

        def change(empty_at: int) -> int:
            nonlocal status
            after, status = rate_limit.consume(limit, Millis(empty_at), self._clock())
            return after

        self.update(merchant_id, change)
        assert status is not None  # noqa: S101  `update` has called `change`
        return status

    def update(self, merchant_id: MerchantId, change: Callable[[int], int]) -> None:
        """Replace the time at which a merchant's bucket is empty by `change` of it; 0 at first.

        Other threads and processes wait meanwhile. A damaged file is replaced by a new one.

        Raises:
            BucketStoreError: the file can neither be used nor replaced.
        """
        with self._lock:
            try:
                self._change(merchant_id, change)
            except sqlite3.DatabaseError as exc:
                self._close()
                if isinstance(exc, sqlite3.OperationalError):
                    raise BucketStoreError from exc  # locked or unwritable, as a new file would be
                self._recreate(merchant_id, change)

    def clear(self) -> None:
        """Empty all buckets; do nothing if the file does not exist.

        Raises:
            BucketStoreError: the file cannot be used.
        """
        with self._lock:
            if self._connection is None and not self._path.exists():
                return
            try:
                self._open().execute("DELETE FROM buckets")
            except sqlite3.Error as exc:
                self._close()
                raise BucketStoreError from exc

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _change(self, merchant_id: MerchantId, change: Callable[[int], int]) -> None:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute(_SELECT, (merchant_id,)).fetchone()
            connection.execute(_UPSERT, (merchant_id, change(row[0] if row else 0)))
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def _recreate(self, merchant_id: MerchantId, change: Callable[[int], int]) -> None:
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._change(merchant_id, change)
        except (OSError, sqlite3.Error) as exc:
            self._close()
            raise BucketStoreError from exc

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            with suppress(OSError):  # SQLite reports what is wrong with the directory
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                os.close(os.open(self._path, flags, 0o600))
            connection = sqlite3.connect(
                self._path, timeout=_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection = connection
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_CREATE_TABLE)
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
