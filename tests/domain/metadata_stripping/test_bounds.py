"""Bytes made to keep a cleaner busy, and random ones: it always ends, soon, and in a leaf."""

import mmap
import struct
import tempfile
from contextlib import suppress
from time import perf_counter
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.metadata_stripping import strip_metadata
from fatrina.domain.photo import ImageFormat
from tests import metadata_markers, sample_photos
from tests.containers import box, jpeg_segment, read_boxes
from tests.domain.metadata_stripping.appearance import strip

SIZE = 4_000_000
SECONDS = 3.0  # it takes 0.2; what grows with the square of the size would take hours


class Busy(NamedTuple):
    kind: ImageFormat
    head: bytes
    part: bytes
    tail: bytes = b"\xff\xd9"


SCAN = b"\xff\xd8" + jpeg_segment(0xDA, b"")
PNG = sample_photos.png()[:33]
WEBP = b"RIFF" + struct.pack("<I", SIZE) + b"WEBP"
MOVING = WEBP + b"VP8X\x0a\0\0\0\2" + bytes(9)
GIF = b"GIF89a\1\0\1\0\0\0\0"
FTYP = box(b"ftyp", b"avif\0\0\0\0avif")
# Boxes that are as long as all the parts together.
LONG = struct.pack(">I", SIZE + 8)
META = FTYP + struct.pack(">I", SIZE + 20) + b"meta\0\0\0\0" + LONG

BUSY = {
    "stuffing": Busy(ImageFormat.JPEG, b"\xff\xd8", b"\xff\0"),
    "starts": Busy(ImageFormat.JPEG, b"\xff\xd8", b"\xff\xd8"),
    "fill": Busy(ImageFormat.JPEG, b"\xff\xd8", b"\xff"),
    "comments": Busy(ImageFormat.JPEG, b"\xff\xd8", b"\xff\xfe\0\2"),
    "profiles": Busy(ImageFormat.JPEG, b"\xff\xd8", b"\xff\xe2\0\x10ICC_PROFILE\0\1\1"),
    "stuffing in scan": Busy(ImageFormat.JPEG, SCAN, b"\xff\0"),
    "starts in scan": Busy(ImageFormat.JPEG, SCAN, b"\xff\xd8"),
    "fill in scan": Busy(ImageFormat.JPEG, SCAN, b"\xff"),
    "fill and stuffing": Busy(ImageFormat.JPEG, SCAN, b"\xff" * 999 + b"\0"),
    "tables in scan": Busy(ImageFormat.JPEG, SCAN, b"\xff\xc4\0\2"),
    "chunks": Busy(ImageFormat.PNG, PNG, bytes(12)),
    "data": Busy(ImageFormat.PNG, PNG, b"\0\0\0\0IDAT\0\0\0\0"),
    "riff chunks": Busy(ImageFormat.WEBP, WEBP, b"SECR\0\0\0\0"),
    "frames": Busy(ImageFormat.WEBP, MOVING, b"ANMF\x10\0\0\0" + bytes(16)),
    "alpha": Busy(ImageFormat.WEBP, MOVING + b"ANMF" + struct.pack("<I", SIZE), b"ALPH\0\0\0\0"),
    "sub-blocks": Busy(ImageFormat.GIF, GIF + b"!\xfe", b"\1\1"),
    "extensions": Busy(ImageFormat.GIF, GIF, b"!\xfe\0"),
    "pictures": Busy(ImageFormat.GIF, GIF, b"," + bytes(11)),
    "boxes": Busy(ImageFormat.AVIF, FTYP, box(b"free")),
    "brands": Busy(ImageFormat.AVIF, LONG + b"ftyp", b"avis", box(b"meta", bytes(4))),
    "parts": Busy(ImageFormat.AVIF, META[:-4], box(b"free")),
}


@pytest.mark.parametrize("name", BUSY)
def test_a_cleaner_is_soon_done(name: str) -> None:
    kind, head, part, tail = BUSY[name]
    data = head + part * (SIZE // len(part)) + tail
    started = perf_counter()
    with suppress(errors.PhotoError):
        strip_metadata(kind, data)
    assert perf_counter() - started < SECONDS


def avif_busy_with(name: bytes, body: bytes) -> bytes:
    """Give an AVIF that has one box of its description replaced by a longer one."""
    top = read_boxes(metadata_markers.avif_with_items())
    parts = [box(kind, body if kind == name else own) for kind, own in read_boxes(top[1][1][4:])]
    if name == b"iref":
        parts.append(box(name, body))
    return b"".join([box(*top[0]), box(b"meta", bytes(4), *parts), box(*top[2])])


@pytest.mark.parametrize(
    ("name", "body"),
    [
        # No bytes for an extent, so that a few thousand items have hundreds of millions of them.
        (b"iloc", b"\1\0\0\0\0\0\xff\xff" + struct.pack(">HHHH", 1, 0, 0, 0xFFFF) * 0xFFFF),
        (b"iloc", b"\0\0\0\0\0\0\xff\xff" + struct.pack(">HHH", 1, 0, 0) * 0xFFFF),
        (b"iref", bytes(4) + box(b"dimg", struct.pack(">HH", 1, 0xFFFF), bytes(0xFFFF * 2))),
        (
            b"iref",
            bytes(4)
            + b"".join(box(b"dimg", struct.pack(">HHH", i, 1, i + 1)) for i in range(40_000)),
        ),
        (b"iprp", box(b"ipco", box(b"free") * 60_000)),
    ],
)
def test_a_description_that_goes_on_and_on_is_soon_read(name: bytes, body: bytes) -> None:
    started = perf_counter()
    with suppress(errors.PhotoError):
        strip_metadata(ImageFormat.AVIF, avif_busy_with(name, body))
    assert perf_counter() - started < SECONDS


def photos() -> list[tuple[ImageFormat, bytes]]:
    """Give small photos that between them have everything that a cleaner looks at."""
    rich = [
        (
            ImageFormat.JPEG,
            sample_photos.jpeg(progressive=True, icc=sample_photos.icc_profile(), orientation=6),
        ),
        (ImageFormat.JPEG, sample_photos.jpeg(cmyk=True, restart=1)),
        (
            ImageFormat.PNG,
            sample_photos.png(palette=True, icc=sample_photos.icc_profile(), orientation=3),
        ),
        (ImageFormat.PNG, sample_photos.apng()),
        (
            ImageFormat.WEBP,
            sample_photos.webp(alpha=True, icc=sample_photos.icc_profile(), orientation=5),
        ),
        (ImageFormat.WEBP, sample_photos.webp(frames=2)),
        (ImageFormat.GIF, sample_photos.gif(frames=2)),
        (
            ImageFormat.AVIF,
            sample_photos.avif(alpha=True, icc=sample_photos.icc_profile(), orientation=7),
        ),
    ]
    return rich + list(metadata_markers.marked_photos().values())


HEAD = 600  # where most of what a cleaner reads is
EDITS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, HEAD), st.integers(0, 60_000)),
        st.integers(0, 8),
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from(
                [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\xff\xd9", b"\xff\xda"]
            ),
        ),
    ),
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(
    photo=st.sampled_from(photos()),
    edits=EDITS,
    cut=st.one_of(st.none(), st.integers(0, HEAD), st.floats(0, 1)),
)
def test_whatever_the_bytes_a_cleaner_cleans_or_refuses(
    photo: tuple[ImageFormat, bytes],
    edits: list[tuple[int, int, bytes]],
    cut: float | None,
) -> None:
    kind, data = photo
    for at, gone, new in edits:
        data = data[:at] + new + data[at + gone :]
    if cut is not None:
        data = data[: cut if isinstance(cut, int) else int(cut * len(data))]
    try:
        served = strip(kind, data)
    except (errors.PhotoDamaged, errors.PhotoTooManyScans):
        return
    again = strip_metadata(kind, served)
    assert again.is_unchanged(len(served))
    assert again.size == len(served)


@settings(max_examples=100, deadline=None)
@given(
    image_format=st.sampled_from([kind for kind in ImageFormat if kind is not ImageFormat.HEIC]),
    data=st.binary(),
)
def test_noise_is_refused(image_format: ImageFormat, data: bytes) -> None:
    with pytest.raises(errors.PhotoDamaged):
        strip_metadata(image_format, data)


@pytest.mark.parametrize("name", ["jpeg exif", "png exif", "webp exif", "gif xmp", "avif exif"])
def test_a_mapped_file_is_as_good_as_bytes(name: str) -> None:
    kind, photo = metadata_markers.marked_photos()[name]
    with tempfile.TemporaryFile() as file:
        file.write(photo)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert strip_metadata(kind, mapped) == strip_metadata(kind, photo)
