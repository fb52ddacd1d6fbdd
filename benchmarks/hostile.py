"""Files that must be refused, and at little cost; and a good one next to them."""

import struct
import zlib
from pathlib import Path

from benchmarks.photos import Photo, varied

_SIDE = 15_000
_STRIPES = 30_000
_HEAD = b"\x89PNG\r\n\x1a\n"


def files(folder: Path, photo: Photo) -> dict[str, tuple[Path, ...]]:
    """Each case's files by name, written into a folder; the good photo, whole, is the first."""
    data = photo.data
    cases = {
        "wrong type": b"%PDF-1.7\n" + data,
        "no picture": bytes(range(256)) * 4096,
        "bomb, 225 megapixels": bomb(_SIDE, _SIDE),
        "bomb, side of 30,000": bomb(_STRIPES, 10),
        "truncated at 60 %": data[: len(data) * 6 // 10],
        "truncated, end marker put back": data[: len(data) * 6 // 10] + b"\xff\xd9",
        "20 MB and a byte": data + bytes(20_000_001 - len(data)),
    }
    written: dict[str, tuple[Path, ...]] = {"good photo, for scale": photo.paths}
    for number, (name, content) in enumerate(cases.items()):
        path = folder / f"hostile-{number}.jpg"
        path.write_bytes(content)
        other = folder / f"hostile-{number}-other.jpg"
        other.write_bytes(varied(content))  # should one be taken, the next is not the same
        written[name] = (path, other)
    return written


def bomb(width: int, height: int) -> bytes:
    """A PNG of one colour: 225 megapixels in 0.2 MB."""
    row = bytes(1 + width)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return _HEAD + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
