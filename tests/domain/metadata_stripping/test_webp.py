"""WebP: the picture or its frames stay, with profile and orientation; all other chunks go."""

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
MOVING = sample_photos.webp(frames=3)
SIZE = (sample_photos.WIDTH, sample_photos.HEIGHT)
HEAD, LOOPS, *FRAMES = read_webp_chunks(MOVING)
PROFILE = webp_chunk(b"ICCP", sample_photos.icc_profile())
TURN = webp_chunk(b"EXIF", exif_tiff(6))


def of(*chunks: tuple[bytes, bytes]) -> bytes:
    return build_webp(*[webp_chunk(*chunk) for chunk in chunks])


def test_the_plain_form_stays_plain() -> None:
    unknown = read_webp_chunks(PLAIN)[0], (b"EXIF", exif_tiff(6))
    assert strip(ImageFormat.WEBP, of(*unknown)) == PLAIN


def test_what_is_announced_and_gone_is_announced_no_more() -> None:
    photo = build_extended_webp(
        PLAIN,
        *SIZE,
        first=[webp_chunk(b"ICCP", b"none")],
        last=[webp_chunk(b"XMP ", metadata_markers.XMP)],
    )
    assert read_webp_chunks(photo)[0][1][0] == 0x24
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE)


def test_what_stays_is_announced() -> None:
    photo = build_extended_webp(
        PLAIN, *SIZE, first=[PROFILE], last=[TURN, webp_chunk(b"XMP ", metadata_markers.XMP)]
    )
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(
        PLAIN, *SIZE, first=[PROFILE], last=[TURN]
    )


def test_what_is_not_announced_is_not_shown_and_goes() -> None:
    chunks = read_webp_chunks(build_extended_webp(PLAIN, *SIZE, first=[PROFILE], last=[TURN]))
    photo = of((b"VP8X", b"\0" + chunks[0][1][1:]), *chunks[1:])
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE)
    assert appearance(ImageFormat.WEBP, photo) == appearance(ImageFormat.WEBP, PLAIN)


@pytest.mark.parametrize(
    ("last", "turn"),
    [
        ([TURN, webp_chunk(b"EXIF", exif_tiff(8))], 6),
        ([webp_chunk(b"EXIF", b"nonsense"), webp_chunk(b"EXIF", exif_tiff(8))], 1),
        ([webp_chunk(b"EXIF", b"Exif\0\0" + exif_tiff(8))], 8),
    ],
)
def test_of_several_exif_blocks_the_one_that_libvips_reads_counts(
    last: list[bytes], turn: int
) -> None:
    photo = build_extended_webp(PLAIN, *SIZE, last=last)
    left = [webp_chunk(b"EXIF", exif_tiff(turn))] if turn > 1 else []
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE, last=left)
    assert appearance(ImageFormat.WEBP, photo) == appearance(
        ImageFormat.WEBP, strip(ImageFormat.WEBP, photo)
    )


def test_reserved_bits_go() -> None:
    chunks = read_webp_chunks(build_extended_webp(sample_photos.webp(alpha=True), *SIZE))
    photo = of((b"VP8X", b"\xd1abc" + chunks[0][1][4:]), *chunks[1:])
    assert strip(ImageFormat.WEBP, photo) == sample_photos.webp(alpha=True)


def test_one_picture_stays() -> None:
    photo = of(
        *read_webp_chunks(build_extended_webp(PLAIN, *SIZE)),
        *read_webp_chunks(sample_photos.webp(seed=2)),
        (b"ALPH", b"ab"),
    )
    assert strip(ImageFormat.WEBP, photo) == build_extended_webp(PLAIN, *SIZE)


def test_within_a_frame_its_picture_alone_stays() -> None:
    kind, body = FRAMES[0]
    hidden = webp_chunk(b"VP8 ", metadata_markers.SECRET) + webp_chunk(
        b"SECR", metadata_markers.SECRET
    )
    assert strip(ImageFormat.WEBP, of(HEAD, LOOPS, (kind, body + hidden), *FRAMES[1:])) == MOVING


def test_an_animation_has_frames_and_nothing_beside_them() -> None:
    assert strip(ImageFormat.WEBP, of(HEAD, LOOPS, *FRAMES, *read_webp_chunks(PLAIN))) == MOVING


def test_the_own_size_counts() -> None:
    assert strip(ImageFormat.WEBP, PLAIN + PLAIN) == PLAIN


@pytest.mark.parametrize(
    "broken",
    [
        PLAIN[:-1],
        b"RIFX" + PLAIN[4:],
        build_webp(),
        build_webp(b"VP8 "),
        build_webp(TURN),
        build_webp(webp_chunk(b"VP8X", bytes(9)), webp_chunk(*read_webp_chunks(PLAIN)[0])),
        build_webp(webp_chunk(b"VP8X", bytes(10))),
        of(HEAD, LOOPS),
        of(HEAD, LOOPS, (b"ANMF", bytes(15))),
        of(HEAD, LOOPS, (b"ANMF", FRAMES[0][1][:16] + webp_chunk(b"SECR"))),
        of(HEAD, LOOPS, (b"ANMF", FRAMES[0][1][:-2])),
        build_webp(webp_chunk(*read_webp_chunks(PLAIN)[0]), b"ABCD\xff\xff\0\0ab"),
    ],
    ids=range(12),
)
def test_broken_ones_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        webp.strip(broken)
