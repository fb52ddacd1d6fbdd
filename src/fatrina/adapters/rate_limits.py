"""How full each merchant's bucket of requests is: a small file that may be lost.

It lies apart from the database: a write of that waits for the disk, and here is one for every
request. A restart keeps it; a power loss may empty it, which forgives what was asked before.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final, Self

_TIMEOUT_SECONDS: Final = 1.0
"""Seconds for another process that counts at this moment."""
_CREATE_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS buckets (merchant INTEGER PRIMARY KEY, empty_at INTEGER)"
)
_SELECT: Final = "SELECT empty_at FROM buckets WHERE merchant = ?"
_UPSERT: Final = "INSERT OR REPLACE INTO buckets (merchant, empty_at) VALUES (?, ?)"


class BucketStoreError(Exception):
    """The file cannot be used, not even a new one in its place."""


class BucketStore:
    """One row a merchant, shared by all processes that open the same file."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, made when it is first needed."""
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def update(self, merchant_id: int, change: Callable[[int], int]) -> None:
        """Turn the moment at which a merchant's bucket is empty, 0 at first, into another.

        No other thread or process counts for anybody meanwhile. A damaged file is begun anew.

        Raises:
            LostError: the file can neither be used nor replaced.
        """
        with self._lock:
            try:
                self._change(merchant_id, change)
            except sqlite3.DatabaseError as exc:
                self._close()
                if isinstance(exc, sqlite3.OperationalError):
                    raise BucketStoreError from exc  # locked or unwritable: a new one would be too
                self._recreate(merchant_id, change)

    def clear(self) -> None:
        """Forget what was asked, if anything was counted yet.

        Raises:
            LostError: the file cannot be used.
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
        """Let go of the file."""
        with self._lock:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _change(self, merchant_id: int, change: Callable[[int], int]) -> None:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute(_SELECT, (merchant_id,)).fetchone()
            connection.execute(_UPSERT, (merchant_id, change(row[0] if row else 0)))
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def _recreate(self, merchant_id: int, change: Callable[[int], int]) -> None:
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._change(merchant_id, change)
        except (OSError, sqlite3.Error) as exc:
            self._close()
            raise BucketStoreError from exc

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            with suppress(OSError):  # SQLite says what is wrong with the folder
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
