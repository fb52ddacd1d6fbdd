"""The orientation in an EXIF block is read as libvips reads it."""

import struct

import pytest

from fatrina.domain.metadata_stripping.exif import build_orientation, read_orientation
from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.containers import exif_tiff, jpeg_segment, with_segments
from tests.domain.metadata_stripping.appearance import appearance

SHORT, LONG, ASCII = 3, 4, 2
ORIENTATION = 0x0112


def block(*entries: tuple[int, int, int, bytes], tail: bytes = b"") -> bytes:
    """Return a TIFF structure of these entries: tag, type, count and the value's four bytes."""
    rows = b"".join(struct.pack(">HHI", *entry[:3]) + entry[3] for entry in entries)
    return b"MM\0*" + struct.pack(">IH", 8, len(entries)) + rows + bytes(4) + tail


SIX, EIGHT = b"\0\6\0\0", b"\0\x08\0\0"
CASES = {
    "short": (block((ORIENTATION, SHORT, 1, SIX)), 6),
    "little": (exif_tiff(6, little=True), 6),
    "among others": (exif_tiff(6, text=b"a camera, a place"), 6),
    "byte": (block((ORIENTATION, 1, 1, b"\6\0\0\0")), 6),
    "long": (block((ORIENTATION, LONG, 1, b"\0\0\0\6")), 6),
    "signed": (block((ORIENTATION, 8, 1, SIX)), 6),
    "two": (block((ORIENTATION, SHORT, 2, b"\0\6\0\x08")), 6),
    "elsewhere": (block((ORIENTATION, SHORT, 3, b"\0\0\0\x1a"), tail=b"\0\6\0\6\0\6"), 6),
    "elsewhere outside": (block((ORIENTATION, SHORT, 3, b"\0\0\0\xff"), tail=b"\0\6\0\6\0\6"), 1),
    "text": (block((ORIENTATION, ASCII, 2, b"6\0\0\0")), 1),
    "text first": (block((ORIENTATION, ASCII, 2, b"6\0\0\0"), (ORIENTATION, SHORT, 1, EIGHT)), 1),
    "unknown type first": (block((ORIENTATION, 99, 1, SIX), (ORIENTATION, SHORT, 1, EIGHT)), 8),
    "a count of zero first": (
        block((ORIENTATION, SHORT, 0, SIX), (ORIENTATION, SHORT, 1, EIGHT)),
        8,
    ),
    "twice": (block((ORIENTATION, SHORT, 1, SIX), (ORIENTATION, SHORT, 1, EIGHT)), 6),
    "zero": (block((ORIENTATION, SHORT, 1, bytes(4))), 1),
    "nine": (block((ORIENTATION, SHORT, 1, b"\0\x09\0\0")), 1),
    "no next directory": (block((ORIENTATION, SHORT, 1, SIX))[:-4], 6),
    "cut in the entry": (block((ORIENTATION, SHORT, 1, SIX))[:-5], 1),
    "more entries than there are": (
        b"MM\0*\0\0\0\x08\0\x09" + block((ORIENTATION, SHORT, 1, SIX))[10:],
        6,
    ),
    "directory at an odd place": (b"MM\0*\0\0\0\x09x" + block((ORIENTATION, SHORT, 1, SIX))[8:], 6),
    "directory outside": (b"MM\0*\xff\xff\xff\xff" + block((ORIENTATION, SHORT, 1, SIX))[8:], 1),
    "directory in the head": (b"MM\0*\0\0\0\0" + block((ORIENTATION, SHORT, 1, SIX))[8:], 1),
    "no byte order": (b"\0" + block((ORIENTATION, SHORT, 1, SIX)), 1),
    "orders mixed": (b"II" + block((ORIENTATION, SHORT, 1, SIX))[2:], 1),
    "nothing": (b"", 1),
}


@pytest.mark.parametrize("name", CASES)
def test_orientation_matches_libvips(name: str) -> None:
    block, expected = CASES[name]
    assert read_orientation(block) == expected
    photo = with_segments(sample_photos.jpeg(), jpeg_segment(0xE1, b"Exif\0\0" + block))
    upright = appearance(ImageFormat.JPEG, sample_photos.jpeg())
    turned = appearance(ImageFormat.JPEG, sample_photos.jpeg(orientation=expected))
    assert appearance(ImageFormat.JPEG, photo) == turned
    assert (turned == upright) == (expected == 1)


@pytest.mark.parametrize("turn", range(2, 9))
def test_smallest_block_round_trips(turn: int) -> None:
    assert len(build_orientation(turn)) == 26
    assert read_orientation(build_orientation(turn)) == turn


def test_upright_has_no_block() -> None:
    assert build_orientation(1) == b""
