"""Bytes on their way: files that arrive, are judged, and become stored or are emptied.

The folder belongs to one service process. What a crash leaves here is litter by definition, so
it is emptied at every start.
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
# A file that was deleted makes the next ones dearer: ext4 gives no inode away again for seconds,
# and looks at each anew. At forty updates a second that was a fifth of the server's time.
_MAX_SPARES: Final = 64
"""Emptied files that wait to be used again."""


class Spool:
    """A folder of files on their way, bounded in bytes."""

    def __init__(self, directory: Path, limit: int) -> None:
        """Use `folder`, made when missing, for at most `limit` bytes of photos at once."""
        self.directory = directory
        self._limit = limit
        self._used = 0
        self._lock = Lock()
        self._spares: deque[Path] = deque()
        directory.mkdir(parents=True, exist_ok=True)

    def count_leftovers(self) -> int:
        """How many files an earlier process left behind, or this one has in use."""
        return len(self._list_leftovers())

    def clear(self) -> int:
        """Delete what an earlier process left behind; how many files that was."""
        leftovers = self._list_leftovers()
        for leftover in leftovers:
            leftover.unlink()
        return len(leftovers)

    def close(self) -> None:
        """Delete the files that wait to be used again."""
        while (spare := self._pop_spare()) is not None:
            spare.unlink(missing_ok=True)

    def create_file(self) -> "SpoolFile":
        """Begin a file: one used before and emptied, or a new one under a random name."""
        return SpoolFile(self, self._pop_spare() or self.directory / token_hex(16))

    def recycle(self, file: Path) -> None:
        """Take back a file that nobody uses any more, unless it was moved away.

        Raises:
            OSError: it cannot be emptied or deleted.
        """
        if len(self._spares) >= _MAX_SPARES:
            file.unlink(missing_ok=True)
            return
        with suppress(FileNotFoundError):
            os.truncate(file, 0)
            self._spares.append(file)

    def reserve(self, size: int) -> None:
        """Count `size` bytes in.

        Raises:
            errors.Busy: that would be more than the folder may hold.
        """
        with self._lock:
            if self._used + size > self._limit:
                raise errors.Busy(retry=_RETRY_AFTER_SECONDS)
            self._used += size

    def release(self, size: int) -> None:
        """Count `size` bytes out."""
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
    """One file on its way: written, counted and hashed as it comes; its bytes go when it closes.

    Between two writes it holds no descriptor: thousands of uploads that stand still cost none.
    """

    def __init__(self, spool: Spool, path: Path) -> None:
        """Name the file; it comes into being with its first bytes, or when it is opened."""
        self.path = path
        self.size = 0
        self._spool = spool
        self._hash = sha256()
        self._descriptor: int | None = None
        self._closed = False

    @property
    def descriptor(self) -> int:
        """The file, opened for reading and writing from its beginning.

        Raises:
            OSError: it cannot be opened.
        """
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        return self._descriptor

    @property
    def sha256(self) -> str:
        """The hash of what was written, in hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes.

        Raises:
            errors.Busy: the folder holds too much already.
            OSError: the disk is full or broken.
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
        """Empty the file of what another process wrote into it, for that to begin again.

        Raises:
            OSError: the disk is broken.
        """
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)

    def close(self) -> None:
        """Forget the bytes, unless their file was moved away."""
        if self._closed:
            return
        self._closed = True
        self._spool.release(self.size)
        self.size = 0
        # What it held is decided by now: a fault here must not turn a success into a failure.
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
