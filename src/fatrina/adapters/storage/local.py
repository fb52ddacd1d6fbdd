"""Storage in a local directory: `code/na/name.extension`, written once and flushed.

The first two characters of a name are its subdirectory. This limits the size of directories, and
the four files of one original, whose names begin alike, need only one flush of a directory.
"""

import fcntl
import math
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
"""How long an update waits for a sweep, which may be suspended."""
_PROBE_BYTES: Final = 65_536  # a few bytes would fit on a disk without space for a photo


class LocalBlob:
    """An open stored file."""

    def __init__(self, path: str) -> None:
        """Open the file.

        Raises:
            FileNotFoundError: there is no file at `path`.
        """
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self.size = os.fstat(self._descriptor).st_size

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `stop` or the end, in chunks of at most `CHUNK_BYTES`."""
        while start < stop:
            data = os.pread(self._descriptor, min(CHUNK_BYTES, stop - start), start)
            if not data:
                return
            yield data
            start += len(data)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class LocalStorage:
    """A directory with the files of all merchants."""

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
        """Flush each file, rename it to its path, then flush its directory."""
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
        """Open a stored file.

        Raises:
            FileNotFoundError: there is no file with this key.
        """
        return LocalBlob(self._path_name(key))

    def size(self, key: str) -> int | None:
        """Return the size of a stored file in bytes; None if it does not exist."""
        try:
            return self._path(key).lstat().st_size
        except FileNotFoundError:
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """Delete stored files; ignore keys that do not exist."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[StoredFile]:
        """Yield every stored file, one directory after the other."""
        for merchant in _subdirectories(self.root):
            for prefix in _subdirectories(Path(merchant.path)):
                with os.scandir(prefix.path) as files:
                    for file in files:
                        with suppress(FileNotFoundError):  # deleted during the listing
                            changed_at = file.stat(follow_symlinks=False).st_ctime
                            yield StoredFile(f"{merchant.name}/{file.name}", changed_at)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Protect stored files without a row from the sweep, by a shared lock on the directory.

        Raises:
            errors.StorageUnavailable: a sweep held one of the locks for more than ten seconds.
        """
        directory = _open_directory(self.root)
        try:
            turnstile = self._open_turnstile()
            try:
                # Both locks are taken while the turnstile is held, so that a waiting sweep blocks
                # new sections.
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
        """Wait until no `writing` section runs, and hold an exclusive lock on the directory.

        The turnstile blocks new sections meanwhile; on a busy service the wait would never end
        otherwise. Waiting sections run first afterwards, because a sweep takes these locks many
        times in a row.
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

    def settled_before(self) -> float:
        """Return infinity: `exclusive` protects every file, regardless of any clock."""
        return math.inf

    def _open_turnstile(self) -> int:
        try:
            return _open_directory(self._turnstile)
        except FileNotFoundError:  # deleted from outside
            self._turnstile.mkdir(exist_ok=True)
            return _open_directory(self._turnstile)

    def check_writable(self) -> None:
        """Write 64 KiB, the size of a small photo with its renditions, and delete them."""
        probe = self.root / ".probe"  # a fixed name: a crash leaves at most one file
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
        """Create a merchant's directory and a subdirectory of it, durably."""
        for path in (directory.parent, directory):
            # An existing directory may not be flushed yet: another thread is about to do it, or a
            # process was killed before it could. So every process flushes each directory once.
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
    # After a failed fsync the kernel may have dropped the bytes: raise the error, never retry.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
