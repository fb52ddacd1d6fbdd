"""Storage in an S3-compatible bucket, through obstore: a file's key is the path of its URL."""

import errno
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from secrets import token_hex
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

import obstore

from fatrina.adapters.storage.base import CHUNK_BYTES, StoredFile
from fatrina.adapters.storage.bucket_client import (
    LARGE_TIMEOUTS,
    READ_TIMEOUTS,
    connect,
    existing_bucket,
    os_errors,
)
from fatrina.domain.bucket_address import BucketAddress
from fatrina.domain.durations import DAY, SECOND
from fatrina.domain.photo import ImageFormat

if TYPE_CHECKING:
    from obstore import Attributes, GetResult

_KEY: Final = re.compile(
    rf"[^/]+/[A-Za-z0-9]{{40}}\.({'|'.join(each.value for each in ImageFormat)})"
)
"""Keys of image files. All other keys of the bucket belong to someone else."""
_CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
_MAX_PUTS: Final = 8
"""Photos stored at the same time: their files are in memory, up to about 25 MB each."""
_PUT_WAIT_SECONDS: Final = 5.0
_LARGE_BYTES: Final = 4_000_000
_DELETE_BATCH: Final = 1000
"""Keys per request (S3 API, DeleteObjects)."""
_VERIFIED_SECONDS: Final = 5.0
"""For how long the bucket counts as existing, or as writable, after a successful request."""
_SETTLED_SECONDS: Final = DAY / SECOND
"""Age after which a file without a row is an orphan: far longer than any transaction waits."""


class BucketBlob:
    """A stored file whose first request has been answered; its bytes arrive while it is read."""

    def __init__(self, storage: "BucketStorage", key: str, first: "GetResult") -> None:
        """Use the response to a GET of the complete file."""
        self.size = first.meta["size"]
        self._storage = storage
        self._key = key
        self._first: GetResult | None = first

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `stop` or the end, in chunks of at most `CHUNK_BYTES`.

        Raises:
            OSError: the bucket does not respond.
        """
        stop = min(stop, self.size)
        if start >= stop:
            return
        response, self._first = self._first, None
        if response is None or (start, stop) != (0, self.size):
            response = self._storage.request(self._key, (start, stop))
        with os_errors():
            for data in response.stream(min_chunk_size=1):
                view = memoryview(data)
                for at in range(0, len(view), CHUNK_BYTES):
                    yield bytes(view[at : at + CHUNK_BYTES])

    def close(self) -> None:
        """Stop receiving."""
        self._first = None


class BucketStorage:
    """A bucket with the files of all merchants.

    Files are written by plain requests: keys are random, so no condition is needed. A file is
    durable when the server has acknowledged it.
    """

    is_local = False

    def __init__(
        self, address: BucketAddress, base_url: str = "", *, bulk_delete: bool = True
    ) -> None:
        """Use a bucket, with credentials from the `AWS_*` variables or the machine's role.

        Without `bulk_delete`, each file needs one request to be deleted.
        """
        self.base_url = base_url
        self._store = connect(address, bulk_delete=bulk_delete)
        self._large_store = connect(address, LARGE_TIMEOUTS)
        self._read_store = connect(address, READ_TIMEOUTS)
        self._puts = BoundedSemaphore(_MAX_PUTS)
        self._exists_until = 0.0
        self._writable_until = 0.0

    def put(self, files: Mapping[str, Path]) -> None:
        """Store files, all at the same time; return when the server has acknowledged all.

        After an error, files that were stored are left to the sweep: deleting them from a bucket
        that does not respond would delay the error.

        Raises:
            OSError: a file could not be stored.
        """
        if not files:
            return
        if not self._puts.acquire(timeout=_PUT_WAIT_SECONDS):
            raise OSError(errno.ETIMEDOUT, "The bucket is too slow for the number of updates")
        try:
            with ThreadPoolExecutor(min(len(files), _MAX_PUTS)) as pool:
                for _ in pool.map(self._put_file, *zip(*files.items(), strict=True)):
                    pass
        finally:
            self._puts.release()

    def open(self, key: str) -> BucketBlob:
        """Open a stored file.

        Raises:
            FileNotFoundError: there is no file with this key.
            OSError: the bucket does not exist, or does not respond.
        """
        return BucketBlob(self, key, self.request(key))

    def request(self, key: str, byte_range: tuple[int, int] | None = None) -> "GetResult":
        """Send a GET for a file or a range of it, and return the response.

        Raises:
            FileNotFoundError: there is no file with this key.
            OSError: the bucket does not exist, or does not respond.
        """
        try:
            with os_errors():
                return obstore.get(
                    self._read_store, key, options={"range": byte_range} if byte_range else {}
                )
        except FileNotFoundError:
            self._check_exists()
            raise

    def size(self, key: str) -> int | None:
        """Return the size of a stored file in bytes; None if it does not exist.

        Raises:
            OSError: the bucket does not exist, or does not respond.
        """
        try:
            with os_errors():
                return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            self._check_exists()
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """Delete stored files; ignore keys that do not exist.

        Raises:
            OSError: the bucket does not respond; some files may have been deleted.
        """
        iterator = iter(keys)
        while batch := list(islice(iterator, _DELETE_BATCH)):
            try:
                with os_errors():
                    obstore.delete(self._store, batch)
            except FileNotFoundError:
                # Some servers respond with 404 to the deletion of one missing file.
                self._check_exists()
                for key in batch if len(batch) > 1 else []:
                    self.delete([key])

    def list(self) -> Iterator[StoredFile]:
        """Yield every stored file, in any order; ignore everything else in the bucket.

        Raises:
            OSError: the bucket does not exist, or does not respond.
        """
        with existing_bucket(), os_errors():
            for page in obstore.list(self._store, chunk_size=_DELETE_BATCH):
                for each in page:
                    if _KEY.fullmatch(each["path"]):
                        yield StoredFile(each["path"], each["last_modified"].timestamp())

    def writing(self) -> AbstractContextManager[None]:
        """Do nothing: `settled_before` protects files that have no row yet."""
        return nullcontext()

    def exclusive(self, timeout: float) -> AbstractContextManager[bool]:  # noqa: ARG002
        """Yield True at once: `settled_before` protects files that have no row yet."""
        return nullcontext(enter_result=True)

    def settled_before(self) -> float:
        """Return the bucket's time 24 hours ago, whatever the clock of this machine says.

        Raises:
            OSError: the bucket cannot be written.
        """
        return self.read_clock() - _SETTLED_SECONDS

    def read_clock(self) -> float:
        """Return the bucket's time, in seconds since the epoch, from a file written now.

        Raises:
            OSError: the bucket cannot be written.
        """
        with existing_bucket(), self._probe() as key:
            return obstore.head(self._store, key)["last_modified"].timestamp()

    def check_writable(self) -> None:
        """Write a random key and delete it, at most once in five seconds.

        Not one key for all nodes: another node could delete it in between.

        Raises:
            OSError: the bucket cannot be written.
        """
        if time.monotonic() < self._writable_until:
            return
        with existing_bucket(), self._probe():
            pass
        self._writable_until = time.monotonic() + _VERIFIED_SECONDS

    @contextmanager
    def _probe(self) -> Iterator[str]:
        key = f"probe-{token_hex(16)}"
        with os_errors():
            obstore.put(self._store, key, b"?", use_multipart=False)
            try:
                yield key
            finally:
                obstore.delete(self._store, key)

    def _put_file(self, key: str, source: Path) -> None:
        store = self._large_store if source.stat().st_size > _LARGE_BYTES else self._store
        image_format = ImageFormat(key.rpartition(".")[2])
        attributes: Attributes = {
            "Content-Type": image_format.media_type,
            "Cache-Control": _CACHE_CONTROL,
        }
        with existing_bucket(), os_errors():
            obstore.put(store, key, source, attributes=attributes, use_multipart=False)

    def _check_exists(self) -> None:
        """Raise if the bucket does not exist: only then does a missing file mean an outage.

        Raises:
            OSError: the bucket does not exist, or does not respond.
        """
        if time.monotonic() < self._exists_until:
            return
        with existing_bucket(), os_errors():
            next(iter(obstore.list(self._store, prefix="probe-", chunk_size=1)), None)
        self._exists_until = time.monotonic() + _VERIFIED_SECONDS
