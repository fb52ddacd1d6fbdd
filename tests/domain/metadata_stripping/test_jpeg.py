"""JPEG: what draws the picture stays, in its order; of the rest, only what colours or turns it."""

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


def served(*segments: bytes) -> bytes:
    """Give what is served of a plain photo with these segments in its head."""
    return strip(ImageFormat.JPEG, with_segments(PLAIN, *segments))


def exif(turn: int) -> bytes:
    return jpeg_segment(0xE1, b"Exif\0\0" + exif_tiff(turn))


def test_the_marks_of_colour_stay() -> None:
    marks = jpeg_segment(0xE0, JFIF + b"\0\0"), jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")
    assert served(*marks) == with_segments(PLAIN, *marks)


def test_marks_too_short_to_count_go() -> None:
    assert served(jpeg_segment(0xE0, JFIF), jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0")) == PLAIN


def test_the_thumbnail_goes_out_of_the_mark() -> None:
    thumbnail = jpeg_segment(0xE0, JFIF + b"\2\1" + metadata_markers.SECRET[:6])
    assert served(thumbnail) == with_segments(PLAIN, jpeg_segment(0xE0, JFIF + b"\0\0"))


@pytest.mark.parametrize(
    ("segments", "turn"),
    [
        ([exif(6), exif(8)], 6),
        ([jpeg_segment(0xE1, b"Exif\0\0nonsense"), exif(8)], 1),
        ([jpeg_segment(0xE1, b"Exif\0\xff" + exif_tiff(6)), exif(8)], 1),
        ([jpeg_segment(0xE1, b"Exif"), exif(8)], 8),
        ([jpeg_segment(0xE1, b"exif\0\0" + exif_tiff(6)), exif(8)], 8),
        ([jpeg_segment(0xE2, b"Exif\0\0" + exif_tiff(6))], 1),
    ],
)
def test_of_several_exif_blocks_the_one_that_libvips_reads_counts(
    segments: list[bytes], turn: int
) -> None:
    assert served(*segments) == sample_photos.jpeg(orientation=turn)
    assert appearance(ImageFormat.JPEG, with_segments(PLAIN, *segments)) == appearance(
        ImageFormat.JPEG, served(*segments)
    )


def test_a_profile_in_parts_stays_as_it_is() -> None:
    parts = icc_segments(sample_photos.icc_profile(), 100)
    assert served(*parts) == with_segments(PLAIN, *parts)


def test_a_profile_out_of_order_is_put_in_order() -> None:
    parts = icc_segments(sample_photos.icc_profile(), 100)
    assert served(*parts[::-1]) == with_segments(PLAIN, *icc_segments(sample_photos.icc_profile()))


def test_a_large_profile_is_split_again() -> None:
    profile = sample_photos.icc_profile("cmyk")
    assert len(profile) > 0xFFFF
    assert served(*icc_segments(profile + b"more")) == with_segments(PLAIN, *icc_segments(profile))


def test_a_broken_profile_goes() -> None:
    parts = icc_segments(sample_photos.icc_profile(), 100)
    for broken in (
        parts[1:],
        parts[:-1],
        [*parts, parts[0]],
        [jpeg_segment(0xE2, b"ICC_PROFILE\0")],
    ):
        assert served(*broken) == PLAIN


@pytest.mark.parametrize("name", hostile_photos.nonstandard_jpegs())
def test_stray_bytes_are_odd_and_no_more(name: str) -> None:
    photo = hostile_photos.nonstandard_jpegs()[name]
    assert appearance(ImageFormat.JPEG, strip(ImageFormat.JPEG, photo)) == appearance(
        ImageFormat.JPEG, photo
    )
    assert b"stray" not in strip(ImageFormat.JPEG, photo)


def test_what_is_no_use_to_a_decoder_goes() -> None:
    for marker in (0xC8, 0xDC, 0xDE, 0xDF, 0xF0, 0xFD, 0xFE, *range(0xE0, 0xF0)):
        assert served(jpeg_segment(marker, metadata_markers.SECRET)) == PLAIN


def test_tables_between_scans_stay_and_profiles_there_go() -> None:
    photo = sample_photos.jpeg(progressive=True)
    marks = [
        jpeg_segment(0xE0, JFIF + b"\0\0"),
        exif(6),
        *icc_segments(sample_photos.icc_profile()),
    ]
    assert photo.count(b"\xff\xc4") > 1
    assert strip(ImageFormat.JPEG, with_segments(photo, *marks, before=b"\xff\xda")) == photo


def test_restarts_belong_to_the_data() -> None:
    photo = sample_photos.jpeg(restart=1)
    assert b"\xff\xd0" in photo
    assert jpeg.strip(photo).is_unchanged(len(photo))


def test_scans_are_counted() -> None:
    assert jpeg.strip(PLAIN).scans == 1
    assert jpeg.strip(sample_photos.jpeg(progressive=True)).scans == 10
    assert jpeg.strip(hostile_photos.jpeg_with_scans(jpeg.MAX_SCANS)).scans == jpeg.MAX_SCANS


@pytest.mark.parametrize("count", [jpeg.MAX_SCANS + 1, 884])
def test_too_many_scans_are_an_attack(count: int) -> None:
    with pytest.raises(PhotoTooManyScans) as refusal:
        jpeg.strip(hostile_photos.jpeg_with_scans(count))
    assert refusal.value.params == {"limit": jpeg.MAX_SCANS}


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
def test_broken_ones_are_damaged(broken: bytes) -> None:
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
def test_a_complete_picture_without_its_end_marker_gets_one(photo: bytes, tail: bytes) -> None:
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
def test_codings_that_browsers_do_not_decode_are_named(
    marker: int, precision: int, coding: str
) -> None:
    at = PLAIN.index(b"\xff\xc0")
    photo = PLAIN[:at] + bytes([0xFF, marker]) + PLAIN[at + 2 : at + 4] + bytes([precision])
    with pytest.raises(PhotoCodingUnsupported) as refusal:
        jpeg.strip(photo + PLAIN[at + 5 :])
    assert refusal.value.params == {"coding": coding}


def test_an_incomplete_frame_header_is_damage() -> None:
    at = PLAIN.index(b"\xff\xc0")
    with pytest.raises(PhotoDamaged):
        jpeg.strip(PLAIN[:at] + jpeg_segment(0xC0, b"\x08\0\x10") + PLAIN[at:])
