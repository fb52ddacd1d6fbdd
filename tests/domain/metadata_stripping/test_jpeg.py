"""JPEG: the coded image is kept as it is, and only the metadata for colour and rotation."""

import pytest

from fatrina.domain.errors import PhotoCodingUnsupported, PhotoDamaged, PhotoTooManyScans
from fatrina.domain.metadata_stripping import jpeg
from fatrina.domain.photo import ImageFormat
from tests import hostile_photos, metadata_markers, sample_photos
from tests.containers import exif_tiff, icc_segments, jpeg_segment, with_segments
from tests.domain.metadata_stripping.appearance import appearance, strip

PLAIN = sample_photos.jpeg()
PROGRESSIVE = sample_photos.jpeg(progressive=True)
JFIF = b"JFIF\0\1\2\1\0\x48\0\x48"


def strip_with(*segments: bytes) -> bytes:
    """Return the stripped form of a plain photo with these segments in its header."""
    return strip(ImageFormat.JPEG, with_segments(PLAIN, *segments))


def exif(orientation: int) -> bytes:
    return jpeg_segment(0xE1, b"Exif\0\0" + exif_tiff(orientation))


def test_colour_markers_are_kept() -> None:
    markers = jpeg_segment(0xE0, JFIF + b"\0\0"), jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")
    assert strip_with(*markers) == with_segments(PLAIN, *markers)


def test_short_markers_are_removed() -> None:
    assert strip_with(jpeg_segment(0xE0, JFIF), jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0")) == PLAIN


def test_jfif_thumbnail_is_removed() -> None:
    thumbnail = jpeg_segment(0xE0, JFIF + b"\2\1" + metadata_markers.SECRET[:6])
    assert strip_with(thumbnail) == with_segments(PLAIN, jpeg_segment(0xE0, JFIF + b"\0\0"))


@pytest.mark.parametrize(
    ("segments", "orientation"),
    [
        ([exif(6), exif(8)], 6),
        ([jpeg_segment(0xE1, b"Exif\0\0nonsense"), exif(8)], 1),
        ([jpeg_segment(0xE1, b"Exif\0\xff" + exif_tiff(6)), exif(8)], 1),
        ([jpeg_segment(0xE1, b"Exif"), exif(8)], 8),
        ([jpeg_segment(0xE1, b"exif\0\0" + exif_tiff(6)), exif(8)], 8),
        ([jpeg_segment(0xE2, b"Exif\0\0" + exif_tiff(6))], 1),
    ],
)
def test_exif_block_that_libvips_reads_is_used(segments: list[bytes], orientation: int) -> None:
    assert strip_with(*segments) == sample_photos.jpeg(orientation=orientation)
    assert appearance(ImageFormat.JPEG, with_segments(PLAIN, *segments)) == appearance(
        ImageFormat.JPEG, strip_with(*segments)
    )


def test_split_profile_is_kept() -> None:
    parts = icc_segments(sample_photos.icc_profile(), 100)
    assert strip_with(*parts) == with_segments(PLAIN, *parts)


def test_profile_segments_are_reordered() -> None:
    parts = icc_segments(sample_photos.icc_profile(), 100)
    assert strip_with(*parts[::-1]) == with_segments(
        PLAIN, *icc_segments(sample_photos.icc_profile())
    )


def test_large_profile_is_split() -> None:
    profile = sample_photos.icc_profile("cmyk")
    assert len(profile) > 0xFFFF
    assert strip_with(*icc_segments(profile + b"more")) == with_segments(
        PLAIN, *icc_segments(profile)
    )


def test_invalid_profile_is_removed() -> None:
    parts = icc_segments(sample_photos.icc_profile(), 100)
    for broken in (
        parts[1:],
        parts[:-1],
        [*parts, parts[0]],
        [jpeg_segment(0xE2, b"ICC_PROFILE\0")],
    ):
        assert strip_with(*broken) == PLAIN


@pytest.mark.parametrize("name", hostile_photos.nonstandard_jpegs())
def test_stray_bytes_are_removed_and_the_image_kept(name: str) -> None:
    photo = hostile_photos.nonstandard_jpegs()[name]
    assert appearance(ImageFormat.JPEG, strip(ImageFormat.JPEG, photo)) == appearance(
        ImageFormat.JPEG, photo
    )
    assert b"stray" not in strip(ImageFormat.JPEG, photo)


def test_other_segments_are_removed() -> None:
    for marker in (0xC8, 0xDC, 0xDE, 0xDF, 0xF0, 0xFD, 0xFE, *range(0xE0, 0xF0)):
        assert strip_with(jpeg_segment(marker, metadata_markers.SECRET)) == PLAIN


def test_tables_between_scans_are_kept_and_metadata_removed() -> None:
    photo = sample_photos.jpeg(progressive=True)
    markers = [
        jpeg_segment(0xE0, JFIF + b"\0\0"),
        exif(6),
        *icc_segments(sample_photos.icc_profile()),
    ]
    assert photo.count(b"\xff\xc4") > 1
    assert strip(ImageFormat.JPEG, with_segments(photo, *markers, before=b"\xff\xda")) == photo


def test_restart_markers_are_kept() -> None:
    photo = sample_photos.jpeg(restart=1)
    assert b"\xff\xd0" in photo
    assert jpeg.strip(photo).is_unchanged(len(photo))


def test_scans_are_counted() -> None:
    assert jpeg.strip(PLAIN).scans == 1
    assert jpeg.strip(sample_photos.jpeg(progressive=True)).scans == 10
    assert jpeg.strip(hostile_photos.jpeg_with_scans(jpeg.MAX_SCANS)).scans == jpeg.MAX_SCANS


@pytest.mark.parametrize("count", [jpeg.MAX_SCANS + 1, 884])
def test_too_many_scans_are_rejected(count: int) -> None:
    with pytest.raises(PhotoTooManyScans) as raised:
        jpeg.strip(hostile_photos.jpeg_with_scans(count))
    assert raised.value.params == {"limit": jpeg.MAX_SCANS}


@pytest.mark.parametrize(
    "broken",
    [
        PLAIN[2:],
        PLAIN[:2] + PLAIN[-2:],
        b"\xff\xd8",
        PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xda")],
        PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xda") + 5],
        PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xc4")],
    ],
    ids=[
        "no start",
        "no scan",
        "nothing",
        "the last scan is missing",
        "half of the last scan's header",
        "the last tables and scan are missing",
    ],
)
def test_malformed_files_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        jpeg.strip(broken)


@pytest.mark.parametrize("photo", [PLAIN, PROGRESSIVE, sample_photos.jpeg(grey=True)])
@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b"\xff",
        b"\xff\xfe",
        b"\xff\xfe\xff\xff\xff\xd9",
        b"\xff\xe1\0\6secret\xff\xd9",
        b"\xff\xd8\xff\xdb\0\3\0\xff\xd9",
    ],
    ids=["nothing", "half", "half a segment", "a long segment", "a segment", "another photo"],
)
def test_missing_end_marker_is_added(photo: bytes, tail: bytes) -> None:
    stripped = jpeg.strip(photo[:-2] + tail)
    assert not stripped.has_end_marker
    assert stripped.assemble(photo[:-2] + tail) == photo
    assert jpeg.strip(photo).has_end_marker


@pytest.mark.parametrize(
    ("marker", "precision", "coding"),
    [
        (0xC1, 12, "JPEG (12 bits)"),
        (0xC3, 16, "JPEG (lossless, 16 bits)"),
        (0xC3, 8, "JPEG (lossless, 8 bits)"),
        (0xC5, 8, "JPEG (hierarchical, 8 bits)"),
        (0xC9, 8, "JPEG (arithmetic coding, 8 bits)"),
    ],
)
def test_unsupported_coding_is_named(marker: int, precision: int, coding: str) -> None:
    at = PLAIN.index(b"\xff\xc0")
    photo = PLAIN[:at] + bytes([0xFF, marker]) + PLAIN[at + 2 : at + 4] + bytes([precision])
    with pytest.raises(PhotoCodingUnsupported) as raised:
        jpeg.strip(photo + PLAIN[at + 5 :])
    assert raised.value.params == {"coding": coding}


def test_incomplete_frame_header_is_damaged() -> None:
    at = PLAIN.index(b"\xff\xc0")
    with pytest.raises(PhotoDamaged):
        jpeg.strip(PLAIN[:at] + jpeg_segment(0xC0, b"\x08\0\x10") + PLAIN[at:])
