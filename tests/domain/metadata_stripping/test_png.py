"""PNG: the chunks that draw and colour the picture stay; text, time and private ones go."""

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


def served(*chunks: bytes, photo: bytes = PLAIN, end: bool = False) -> bytes:
    """Give what is served of a photo with these chunks after its header or before its end."""
    return strip(ImageFormat.PNG, with_chunks(photo, *chunks, end=end))


def named(name: bytes, stored: bytes) -> bytes:
    return png_chunk(b"iCCP", name + b"\0\0" + stored)


def test_what_colours_stays() -> None:
    colours = [
        png_chunk(b"gAMA", struct.pack(">I", 45_455)),
        png_chunk(b"cHRM", bytes(32)),
        png_chunk(b"sRGB", b"\0"),
        png_chunk(b"sBIT", b"\5\6\5"),
        png_chunk(b"pHYs", bytes(9)),
        png_chunk(b"cICP", b"\x0c\x0d\0\1"),
    ]
    assert served(*colours) == with_chunks(PLAIN, *colours)


def test_a_palette_with_transparency_stays() -> None:
    at = PALETTE.index(b"IDAT") - 4
    photo = PALETTE[:at] + png_chunk(b"tRNS", b"\0\x80\xff") + PALETTE[at:]
    assert strip(ImageFormat.PNG, photo) == photo


@pytest.mark.parametrize(
    "kind",
    [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"bKGD", b"hIST", b"sPLT", b"dSIG", b"caBX", b"priv"],
)
def test_what_describes_goes(kind: bytes) -> None:
    assert served(png_chunk(kind, metadata_markers.SECRET)) == PLAIN
    assert served(png_chunk(kind, metadata_markers.SECRET), end=True) == PLAIN


@pytest.mark.parametrize(
    "kind", [b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"cICP", b"tRNS", b"PLTE"]
)
def test_what_colours_in_another_size_or_place_goes(kind: bytes) -> None:
    assert served(png_chunk(kind, bytes(1000))) == PLAIN
    assert served(png_chunk(kind, bytes(3)), end=True) == PLAIN


@pytest.mark.parametrize(
    ("chunks", "turn"),
    [
        ([png_chunk(b"eXIf", exif_tiff(6)), png_chunk(b"eXIf", exif_tiff(8))], 6),
        ([png_chunk(b"eXIf", b"nonsense"), png_chunk(b"eXIf", exif_tiff(8))], 8),
        ([png_chunk(b"eXIf", b"MM nonsense"), png_chunk(b"eXIf", exif_tiff(8))], 8),
        ([png_chunk(b"eXIf", b"MM\0*"), png_chunk(b"eXIf", exif_tiff(8))], 1),
        ([png_chunk(b"eXIf", b"Exif\0\0" + exif_tiff(6))], 1),
    ],
)
def test_of_several_exif_blocks_the_one_that_libvips_reads_counts(
    chunks: list[bytes], turn: int
) -> None:
    assert served(*chunks) == sample_photos.png(orientation=turn)
    assert appearance(ImageFormat.PNG, with_chunks(PLAIN, *chunks)) == appearance(
        ImageFormat.PNG, served(*chunks)
    )


def test_exif_behind_the_picture_is_too_late() -> None:
    assert served(png_chunk(b"eXIf", exif_tiff(6)), end=True) == PLAIN
    assert appearance(
        ImageFormat.PNG, with_chunks(PLAIN, png_chunk(b"eXIf", exif_tiff(6)), end=True)
    ) == appearance(ImageFormat.PNG, PLAIN)


def test_a_profile_stays_by_a_plain_name() -> None:
    stored = zlib.compress(PROFILE)
    assert served(named(b"My house, my name", stored)) == sample_photos.png(icc=PROFILE)
    assert served(named(b"icc", stored + metadata_markers.SECRET)) == sample_photos.png(icc=PROFILE)
    assert served(named(b"icc", zlib.compress(PROFILE + b"more"))) == sample_photos.png(icc=PROFILE)


def test_a_broken_profile_goes() -> None:
    stored = zlib.compress(PROFILE)
    for broken in (
        named(b"", stored),
        named(b"n" * 80, stored),
        png_chunk(b"iCCP", b"icc\0\1" + stored),
        png_chunk(b"iCCP", b"icc"),
        named(b"icc", stored[:-1]),
        named(b"icc", b"nonsense"),
        named(b"icc", zlib.compress(b"nonsense")),
        named(b"icc", zlib.compress(PROFILE + bytes(icc.MAX_PROFILE_BYTES))),
    ):
        assert served(broken) == PLAIN


@pytest.mark.parametrize("name", hostile_photos.decompression_bombs())
def test_a_bomb_goes(name: str) -> None:
    assert strip(ImageFormat.PNG, hostile_photos.decompression_bombs()[name]) == PLAIN


@pytest.mark.parametrize("kind", [b"eXIf", b"iCCP"])
def test_what_decoders_would_differ_on_is_damaged(kind: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        served(png_chunk(kind, b"MM\0*")[:-1] + b"\0")


def test_frames_need_an_animation() -> None:
    moving = sample_photos.apng(3)
    kinds = [kind for kind, _ in read_png_chunks(moving)]
    assert kinds.count(b"fcTL") == 3
    still = moving.replace(png_chunk(b"acTL", struct.pack(">II", 3, 0)), b"")
    assert [kind for kind, _ in read_png_chunks(strip(ImageFormat.PNG, still))] == [
        b"IHDR",
        b"IDAT",
        b"IEND",
    ]
    assert png.strip(still).frames == 1


def test_a_picture_without_frames_is_one() -> None:
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
def test_broken_ones_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        png.strip(broken)


def test_a_frame_control_of_another_size_behind_the_picture_goes() -> None:
    photo = sample_photos.apng()
    bad = png_chunk(b"fcTL", bytes(26) + metadata_markers.SECRET)
    assert strip(ImageFormat.PNG, with_chunks(photo, bad, end=True)) == strip(
        ImageFormat.PNG, photo
    )
