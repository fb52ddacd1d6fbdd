"""WebP: the image or its frames, profile and orientation are kept; other chunks are removed."""

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import webp
from fatrina.domain.photo import ImageFormat
from tests import metadata_markers, sample_photos
from tests.containers import (
    build_extended_webp,
    build_webp,
    exif_tiff,
    read_webp_chunks,
    webp_chunk,
)
from tests.domain.metadata_stripping.appearance import appearance, strip

PLAIN = sample_photos.webp()
ANIMATED = sample_photos.webp(frames=3)
SIZE = (sample_photos.WIDTH, sample_photos.HEIGHT)
HEAD, LOOPS, *FRAMES = read_webp_chunks(ANIMATED)
PROFILE = webp_chunk(b"ICCP", sample_photos.icc_profile())
EXIF = webp_chunk(b"EXIF", exif_tiff(6))


def build_from(*chunks: tuple[bytes, bytes]) -> bytes:
    return build_webp(*[webp_chunk(*chunk) for chunk in chunks])


def test_simple_format_is_kept() -> None:
    unknown = read_webp_chunks(PLAIN)[0], (b"EXIF", exif_tiff(6))
    assert strip(ImageFormat.WEBP, build_from(*unknown)) == PLAIN


def test_flags_of_removed_chunks_are_cleared() -> None:
    photo = build_extended_webp(
        PLAIN,
        *SIZE,
        first=[webp_chunk(b"ICCP", b"none")],
        last=[webp_chunk(b"XMP ", metadata_markers.XMP)],
    )
    assert read_webp_chunks(photo)[0][1][0] == 0x24
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE)


def test_flags_of_kept_chunks_are_set() -> None:
    photo = build_extended_webp(
        PLAIN, *SIZE, first=[PROFILE], last=[EXIF, webp_chunk(b"XMP ", metadata_markers.XMP)]
    )
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(
        PLAIN, *SIZE, first=[PROFILE], last=[EXIF]
    )


def test_chunks_without_their_flag_are_removed() -> None:
    chunks = read_webp_chunks(build_extended_webp(PLAIN, *SIZE, first=[PROFILE], last=[EXIF]))
    photo = build_from((b"VP8X", b"\0" + chunks[0][1][1:]), *chunks[1:])
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE)
    assert appearance(ImageFormat.WEBP, photo) == appearance(ImageFormat.WEBP, PLAIN)


@pytest.mark.parametrize(
    ("last", "orientation"),
    [
        ([EXIF, webp_chunk(b"EXIF", exif_tiff(8))], 6),
        ([webp_chunk(b"EXIF", b"nonsense"), webp_chunk(b"EXIF", exif_tiff(8))], 1),
        ([webp_chunk(b"EXIF", b"Exif\0\0" + exif_tiff(8))], 8),
    ],
)
def test_exif_block_that_libvips_reads_is_used(last: list[bytes], orientation: int) -> None:
    photo = build_extended_webp(PLAIN, *SIZE, last=last)
    left = [webp_chunk(b"EXIF", exif_tiff(orientation))] if orientation > 1 else []
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE, last=left)
    assert appearance(ImageFormat.WEBP, photo) == appearance(
        ImageFormat.WEBP, strip(ImageFormat.WEBP, photo)
    )


def test_reserved_bits_are_cleared() -> None:
    chunks = read_webp_chunks(build_extended_webp(sample_photos.webp(alpha=True), *SIZE))
    photo = build_from((b"VP8X", b"\xd1abc" + chunks[0][1][4:]), *chunks[1:])
    assert strip(ImageFormat.WEBP, photo) == sample_photos.webp(alpha=True)


def test_only_the_first_image_is_kept() -> None:
    photo = build_from(
        *read_webp_chunks(build_extended_webp(PLAIN, *SIZE)),
        *read_webp_chunks(sample_photos.webp(seed=2)),
        (b"ALPH", b"ab"),
    )
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE)


def test_only_the_image_of_a_frame_is_kept() -> None:
    kind, body = FRAMES[0]
    hidden = webp_chunk(b"VP8 ", metadata_markers.SECRET) + webp_chunk(
        b"SECR", metadata_markers.SECRET
    )
    assert (
        strip(ImageFormat.WEBP, build_from(HEAD, LOOPS, (kind, body + hidden), *FRAMES[1:]))
        == ANIMATED
    )


def test_still_image_in_an_animation_is_removed() -> None:
    assert (
        strip(ImageFormat.WEBP, build_from(HEAD, LOOPS, *FRAMES, *read_webp_chunks(PLAIN)))
        == ANIMATED
    )


def test_data_after_the_riff_size_is_removed() -> None:
    assert strip(ImageFormat.WEBP, PLAIN + PLAIN) == PLAIN


@pytest.mark.parametrize(
    "broken",
    [
        PLAIN[:-1],
        b"RIFX" + PLAIN[4:],
        build_webp(),
        build_webp(b"VP8 "),
        build_webp(EXIF),
        build_webp(webp_chunk(b"VP8X", bytes(9)), webp_chunk(*read_webp_chunks(PLAIN)[0])),
        build_webp(webp_chunk(b"VP8X", bytes(10))),
        build_from(HEAD, LOOPS),
        build_from(HEAD, LOOPS, (b"ANMF", bytes(15))),
        build_from(HEAD, LOOPS, (b"ANMF", FRAMES[0][1][:16] + webp_chunk(b"SECR"))),
        build_from(HEAD, LOOPS, (b"ANMF", FRAMES[0][1][:-2])),
        build_webp(webp_chunk(*read_webp_chunks(PLAIN)[0]), b"ABCD\xff\xff\0\0ab"),
    ],
    ids=range(12),
)
def test_malformed_files_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        webp.strip(broken)
