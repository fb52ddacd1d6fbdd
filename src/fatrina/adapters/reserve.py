"""Reserved disk space for the commands that free space or revoke access on a full disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_RESERVE_BYTES: Final = 8_000_000
"""Several times the size of what one batch of a sweep writes to the database's log."""
_STEP_BYTES: Final = 1_000_000


class Reserve:
    """A file of 8 MB in the data directory, which is deleted while a command needs its space."""

    def __init__(self, directory: Path) -> None:
        """Use the directory, which must exist when the file is created."""
        self._path = directory / "reserve"

    def create(self) -> None:
        """Allocate the file, or as much of it as the free space permits."""
        with suppress(FileNotFoundError):
            if self._path.stat().st_size == _RESERVE_BYTES:
                return None
        for size in range(_RESERVE_BYTES, 0, -_STEP_BYTES):
            self._delete()
            with suppress(OSError):
                return self._allocate(size)
        return self._delete()

    def _allocate(self, size: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)

    @contextmanager
    def release(self) -> Iterator[None]:
        """Delete the file while the block runs if less than its size is free; then recreate it."""
        if _free_bytes(self._path.parent) < _RESERVE_BYTES:
            self._delete()
        try:
            yield
        finally:
            self.create()

    def _delete(self) -> None:
        with suppress(OSError):
            self._path.unlink()


def _free_bytes(directory: Path) -> int:
    stats = os.statvfs(directory)
    return stats.f_bavail * stats.f_frsize
