"""Spool of incoming files: they are received, checked, and then stored or truncated.

The directory belongs to one service process. Files that a crash leaves in it belong to no row, so
they are deleted at every start.
"""

import os
from collections import deque
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Final, Self

from fatrina.domain import errors

_RETRY_AFTER_SECONDS: Final = 5
_FILE_MODE: Final = 0o644
# Files are reused, because deleting them makes new ones slower: ext4 does not reuse an inode for
# seconds and checks each again. At forty updates per second that took a fifth of the server's time.
_MAX_SPARES: Final = 64
"""Number of truncated files kept for reuse."""


class Spool:
    """A directory of incoming files with a limit on their total size."""

    def __init__(self, directory: Path, limit: int) -> None:
        """Use `directory`, created if missing, for at most `limit` bytes of photos at a time."""
        self.directory = directory
        self._limit = limit
        self._used = 0
        self._lock = Lock()
        self._spares: deque[Path] = deque()
        directory.mkdir(parents=True, exist_ok=True)

    def count_leftovers(self) -> int:
        """Return how many files an earlier process left, or this process is using."""
        return len(self._list_leftovers())

    def clear(self) -> int:
        """Delete files that an earlier process left; return how many."""
        leftovers = self._list_leftovers()
        for leftover in leftovers:
            leftover.unlink()
        return len(leftovers)

    def close(self) -> None:
        """Delete the files kept for reuse."""
        while (spare := self._pop_spare()) is not None:
            spare.unlink(missing_ok=True)

    def create_file(self) -> "SpoolFile":
        """Return a file: a truncated one for reuse, or a new one with a random name."""
        return SpoolFile(self, self._pop_spare() or self.directory / token_hex(16))

    def recycle(self, file: Path) -> None:
        """Truncate a file and keep it for reuse, or delete it; do nothing if it was moved.

        Raises:
            OSError: the file cannot be truncated or deleted.
        """
        if len(self._spares) >= _MAX_SPARES:
            file.unlink(missing_ok=True)
            return
        with suppress(FileNotFoundError):
            os.truncate(file, 0)
            self._spares.append(file)

    def reserve(self, size: int) -> None:
        """Reserve `size` bytes of the spool.

        Raises:
            errors.Busy: the total would exceed the limit.
        """
        with self._lock:
            if self._used + size > self._limit:
                raise errors.Busy(retry=_RETRY_AFTER_SECONDS)
            self._used += size

    def release(self, size: int) -> None:
        """Release `size` reserved bytes."""
        with self._lock:
            self._used -= size

    def _pop_spare(self) -> Path | None:
        with suppress(IndexError):
            return self._spares.pop()
        return None

    def _list_leftovers(self) -> list[Path]:
        files = [file for file in self.directory.iterdir() if not file.is_dir()]
        spares = set(self._spares)
        return [each for each in files if each not in spares]


class SpoolFile:
    """An incoming file, counted and hashed while it is written, and discarded when it is closed.

    No descriptor is open between two writes, so thousands of stalled uploads use none.
    """

    def __init__(self, spool: Spool, path: Path) -> None:
        """Use `path`; the file is created at the first write, or when it is opened."""
        self.path = path
        self.size = 0
        self._spool = spool
        self._hash = sha256()
        self._descriptor: int | None = None
        self._closed = False

    @property
    def descriptor(self) -> int:
        """Descriptor of the file, opened at its start for reading and writing.

        Raises:
            OSError: the file cannot be opened.
        """
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        return self._descriptor

    @property
    def sha256(self) -> str:
        """SHA-256 of the written bytes, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes.

        Raises:
            errors.Busy: the spool would exceed its limit.
            OSError: the disk is full or fails.
        """
        self._spool.reserve(len(data))
        self.size += len(data)
        self._hash.update(data)
        descriptor = os.open(
            self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE
        )
        try:
            remaining = memoryview(data)
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
        finally:
            os.close(descriptor)

    def truncate(self) -> None:
        """Truncate the file, so that another process can write it again from the start.

        Raises:
            OSError: the disk fails.
        """
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)

    def close(self) -> None:
        """Release the file's bytes and recycle it, unless it was moved."""
        if self._closed:
            return
        self._closed = True
        self._spool.release(self.size)
        self.size = 0
        # The bytes are stored or rejected by now: an error here must not change that result.
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None
        with suppress(OSError):
            self._spool.recycle(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
