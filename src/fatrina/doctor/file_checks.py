"""The stored files: whether each is there, whole, and of the kind that its row says."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Final

from fatrina.adapters.database import Database, versions
from fatrina.adapters.decoder import Decoders
from fatrina.adapters.storage import Storage
from fatrina.doctor.report import Report
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat, Limits, sniff
from fatrina.domain.renditions import ROLES
from fatrina.domain.version import Version

_NEWEST: Final = 10_000
"""Versions whose files are opened, unless all are; of the others the sizes are checked."""
_HEAD: Final = 512
_TICK: Final = 1.0
_LISTED: Final = 5
_ADVICE: Final = (
    "Send the photos again: an update with the same photo stores them again. "
    "Or restore media/ from the backup: see docs/operations.md."
)
# The stored files were accepted once: only damage is looked for.
_LIMITS: Final = Limits(pixels=10**9, pixels_buffered=10**9, pixels_heic=10**9, side=65_500)


def examine(report: Report, database: Database, storage: Storage, *, deep: bool) -> None:
    """Check the sizes of all files and the first bytes of the newest, or every pixel of all."""
    with database.reading() as conn:
        wanted = [*versions.all_stored(conn)]
    faults: Counter[str] = Counter()
    damaged: list[str] = []
    with ExitStack() as stack:
        decoders = stack.enter_context(closing(Decoders(1, _LIMITS, 1))) if deep else None
        for key, fault in _problems(storage, wanted, decoders):
            faults[fault] += 1
            damaged.append(f"{key} ({fault})")
    seen = f"all {len(wanted)} pictures with {len(wanted) * len(ROLES)} files"
    if damaged:
        counts = ", ".join(f"{count} {fault}" for fault, count in faults.items())
        some = "; ".join(damaged[:_LISTED]) + (" …" if len(damaged) > _LISTED else "")
        report.fail("pictures", f"of {seen}: {counts}: {some}", _ADVICE)
    else:
        report.ok("pictures", f"{seen} are whole" + ("" if deep else " in size and kind"))


def _problems(
    storage: Storage, wanted: list[Version], decoders: Decoders | None
) -> Iterator[tuple[str, str]]:
    shown = time.monotonic()
    for number, version in enumerate(wanted, 1):
        sizes = version.sizes or (None,) * len(ROLES)
        for key, size in zip(version.original.keys().values(), sizes, strict=True):
            if decoders is None and number > _NEWEST:
                fault = _size_problem(storage, key, size)
            else:
                fault = _problem(storage, key, size, version.original.format, decoders)
            if fault:
                yield key, fault
        if time.monotonic() - shown > _TICK and sys.stderr.isatty():
            shown = time.monotonic()
            sys.stderr.write(f"\r{number} of {len(wanted)} pictures … ")


def _size_problem(storage: Storage, key: str, size: int | None) -> str:
    """Return what is wrong with a stored file, without opening it; empty when nothing is."""
    try:
        found = storage.size(key)
    except OSError:
        return "unreadable"
    if found is None:
        return "missing"
    if not found:
        return "empty"
    return "of another size" if found != (size or found) else ""


def _problem(
    storage: Storage,
    key: str,
    size: int | None,
    image_format: ImageFormat,
    decoders: Decoders | None,
) -> str:
    """Return what is wrong with a stored file; empty when nothing is."""
    try:
        with closing(storage.open(key)) as blob:
            if blob.size != (size or blob.size) or not blob.size:
                return "of another size" if blob.size else "empty"
            if sniff(next(blob.pieces(0, _HEAD), b"")) is not image_format:
                return "damaged"
            if decoders is not None:
                _decode(decoders, blob.pieces(0, blob.size))
    except FileNotFoundError:
        return "missing"
    except errors.PhotoError:
        return "damaged"
    except OSError:
        return "unreadable"
    return ""


def _decode(decoders: Decoders, data: Iterator[bytes]) -> None:
    """Decode a file to its last pixel.

    Raises:
        errors.PhotoError: it cannot be decoded.
    """
    with ExitStack() as stack:
        files = [os.memfd_create("doctor") for _ in range(1 + len(ROLES))]
        for file in files:
            stack.callback(os.close, file)
        for piece in data:
            os.write(files[0], piece)
        decoder = stack.enter_context(decoders.acquire())
        decoder.open(files[0], _LIMITS)
        decoder.render(files[1:])
