"""Write a tar archive member by member; its last member lists the SHA-256 of all others."""

import io
import json
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from typing import IO, Any, Final, Self

CHECKSUMS: Final = "sha256.json"


class ArchiveWriter:
    """Writes a tar archive to a stream, and hashes each member while writing it."""

    def __init__(self, out: IO[bytes]) -> None:
        self._archive = tarfile.open(fileobj=out, mode="w|")  # noqa: SIM115  closed below
        self._hashes: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.add(CHECKSUMS, json.dumps(self._hashes).encode())
        self._archive.close()

    def add(self, name: str, data: bytes) -> None:
        """Add a member from memory."""
        self._add(name, len(data), io.BytesIO(data))

    def add_file(self, name: str, file: IO[bytes]) -> None:
        """Add a member from a file whose position is at its end."""
        size = file.tell()
        file.seek(0)
        self._add(name, size, file)

    def add_chunks(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        """Add a member of `size` bytes from chunks, one in memory at a time.

        Raises:
            OSError: the chunks have fewer bytes than `size`.
        """
        self._add(name, size, io.BufferedReader(_ChunkReader(chunks)))

    def _add(self, name: str, size: int, data: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o644
        reader = _HashingReader(data)
        self._archive.addfile(member, reader)
        self._hashes[name] = reader.digest.hexdigest()


class _ChunkReader(io.RawIOBase):
    """A readable file over chunks that holds one of them at a time."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class _HashingReader(io.RawIOBase):
    """Reads from a file and hashes what it reads."""

    def __init__(self, data: IO[bytes]) -> None:
        super().__init__()
        self._data = data
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._data.read(size)
        self.digest.update(chunk)
        return chunk
