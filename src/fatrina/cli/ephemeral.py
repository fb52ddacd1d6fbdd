"""Data directories of ephemeral services: deleted at the end, or by a later start after a crash."""

import ctypes
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from fatrina.directory_lock import lock_directory

_PREFIX: Final = "fatrina-ephemeral-"
_MIN_AGE_SECONDS: Final = 60.0
"""A younger directory may belong to a service that has not locked it yet."""
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a private directory is created in it
_MIN_FREE_BYTES: Final = 1_000_000_000
"""Containers have 64 MB in /dev/shm by default, which a few photos would fill."""
_PR_SET_PDEATHSIG: Final = 1


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Yield a new directory, and delete it at the end, also after SIGTERM.

    It is below TMPDIR if that is set, or else in memory if there is enough space: a test store
    needs no durability, and flushing to a disk would take most of the time of a seed. SIGKILL
    leaves the directory; the next call deletes it.
    """
    parent = _choose_parent()
    _delete_leftovers(parent)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _choose_parent() -> Path:
    with suppress(OSError):
        is_large = shutil.disk_usage(_MEMORY).free >= _MIN_FREE_BYTES
        if "TMPDIR" not in os.environ and is_large and os.access(_MEMORY, os.W_OK):
            return _MEMORY
    return Path(tempfile.gettempdir())


def stop_with_parent() -> None:
    """Send SIGTERM to this process when its parent ends, even if the parent is killed."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call
        os.kill(os.getpid(), signal.SIGTERM)


def _delete_leftovers(parent: Path) -> None:
    """Delete the directories of this user's ephemeral services that no longer run."""
    for path in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status = path.lstat()
            is_old = time.time() - status.st_mtime > _MIN_AGE_SECONDS
            if status.st_uid != os.getuid() or path.is_symlink() or not is_old:
                continue
            with lock_directory(path) as (is_owner, _):
                if is_owner:
                    shutil.rmtree(path, ignore_errors=True)
