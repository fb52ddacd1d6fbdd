"""The housekeeping lock: sweep, seed, restore and reset exclude each other, in all processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from fatrina.domain import errors

_TIMEOUT_SECONDS: Final = 5.0
"""Seconds to wait for another operation."""
_POLL_SECONDS: Final = 0.05
_RETRY_AFTER_SECONDS: Final = 10
_MAX_NAME_BYTES: Final = 20


class Lease:
    """The lock as its holder sees it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Hold the file at `path`, open and locked as `descriptor`."""
        self._path = path
        self._descriptor = descriptor

    def check_held(self) -> None:
        """Check that the lock still is the one that others look for; called between batches.

        Raises:
            errors.HousekeepingBusy: its file was deleted: another operation may be at work.
        """
        if not _is_same_file(self._path, self._descriptor):
            raise errors.HousekeepingBusy(operation="unknown", retry=_RETRY_AFTER_SECONDS)


class Housekeeping:
    """A lock in a file of the data folder; the kernel ends it with the process."""

    def __init__(self, directory: Path) -> None:
        """Use the folder, which must be there when the lock is taken."""
        self._path = directory / "housekeeping"
        self._last_sweep = directory / "last-sweep"

    def last_sweep(self) -> int:
        """Return the moment of the last sweep, in milliseconds since the epoch; 0 if unknown."""
        try:
            return int(self._last_sweep.read_bytes())
        except (OSError, ValueError):
            return 0

    def record_sweep(self, now: int) -> None:
        """Keep the moment of a sweep; a file that cannot be written is left as it is."""
        with suppress(OSError):
            self._last_sweep.write_bytes(str(now).encode())

    @contextmanager
    def exclusive(self, operation: str) -> Iterator[Lease]:
        """Hold the lock for an operation.

        Raises:
            errors.HousekeepingBusy: another operation holds it for longer than five seconds.
            OSError: the file cannot be opened.
        """
        descriptor = self._acquire()
        try:
            with suppress(OSError):  # a full disk: the name only helps people
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, operation.encode(), 0)
            yield Lease(self._path, descriptor)
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
