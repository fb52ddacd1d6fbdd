"""Stripping of hostile and random bytes ends in bounded time, with a known error or a result."""

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
SECONDS = 3.0  # it takes 0.2; quadratic growth would take hours


class SlowInput(NamedTuple):
    kind: ImageFormat
    head: bytes
    part: bytes
    tail: bytes = b"\xff\xd9"


SCAN = b"\xff\xd8" + jpeg_segment(0xDA, b"")
PNG = sample_photos.png()[:33]
WEBP = b"RIFF" + struct.pack("<I", SIZE) + b"WEBP"
ANIMATED = WEBP + b"VP8X\x0a\0\0\0\2" + bytes(9)
GIF = b"GIF89a\1\0\1\0\0\0\0"
FTYP = box(b"ftyp", b"avif\0\0\0\0avif")
# Boxes that are as long as all parts together.
LONG = struct.pack(">I", SIZE + 8)
META = FTYP + struct.pack(">I", SIZE + 20) + b"meta\0\0\0\0" + LONG

SLOW_INPUTS = {
    "stuffing": SlowInput(ImageFormat.JPEG, b"\xff\xd8", b"\xff\0"),
    "starts": SlowInput(ImageFormat.JPEG, b"\xff\xd8", b"\xff\xd8"),
    "fill": SlowInput(ImageFormat.JPEG, b"\xff\xd8", b"\xff"),
    "comments": SlowInput(ImageFormat.JPEG, b"\xff\xd8", b"\xff\xfe\0\2"),
    "profiles": SlowInput(ImageFormat.JPEG, b"\xff\xd8", b"\xff\xe2\0\x10ICC_PROFILE\0\1\1"),
    "stuffing in scan": SlowInput(ImageFormat.JPEG, SCAN, b"\xff\0"),
    "starts in scan": SlowInput(ImageFormat.JPEG, SCAN, b"\xff\xd8"),
    "fill in scan": SlowInput(ImageFormat.JPEG, SCAN, b"\xff"),
    "fill and stuffing": SlowInput(ImageFormat.JPEG, SCAN, b"\xff" * 999 + b"\0"),
    "tables in scan": SlowInput(ImageFormat.JPEG, SCAN, b"\xff\xc4\0\2"),
    "chunks": SlowInput(ImageFormat.PNG, PNG, bytes(12)),
    "data": SlowInput(ImageFormat.PNG, PNG, b"\0\0\0\0IDAT\0\0\0\0"),
    "riff chunks": SlowInput(ImageFormat.WEBP, WEBP, b"SECR\0\0\0\0"),
    "frames": SlowInput(ImageFormat.WEBP, ANIMATED, b"ANMF\x10\0\0\0" + bytes(16)),
    "alpha": SlowInput(
        ImageFormat.WEBP, ANIMATED + b"ANMF" + struct.pack("<I", SIZE), b"ALPH\0\0\0\0"
    ),
    "sub-blocks": SlowInput(ImageFormat.GIF, GIF + b"!\xfe", b"\1\1"),
    "extensions": SlowInput(ImageFormat.GIF, GIF, b"!\xfe\0"),
    "pictures": SlowInput(ImageFormat.GIF, GIF, b"," + bytes(11)),
    "boxes": SlowInput(ImageFormat.AVIF, FTYP, box(b"free")),
    "brands": SlowInput(ImageFormat.AVIF, LONG + b"ftyp", b"avis", box(b"meta", bytes(4))),
    "parts": SlowInput(ImageFormat.AVIF, META[:-4], box(b"free")),
}


@pytest.mark.parametrize("name", SLOW_INPUTS)
def test_stripping_time_is_bounded(name: str) -> None:
    kind, head, part, tail = SLOW_INPUTS[name]
    data = head + part * (SIZE // len(part)) + tail
    start = perf_counter()
    with suppress(errors.PhotoError):
        strip_metadata(kind, data)
    assert perf_counter() - start < SECONDS


def avif_with_long_box(name: bytes, body: bytes) -> bytes:
    """Return an AVIF with one box of its description replaced by a longer one."""
    top = read_boxes(metadata_markers.avif_with_items())
    parts = [box(kind, body if kind == name else own) for kind, own in read_boxes(top[1][1][4:])]
    if name == b"iref":
        parts.append(box(name, body))
    return b"".join([box(*top[0]), box(b"meta", bytes(4), *parts), box(*top[2])])


@pytest.mark.parametrize(
    ("name", "body"),
    [
        # Extents of zero bytes, so that a few thousand items have hundreds of millions of them.
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
def test_long_avif_description_is_read_in_bounded_time(name: bytes, body: bytes) -> None:
    start = perf_counter()
    with suppress(errors.PhotoError):
        strip_metadata(ImageFormat.AVIF, avif_with_long_box(name, body))
    assert perf_counter() - start < SECONDS


def photos() -> list[tuple[ImageFormat, bytes]]:
    """Return small photos that together contain everything that stripping reads."""
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


HEAD = 600  # where most of what stripping reads is located
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
def test_arbitrary_edits_are_stripped_or_rejected(
    photo: tuple[ImageFormat, bytes],
    edits: list[tuple[int, int, bytes]],
    cut: float | None,
) -> None:
    kind, data = photo
    for at, removed, new in edits:
        data = data[:at] + new + data[at + removed :]
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
def test_noise_is_rejected(image_format: ImageFormat, data: bytes) -> None:
    with pytest.raises(errors.PhotoDamaged):
        strip_metadata(image_format, data)


@pytest.mark.parametrize("name", ["jpeg exif", "png exif", "webp exif", "gif xmp", "avif exif"])
def test_mapped_file_equals_bytes(name: str) -> None:
    kind, photo = metadata_markers.marked_photos()[name]
    with tempfile.TemporaryFile() as file:
        file.write(photo)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert strip_metadata(kind, mapped) == strip_metadata(kind, photo)
