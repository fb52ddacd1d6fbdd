"""The verbs that every storage has, and what they promise."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

CHUNK_BYTES: Final = 262_144
"""Most bytes of a stored file that are in memory at once."""


class StoredFile(NamedTuple):
    """A stored file as a listing shows it."""

    key: str
    changed_at: float
    """When it came into being, in seconds since the epoch."""


class Blob(Protocol):
    """An opened stored file."""

    size: int

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`, or to the end, in pieces of `PIECE` bytes at most.

        Raises:
            OSError: storage cannot be read.
        """

    def close(self) -> None:
        """Let go of it."""


class Storage(Protocol):
    """Where bytes live, by key: `code/name.extension`, letters, digits, one slash and one dot."""

    is_local: bool
    """Whether opening a file and reading a piece of it costs less than handing that to a thread."""

    base_url: str
    """Where its files are served: what their URLs begin with, without a slash at the end."""

    def put(self, files: Mapping[str, Path]) -> None:
        """Store finished files under their keys; they survive a power loss when this returns.

        The files may be moved away. Keys are random and never used twice.

        Raises:
            OSError: some file could not be stored; what was stored of them is litter.
        """

    def open(self, key: str) -> Blob:
        """Open a stored file.

        Raises:
            FileNotFoundError: there is none.
        """

    def size(self, key: str) -> int | None:
        """Return how many bytes a stored file has; None when there is none.

        Raises:
            OSError: storage cannot be read.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete stored files; a key that is not there is no fault."""

    def list(self) -> Iterator[StoredFile]:
        """Every stored file, in no order."""

    def writing(self) -> AbstractContextManager[None]:
        """Protect stored files that no row refers to yet; entered before `put`, left after commit.

        Any number of threads and processes may be in it at once.
        """

    def exclusive(self, timeout: float) -> AbstractContextManager[bool]:
        """Wait for every `writing` section to end, and keep new ones out; yield whether they ended.

        In it, a stored file that no row refers to is litter, whatever any clock says.
        """

    def check_writable(self) -> None:
        """Prove that bytes can be written now.

        Raises:
            OSError: they cannot.
        """
