"""Bytes in a folder: `code/na/name.extension`, written once, durable before they are known.

A name's first two characters are its folder, so that millions of files stay listable, and the
four files of one original, whose names begin alike, cost one folder flush.
"""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from fatrina.adapters.storage.base import CHUNK_BYTES, StoredFile
from fatrina.domain import errors

_PREFIX_LENGTH: Final = 2
_MAX_FLUSHED: Final = 16_384
_POLL_SECONDS: Final = 0.01
_TIMEOUT_SECONDS: Final = 10.0
"""Seconds that an update waits for a sweep; one that was suspended would never end."""
_PROBE_BYTES: Final = 65_536  # a few bytes find room on a disk that no photo fits on


class LocalBlob:
    """A stored file, opened."""

    def __init__(self, path: str) -> None:
        """Open it; FileNotFoundError when there is none."""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self.size = os.fstat(self._descriptor).st_size

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`, or to the end."""
        while start < stop:
            data = os.pread(self._descriptor, min(CHUNK_BYTES, stop - start), start)
            if not data:
                return
            yield data
            start += len(data)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)


class LocalStorage:
    """A folder that holds the bytes of all merchants."""

    is_local = True

    def __init__(self, root: Path, base_url: str = "") -> None:
        """Use the folder `root`, made when missing, whose files are served below `base`."""
        self.root = root
        self.base_url = base_url
        self._root_name = str(root)
        self._flushed: set[Path] = set()
        self._turnstile = root / ".turnstile"
        root.mkdir(parents=True, exist_ok=True)
        self._turnstile.mkdir(exist_ok=True)
        _fsync(root.parent)

    def put(self, files: Mapping[str, Path]) -> None:
        """Flush each file, move it to its place, then flush the folder it was named in."""
        moves = {source: self._path(key) for key, source in files.items()}
        directories = {target.parent for target in moves.values()}
        for directory in directories:
            self._create_directories(directory)
        for source, target in moves.items():
            _fsync(source)
            source.rename(target)
        for directory in directories:
            _fsync(directory)

    def open(self, key: str) -> LocalBlob:
        """Open a stored file; FileNotFoundError when there is none."""
        return LocalBlob(self._path_name(key))

    def size(self, key: str) -> int | None:
        """Return how many bytes a stored file has; None when there is none."""
        try:
            return self._path(key).lstat().st_size
        except FileNotFoundError:
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """Delete stored files; a key that is not there is no fault."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[StoredFile]:
        """Every stored file, folder by folder."""
        for merchant in _subdirectories(self.root):
            for prefix in _subdirectories(Path(merchant.path)):
                with os.scandir(prefix.path) as files:
                    for file in files:
                        with suppress(FileNotFoundError):  # deleted while we look
                            changed_at = file.stat(follow_symlinks=False).st_ctime
                            yield StoredFile(f"{merchant.name}/{file.name}", changed_at)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Protect stored files that no row refers to yet: a shared lock on the folder.

        Raises:
            errors.StorageUnavailable: a sweep holds one of the locks for longer than ten seconds.
        """
        directory = _open_directory(self.root)
        try:
            turnstile = self._open_turnstile()
            try:
                # Both while the turnstile is held, so that a sweep that waits lets nobody in.
                for lock in (turnstile, directory):
                    if not _try_lock(lock, fcntl.LOCK_SH, _TIMEOUT_SECONDS):
                        raise errors.StorageUnavailable
            finally:
                os.close(turnstile)
            yield
        finally:
            os.close(directory)

    @contextmanager
    def exclusive(self, timeout: float) -> Iterator[bool]:
        """Wait for every `writing` section to end: an exclusive lock on the folder.

        The turnstile keeps new sections out meanwhile, or a busy service would never let it in.
        Sections that wait come first afterwards: a sweep takes these locks many times in a row.
        """
        turnstile = self._open_turnstile()
        try:
            directory = _open_directory(self.root)
            try:
                yield (
                    _try_lock(turnstile, fcntl.LOCK_EX, timeout)
                    and _try_lock(directory, fcntl.LOCK_EX, timeout)
                )
            finally:
                os.close(directory)
        finally:
            os.close(turnstile)
            time.sleep(2 * _POLL_SECONDS)

    def _open_turnstile(self) -> int:
        try:
            return _open_directory(self._turnstile)
        except FileNotFoundError:  # somebody deleted it
            self._turnstile.mkdir(exist_ok=True)
            return _open_directory(self._turnstile)

    def check_writable(self) -> None:
        """Write as much as a small photo and its sizes take, and delete it."""
        probe = self.root / ".probe"  # always the same: a crash leaves one at most
        try:
            probe.write_bytes(bytes(_PROBE_BYTES))
        finally:
            probe.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return Path(self._path_name(key))

    def _path_name(self, key: str) -> str:
        merchant_code, _, name = key.partition("/")
        return f"{self._root_name}/{merchant_code}/{name[:_PREFIX_LENGTH]}/{name}"

    def _create_directories(self, directory: Path) -> None:
        """Make a merchant's folder and one in it, so that both survive a power loss."""
        for path in (directory.parent, directory):
            # One that is there may not be flushed yet: another thread is about to, or one was
            # killed before it could. So each is flushed once by every process.
            if path in self._flushed and path.is_dir():
                continue
            path.mkdir(exist_ok=True)
            _fsync(path.parent)
            if len(self._flushed) >= _MAX_FLUSHED:
                self._flushed.clear()
            self._flushed.add(path)


def _open_directory(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _try_lock(descriptor: int, operation: int, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _subdirectories(parent: Path) -> list[os.DirEntry[str]]:
    with os.scandir(parent) as entries:
        return [
            entry
            for entry in entries
            if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
        ]


def _fsync(path: Path) -> None:
    # After a failed fsync the kernel may have dropped the bytes: the error goes up, never retried.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
