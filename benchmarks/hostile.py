"""Files that the service must reject at little cost, and a valid one for comparison."""

import struct
import zlib
from pathlib import Path

from benchmarks.photos import Photo, varied

_SIDE = 15_000
_STRIPES = 30_000
_HEAD = b"\x89PNG\r\n\x1a\n"


def files(folder: Path, photo: Photo) -> dict[str, tuple[Path, ...]]:
    """Write the files of each case into a folder; the valid photo comes first."""
    data = photo.data
    cases = {
        "wrong type": b"%PDF-1.7\n" + data,
        "not an image": bytes(range(256)) * 4096,
        "bomb, 225 megapixels": bomb(_SIDE, _SIDE),
        "bomb, side of 30,000": bomb(_STRIPES, 10),
        "truncated at 60 %": data[: len(data) * 6 // 10],
        "truncated, with an end marker": data[: len(data) * 6 // 10] + b"\xff\xd9",
        "20 MB and one byte": data + bytes(20_000_001 - len(data)),
    }
    written: dict[str, tuple[Path, ...]] = {"valid photo, for comparison": photo.paths}
    for number, (name, content) in enumerate(cases.items()):
        path = folder / f"hostile-{number}.jpg"
        path.write_bytes(content)
        other = folder / f"hostile-{number}-other.jpg"
        other.write_bytes(varied(content))  # if one were accepted, the next would still differ
        written[name] = (path, other)
    return written


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of one colour: 225 megapixels in 0.2 MB."""
    row = bytes(1 + width)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return _HEAD + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
