"""Checks of the stored files: each must exist, be complete, and have the format of its row."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from typing import Final

from fatrina.adapters.database import Database, versions
from fatrina.adapters.decoder import DecoderPool
from fatrina.adapters.storage import Storage
from fatrina.doctor.report import Report
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat, Limits, sniff
from fatrina.domain.renditions import ROLES
from fatrina.domain.version import Version

_MAX_OPENED: Final = 10_000
"""Number of versions whose files are opened; for older ones only the sizes are checked."""
_HEAD_BYTES: Final = 512
_PAGE_SIZE: Final = 1000
_PROGRESS_SECONDS: Final = 1.0
_MAX_LISTED: Final = 5
_ADVICE: Final = (
    "Send the photos again: an update with the same photo stores them again. "
    "Or restore media/ from the backup: see docs/operations.md."
)
# The stored files have been accepted before, so only damage is reported, not large sizes.
_LIMITS: Final = Limits(pixels=10**9, pixels_buffered=10**9, pixels_heic=10**9, side=65_500)


def check_files(report: Report, database: Database, storage: Storage, *, deep: bool) -> None:
    """Check the sizes of all files and the first bytes of the newest; with `deep`, decode all."""
    with database.reading() as conn:
        count = versions.count_unpurged(conn)
    counts_by_problem: Counter[str] = Counter()
    damaged: list[str] = []
    with ExitStack() as stack:
        decoders = stack.enter_context(closing(DecoderPool(1, _LIMITS, 1))) if deep else None
        for key, problem in _find_problems(storage, _iter_stored(database), count, decoders):
            counts_by_problem[problem] += 1
            damaged.append(f"{key} ({problem})")
    total = f"all {count} images with {count * len(ROLES)} files"
    if damaged:
        counts = ", ".join(f"{count} {fault}" for fault, count in counts_by_problem.items())
        examples = "; ".join(damaged[:_MAX_LISTED]) + (" …" if len(damaged) > _MAX_LISTED else "")
        report.fail("images", f"of {total}: {counts}: {examples}", _ADVICE)
    else:
        report.ok("images", f"{total} are complete" + ("" if deep else " by size and format"))


def _iter_stored(database: Database) -> Iterator[Version]:
    """Yield all versions whose bytes must exist, the newest first, in short transactions."""
    before: int | None = None
    while True:
        with database.reading() as conn:
            page, before = versions.list_unpurged_versions(conn, before, _PAGE_SIZE)
        yield from page
        if before is None:
            return


def _find_problems(
    storage: Storage, stored: Iterable[Version], count: int, decoders: DecoderPool | None
) -> Iterator[tuple[str, str]]:
    printed_at = time.monotonic()
    for number, version in enumerate(stored, 1):
        sizes = version.sizes or (None,) * len(ROLES)
        for key, size in zip(version.original.keys().values(), sizes, strict=True):
            if decoders is None and number > _MAX_OPENED:
                problem = _check_size(storage, key, size)
            else:
                problem = _check_file(storage, key, size, version.original.format, decoders)
            if problem:
                yield key, problem
        if time.monotonic() - printed_at > _PROGRESS_SECONDS and sys.stderr.isatty():
            printed_at = time.monotonic()
            sys.stderr.write(f"\r{number} of {count} images … ")


def _check_size(storage: Storage, key: str, size: int | None) -> str:
    """Return the problem of a stored file, found without opening it; empty without one."""
    try:
        actual = storage.size(key)
    except OSError:
        return "unreadable"
    if actual is None:
        return "missing"
    if not actual:
        return "empty"
    return "wrong size" if actual != (size or actual) else ""


def _check_file(
    storage: Storage,
    key: str,
    size: int | None,
    image_format: ImageFormat,
    decoders: DecoderPool | None,
) -> str:
    """Return the problem of a stored file; empty without one."""
    try:
        with closing(storage.open(key)) as blob:
            if blob.size != (size or blob.size) or not blob.size:
                return "wrong size" if blob.size else "empty"
            if sniff(next(blob.chunks(0, _HEAD_BYTES), b"")) is not image_format:
                return "damaged"
            if decoders is not None:
                _decode(decoders, blob.chunks(0, blob.size))
    except FileNotFoundError:
        return "missing"
    except errors.PhotoError:
        return "damaged"
    except OSError:
        return "unreadable"
    return ""


def _decode(decoders: DecoderPool, chunks: Iterator[bytes]) -> None:
    """Decode a file completely.

    Raises:
        errors.PhotoError: the file cannot be decoded.
    """
    with ExitStack() as stack:
        files = [os.memfd_create("doctor") for _ in range(1 + len(ROLES))]
        for file in files:
            stack.callback(os.close, file)
        for chunk in chunks:
            os.write(files[0], chunk)
        decoder = stack.enter_context(decoders.acquire())
        decoder.open(files[0], _LIMITS)
        decoder.render(files[1:])
