"""Interface of storage backends, and its guarantees."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

CHUNK_BYTES: Final = 262_144
"""Maximum number of bytes of a stored file in memory at a time."""


class StoredFile(NamedTuple):
    """A stored file as listed."""

    key: str
    changed_at: float
    """When it was stored, in seconds since the epoch."""


class Blob(Protocol):
    """An open stored file."""

    size: int

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `stop` or the end, in chunks of at most `CHUNK_BYTES`.

        Raises:
            OSError: the storage cannot be read.
        """

    def close(self) -> None:
        """Close the file."""


class Storage(Protocol):
    """Stored files by key: `code/name.extension`, letters, digits, one slash and one dot."""

    is_local: bool
    """True if opening and reading a file takes less time than running that in a thread."""

    base_url: str
    """Beginning of the files' URLs, without a trailing slash."""

    def put(self, files: Mapping[str, Path]) -> None:
        """Store complete files under their keys; after the return they survive a power loss.

        The source files may be moved. Keys are random and never reused.

        Raises:
            OSError: a file could not be stored; those already stored are orphans.
        """

    def open(self, key: str) -> Blob:
        """Open a stored file.

        Raises:
            FileNotFoundError: there is no file with this key.
        """

    def size(self, key: str) -> int | None:
        """Return the size of a stored file in bytes; None if it does not exist.

        Raises:
            OSError: the storage cannot be read.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete stored files; ignore keys that do not exist."""

    def list(self) -> Iterator[StoredFile]:
        """Yield every stored file, in any order."""

    def writing(self) -> AbstractContextManager[None]:
        """Protect stored files without a row from the sweep; enter before `put`, exit after commit.

        Any number of threads and processes may hold it at the same time. A storage that several
        machines share has no such lock, and protects files by `settled_before` instead.
        """

    def exclusive(self, timeout: float) -> AbstractContextManager[bool]:
        """Wait up to `timeout` seconds until no `writing` section runs; yield whether none runs.

        Until the exit no new section begins, so a stored file without a row is an orphan,
        regardless of any clock.
        """

    def settled_before(self) -> float:
        """Return the time before which every file was stored that `exclusive` does not protect.

        In seconds since the epoch, by the clock of `StoredFile.changed_at`.

        Raises:
            OSError: the storage does not respond.
        """

    def check_writable(self) -> None:
        """Raise unless the storage can be written.

        Raises:
            OSError: the storage cannot be written.
        """
