"""Bytes in a folder: `code/na/name.extension`, written once, durable before they are known.

A name's first two characters are its folder, so that millions of files stay listable, and the
four files of one original, whose names begin alike, cost one folder flush.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Final

from fatrina.adapters.storage.seam import Listed

_FAN: Final = 2


class LocalBlob:
    """A stored file, opened."""

    def __init__(self, path: Path) -> None:
        """Open it; FileNotFoundError when there is none."""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""
        return os.pread(self._descriptor, length, start)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)


class LocalStorage:
    """A folder that holds the bytes of all merchants."""

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, made when missing."""
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, files: Mapping[str, Path]) -> None:
        """Flush each file, move it to its place, then flush the folders it was named in."""
        folders: set[Path] = set()
        for key, source in files.items():
            target = self._path(key)
            if target.parent not in folders:
                folders |= _made(target.parent, self.root)
            _flush(source)
            source.rename(target)
        for folder in sorted(folders, reverse=True):
            _flush(folder)

    def open(self, key: str) -> LocalBlob:
        """Open a stored file; FileNotFoundError when there is none."""
        return LocalBlob(self._path(key))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete stored files; a key that is not there is no fault."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[Listed]:
        """Every stored file, folder by folder."""
        for merchant in _folders(self.root):
            for fan in _folders(Path(merchant.path)):
                with os.scandir(fan.path) as files:
                    for file in files:
                        changed = file.stat(follow_symlinks=False).st_ctime
                        yield Listed(f"{merchant.name}/{file.name}", changed)

    def check(self) -> None:
        """Write a small file and delete it."""
        probe = self.root / f".probe-{token_hex(8)}"
        try:
            probe.write_bytes(b"ready?")
        finally:
            probe.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        merchant, _, name = key.partition("/")
        return self.root / merchant / name[:_FAN] / name


def _folders(parent: Path) -> list[os.DirEntry[str]]:
    with os.scandir(parent) as entries:
        return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]


def _made(folder: Path, root: Path) -> set[Path]:
    """Make `folder` below `root`; every folder whose list of names that changes, and itself."""
    missing = [each for each in (folder, folder.parent) if not each.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    return {folder, *(each.parent for each in missing if each != root)}


def _flush(path: Path) -> None:
    # After a failed fsync the kernel may have dropped the bytes: the error goes up, never retried.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
