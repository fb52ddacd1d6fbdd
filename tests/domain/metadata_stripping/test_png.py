"""PNG: chunks that define the image and its colours are kept; text, time and others removed."""

import struct
import zlib

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import icc, png
from fatrina.domain.photo import ImageFormat
from tests import hostile_photos, metadata_markers, sample_photos
from tests.containers import exif_tiff, png_chunk, read_png_chunks, with_chunks
from tests.domain.metadata_stripping.appearance import appearance, strip

PLAIN = sample_photos.png()
PALETTE = sample_photos.png(palette=True)
PROFILE = sample_photos.icc_profile()


def strip_with(*chunks: bytes, photo: bytes = PLAIN, end: bool = False) -> bytes:
    """Return the stripped form of a photo with these chunks after its header or before its end."""
    return strip(ImageFormat.PNG, with_chunks(photo, *chunks, end=end))


def profile_chunk(name: bytes, stored: bytes) -> bytes:
    return png_chunk(b"iCCP", name + b"\0\0" + stored)


def test_colour_chunks_are_kept() -> None:
    colours = [
        png_chunk(b"gAMA", struct.pack(">I", 45_455)),
        png_chunk(b"cHRM", bytes(32)),
        png_chunk(b"sRGB", b"\0"),
        png_chunk(b"sBIT", b"\5\6\5"),
        png_chunk(b"pHYs", bytes(9)),
        png_chunk(b"cICP", b"\x0c\x0d\0\1"),
    ]
    assert strip_with(*colours) == with_chunks(PLAIN, *colours)


def test_palette_with_transparency_is_kept() -> None:
    at = PALETTE.index(b"IDAT") - 4
    photo = PALETTE[:at] + png_chunk(b"tRNS", b"\0\x80\xff") + PALETTE[at:]
    assert strip(ImageFormat.PNG, photo) == photo


@pytest.mark.parametrize(
    "kind",
    [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"bKGD", b"hIST", b"sPLT", b"dSIG", b"caBX", b"priv"],
)
def test_descriptive_chunks_are_removed(kind: bytes) -> None:
    assert strip_with(png_chunk(kind, metadata_markers.SECRET)) == PLAIN
    assert strip_with(png_chunk(kind, metadata_markers.SECRET), end=True) == PLAIN


@pytest.mark.parametrize(
    "kind", [b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"cICP", b"tRNS", b"PLTE"]
)
def test_misplaced_or_missized_colour_chunks_are_removed(kind: bytes) -> None:
    assert strip_with(png_chunk(kind, bytes(1000))) == PLAIN
    assert strip_with(png_chunk(kind, bytes(3)), end=True) == PLAIN


@pytest.mark.parametrize(
    ("chunks", "orientation"),
    [
        ([png_chunk(b"eXIf", exif_tiff(6)), png_chunk(b"eXIf", exif_tiff(8))], 6),
        ([png_chunk(b"eXIf", b"nonsense"), png_chunk(b"eXIf", exif_tiff(8))], 8),
        ([png_chunk(b"eXIf", b"MM nonsense"), png_chunk(b"eXIf", exif_tiff(8))], 8),
        ([png_chunk(b"eXIf", b"MM\0*"), png_chunk(b"eXIf", exif_tiff(8))], 1),
        ([png_chunk(b"eXIf", b"Exif\0\0" + exif_tiff(6))], 1),
    ],
)
def test_exif_block_that_libvips_reads_is_used(chunks: list[bytes], orientation: int) -> None:
    assert strip_with(*chunks) == sample_photos.png(orientation=orientation)
    assert appearance(ImageFormat.PNG, with_chunks(PLAIN, *chunks)) == appearance(
        ImageFormat.PNG, strip_with(*chunks)
    )


def test_exif_after_the_image_is_removed() -> None:
    assert strip_with(png_chunk(b"eXIf", exif_tiff(6)), end=True) == PLAIN
    assert appearance(
        ImageFormat.PNG, with_chunks(PLAIN, png_chunk(b"eXIf", exif_tiff(6)), end=True)
    ) == appearance(ImageFormat.PNG, PLAIN)


def test_profile_is_kept_under_a_neutral_name() -> None:
    stored = zlib.compress(PROFILE)
    assert strip_with(profile_chunk(b"My house, my name", stored)) == sample_photos.png(icc=PROFILE)
    assert strip_with(profile_chunk(b"icc", stored + metadata_markers.SECRET)) == sample_photos.png(
        icc=PROFILE
    )
    assert strip_with(profile_chunk(b"icc", zlib.compress(PROFILE + b"more"))) == sample_photos.png(
        icc=PROFILE
    )


def test_invalid_profile_is_removed() -> None:
    stored = zlib.compress(PROFILE)
    for broken in (
        profile_chunk(b"", stored),
        profile_chunk(b"n" * 80, stored),
        png_chunk(b"iCCP", b"icc\0\1" + stored),
        png_chunk(b"iCCP", b"icc"),
        profile_chunk(b"icc", stored[:-1]),
        profile_chunk(b"icc", b"nonsense"),
        profile_chunk(b"icc", zlib.compress(b"nonsense")),
        profile_chunk(b"icc", zlib.compress(PROFILE + bytes(icc.MAX_PROFILE_BYTES))),
    ):
        assert strip_with(broken) == PLAIN


@pytest.mark.parametrize("name", hostile_photos.decompression_bombs())
def test_decompression_bomb_is_removed(name: str) -> None:
    assert strip(ImageFormat.PNG, hostile_photos.decompression_bombs()[name]) == PLAIN


@pytest.mark.parametrize("kind", [b"eXIf", b"iCCP"])
def test_wrong_checksum_of_metadata_is_damaged(kind: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        strip_with(png_chunk(kind, b"MM\0*")[:-1] + b"\0")


def test_frames_without_animation_control_are_removed() -> None:
    animated = sample_photos.apng(3)
    kinds = [kind for kind, _ in read_png_chunks(animated)]
    assert kinds.count(b"fcTL") == 3
    still = animated.replace(png_chunk(b"acTL", struct.pack(">II", 3, 0)), b"")
    assert [kind for kind, _ in read_png_chunks(strip(ImageFormat.PNG, still))] == [
        b"IHDR",
        b"IDAT",
        b"IEND",
    ]
    assert png.strip(still).frames == 1


def test_animation_without_frames_counts_as_one() -> None:
    assert png.strip(with_chunks(PLAIN, png_chunk(b"acTL", bytes(8)))).frames == 1


@pytest.mark.parametrize(
    "broken",
    [
        PLAIN[1:],
        PLAIN[:8],
        PLAIN[:8] + PLAIN[33:],
        PLAIN[:8] + png_chunk(b"gAMA", bytes(4)) + PLAIN[8:],
        PLAIN[:8] + png_chunk(b"IHDR", bytes(14)) + PLAIN[33:],
        PLAIN[:33] + PLAIN[-12:],
        PLAIN[:-12],
        PLAIN[:-1],
        PLAIN[:-12] + b"\xff\xff\xff\xffIEND",
    ],
    ids=range(9),
)
def test_malformed_files_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        png.strip(broken)


def test_missized_frame_control_is_removed() -> None:
    photo = sample_photos.apng()
    bad = png_chunk(b"fcTL", bytes(26) + metadata_markers.SECRET)
    assert strip(ImageFormat.PNG, with_chunks(photo, bad, end=True)) == strip(
        ImageFormat.PNG, photo
    )
