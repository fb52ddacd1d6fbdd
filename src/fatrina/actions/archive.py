"""A tar archive that is written member by member; its last member has the hash of each other."""

import io
import json
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from typing import IO, Any, Final, Self

CHECKSUMS: Final = "sha256.json"


class ArchiveWriter:
    """An archive that is written member by member, and hashed as it is."""

    def __init__(self, out: IO[bytes]) -> None:
        self._archive = tarfile.open(fileobj=out, mode="w|")  # noqa: SIM115  closed below
        self._sums: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.add(CHECKSUMS, json.dumps(self._sums).encode())
        self._archive.close()

    def add(self, name: str, data: bytes) -> None:
        """A member that is held whole."""
        self._add(name, len(data), io.BytesIO(data))

    def add_file(self, name: str, file: IO[bytes]) -> None:
        """A member that was written to a file, which is at its end."""
        size = file.tell()
        file.seek(0)
        self._add(name, size, file)

    def add_chunks(self, name: str, size: int, pieces: Iterator[bytes]) -> None:
        """A member that comes in pieces, which are not kept.

        Raises:
            OSError: they are fewer bytes than `size`.
        """
        self._add(name, size, io.BufferedReader(_ChunkReader(pieces)))

    def _add(self, name: str, size: int, data: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o644
        hashing = _HashingReader(data)
        self._archive.addfile(member, hashing)
        self._sums[name] = hashing.digest.hexdigest()


class _ChunkReader(io.RawIOBase):
    """A file to read, which holds one piece at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class _HashingReader(io.RawIOBase):
    """Reads on, and hashes what it reads."""

    def __init__(self, data: IO[bytes]) -> None:
        super().__init__()
        self._data = data
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._data.read(size)
        self.digest.update(piece)
        return piece
