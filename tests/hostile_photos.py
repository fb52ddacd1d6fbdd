"""Hostile photos: truncated, polyglot, malformed, or larger than they appear."""

import re
import struct
import zlib
from collections.abc import Iterator
from functools import cache

from tests import sample_photos
from tests.containers import (
    build_webp,
    icc_segments,
    jpeg_segment,
    png_chunk,
    webp_chunk,
    with_chunks,
    with_segments,
)

HTML = b"<!doctype html><script>alert(document.domain)</script>"
ZIP = b"PK\5\6" + bytes(18)


def truncations(photo: bytes) -> Iterator[bytes]:
    """Yield a photo truncated at several lengths, from its first bytes to all but the last."""
    for part in (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
        yield photo[: int(len(photo) * part)]
    yield photo[:-1]


def valid_photos() -> dict[str, bytes]:
    """Return one valid photo of each format that is served unconverted."""
    return {
        "jpeg": sample_photos.jpeg(),
        "png": sample_photos.png(),
        "webp": sample_photos.webp(),
        "gif": sample_photos.gif(),
        "avif": sample_photos.avif(),
    }


def polyglots() -> dict[str, bytes]:
    """Return photos that are also valid as another type; libvips decodes every one."""
    appended = {
        f"{kind} and {name}": photo + other
        for kind, photo in valid_photos().items()
        for name, other in (("html", HTML), ("zip", ZIP))
    }
    return appended | {
        "html in jpeg's comment": with_segments(sample_photos.jpeg(), jpeg_segment(0xFE, HTML)),
        "html before jpeg's tables": with_segments(sample_photos.jpeg(), jpeg_segment(0xEF), HTML),
        "html in png's text": with_chunks(sample_photos.png(), png_chunk(b"tEXt", b"a\0" + HTML)),
    }


@cache
def jpeg_with_scans(
    count: int, *, width: int = sample_photos.WIDTH, height: int = sample_photos.HEIGHT
) -> bytes:
    """Return a progressive JPEG of `count` scans, 3 to 884, each in order (ITU-T T.81, G.1).

    The two scans that draw the image are followed by empty ones, for one bit of one coefficient
    each.
    """
    photo = sample_photos.jpeg(width=width, height=height, grey=True, progressive=True)
    head, *parts = re.split(rb"(?=\xff[\xc4\xda\xd9])", photo)
    tables = [part for part in parts if part[1] == 0xC4]
    drawing_scans = [part for part in parts if part[1] == 0xDA and part[7] == 0]
    blocks = -(-width // 8) * -(-height // 8)
    run = blocks.bit_length() - 1
    zeros = jpeg_segment(0xC4, b"\x10\1" + bytes(15) + bytes([run << 4]))
    bits = f"0{blocks - 2**run:0{run}b}" if run else "0"
    data = int(bits.ljust(24, "1"), 2).to_bytes(3, "big").replace(b"\xff", b"\xff\0")
    empty_scans = [
        jpeg_segment(0xDA, bytes([1, 1, 0, at, at, (low + 1 if low < 13 else 0) << 4 | low])) + data
        for at in range(1, 64)
        for low in range(13, -1, -1)
    ]
    return b"".join(
        [
            head,
            *tables,
            *drawing_scans,
            zeros,
            *empty_scans[: count - len(drawing_scans)],
            parts[-1],
        ]
    )


@cache
def oversized_photos() -> dict[str, bytes]:
    """Return photos that declare far more pixels than they have bytes for."""
    lossless = (16_383 - 1) | (16_383 - 1) << 14
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    tall = sample_photos.jpeg()
    at = tall.index(b"\xff\xc0") + 5
    screen = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0;"
    return {
        "webp": build_webp(webp_chunk(b"VP8L", b"\x2f" + struct.pack("<I", lossless) + bytes(3))),
        "png": sample_photos.png()[:8] + png_chunk(b"IHDR", size) + data + png_chunk(b"IEND"),
        "jpeg": tall[:at] + b"\xff\xdc\xff\xdc" + tall[at + 4 :],
        "gif": screen + frame,
    }


@cache
def decompression_bombs() -> dict[str, bytes]:
    """Return PNGs with 200 MB of zeros in 200 kB, in addition to the image."""
    zeros = zlib.compressobj(9)
    packed = b"".join(zeros.compress(bytes(2_000_000)) for _ in range(100)) + zeros.flush()
    return {
        "profile": with_chunks(sample_photos.png(), png_chunk(b"iCCP", b"icc\0\0" + packed)),
        "text": with_chunks(sample_photos.png(), png_chunk(b"zTXt", b"a\0\0" + packed)),
    }


def nonstandard_jpegs() -> dict[str, bytes]:
    """Return JPEGs that violate the standard in ways that decoders tolerate."""
    photo, profile = sample_photos.jpeg(), sample_photos.icc_profile()
    first, second = icc_segments(profile, len(profile) // 2 + 1)
    return {
        "fill": with_segments(photo, b"\xff" * 9, before=b"\xff\xda"),
        "stray": with_segments(photo, b"stray \xff\0 bytes", before=b"\xff\xda"),
        "restarts": with_segments(photo, b"\xff\xd0\xff\xd7\xff\1", before=b"\xff\xda"),
        "fill before end": photo[:-2] + b"\xff" * 9 + photo[-2:],
        "profile out of order": with_segments(photo, second, first),
        "profile interrupted": with_segments(photo, first, jpeg_segment(0xFE, b"a"), second),
    }
