"""Housekeeping lock: sweep, seed, restore and reset exclude each other across processes.

Here with a file in the data directory; `database.postgres_housekeeping` has the one of all nodes.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from fatrina.domain import errors
from fatrina.domain.types import Millis

_TIMEOUT_SECONDS: Final = 5.0
"""How long to wait for another operation."""
_POLL_SECONDS: Final = 0.05
_RETRY_AFTER_SECONDS: Final = 10
_MAX_NAME_BYTES: Final = 20


class Lease(Protocol):
    """The held lock."""

    def check_held(self) -> None:
        """Raise unless the lock still excludes other operations; called between batches.

        Raises:
            errors.HousekeepingBusy: it was lost, so another operation may be running.
        """


class Housekeeping(Protocol):
    """The lock, and when the last sweep ran."""

    def last_sweep(self) -> Millis:
        """Return when the last sweep ran, in milliseconds since the epoch; 0 if unknown."""

    def record_sweep(self, now: Millis) -> None:
        """Store when a sweep ran."""

    def exclusive(self, operation: str) -> AbstractContextManager[Lease]:
        """Hold the lock during an operation.

        Raises:
            errors.HousekeepingBusy: another operation held it for more than five seconds.
        """


class FileLease:
    """The held lock on a file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Represent the lock on the file at `path`, held through `descriptor`."""
        self._path = path
        self._descriptor = descriptor

    def check_held(self) -> None:
        """Raise unless the lock still excludes other operations; called between batches.

        Raises:
            errors.HousekeepingBusy: its file was deleted, so another operation may be running.
        """
        if not _is_same_file(self._path, self._descriptor):
            raise errors.HousekeepingBusy(operation="unknown", retry=_RETRY_AFTER_SECONDS)


class FileHousekeeping:
    """A lock on a file in the data directory; the kernel releases it when the process ends."""

    def __init__(self, directory: Path) -> None:
        """Use the directory, which must exist when the lock is acquired."""
        self._path = directory / "housekeeping"
        self._last_sweep = directory / "last-sweep"

    def last_sweep(self) -> Millis:
        """Return when the last sweep ran, in milliseconds since the epoch; 0 if unknown."""
        try:
            return Millis(int(self._last_sweep.read_bytes()))
        except (OSError, ValueError):
            return Millis(0)

    def record_sweep(self, now: Millis) -> None:
        """Store when a sweep ran; errors of the file system are ignored."""
        with suppress(OSError):
            self._last_sweep.write_bytes(str(now).encode())

    @contextmanager
    def exclusive(self, operation: str) -> Iterator[FileLease]:
        """Hold the lock during an operation.

        Raises:
            errors.HousekeepingBusy: another operation held it for more than five seconds.
            OSError: the file cannot be opened.
        """
        descriptor = self._acquire()
        try:
            with suppress(OSError):  # disk full: the name is only information
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, operation.encode(), 0)
            yield FileLease(self._path, descriptor)
        finally:
            os.close(descriptor)

    def _acquire(self) -> int:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_same_file(self._path, descriptor):
                    return descriptor
            name = os.pread(descriptor, _MAX_NAME_BYTES, 0).decode("ascii", "replace")
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise errors.HousekeepingBusy(
                    operation=name or "unknown", retry=_RETRY_AFTER_SECONDS
                )
            time.sleep(_POLL_SECONDS)


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
