"""WebP: the picture or its frames stay, with profile and orientation; all other chunks go."""

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import webp
from fatrina.domain.photo import ImageFormat
from tests import metadata_markers, sample_photos
from tests.containers import extended, riff, riffs_of, tiff, webp_of
from tests.domain.metadata_stripping.appearance import cleaned, look

PLAIN = sample_photos.webp()
MOVING = sample_photos.webp(frames=3)
SIZE = (sample_photos.WIDTH, sample_photos.HEIGHT)
HEAD, LOOPS, *FRAMES = riffs_of(MOVING)
PROFILE = riff(b"ICCP", sample_photos.profile())
TURN = riff(b"EXIF", tiff(6))


def of(*chunks: tuple[bytes, bytes]) -> bytes:
    return webp_of(*[riff(*chunk) for chunk in chunks])


def test_the_plain_form_stays_plain() -> None:
    unknown = riffs_of(PLAIN)[0], (b"EXIF", tiff(6))
    assert cleaned(ImageFormat.WEBP, of(*unknown)) == PLAIN


def test_what_is_announced_and_gone_is_announced_no_more() -> None:
    photo = extended(
        PLAIN, *SIZE, first=[riff(b"ICCP", b"none")], last=[riff(b"XMP ", metadata_markers.XMP)]
    )
    assert riffs_of(photo)[0][1][0] == 0x24
    assert cleaned(ImageFormat.WEBP, photo) == extended(PLAIN, *SIZE)


def test_what_stays_is_announced() -> None:
    photo = extended(
        PLAIN, *SIZE, first=[PROFILE], last=[TURN, riff(b"XMP ", metadata_markers.XMP)]
    )
    assert cleaned(ImageFormat.WEBP, photo) == extended(PLAIN, *SIZE, first=[PROFILE], last=[TURN])


def test_what_is_not_announced_is_not_shown_and_goes() -> None:
    chunks = riffs_of(extended(PLAIN, *SIZE, first=[PROFILE], last=[TURN]))
    photo = of((b"VP8X", b"\0" + chunks[0][1][1:]), *chunks[1:])
    assert cleaned(ImageFormat.WEBP, photo) == extended(PLAIN, *SIZE)
    assert look(ImageFormat.WEBP, photo) == look(ImageFormat.WEBP, PLAIN)


@pytest.mark.parametrize(
    ("last", "turn"),
    [
        ([TURN, riff(b"EXIF", tiff(8))], 6),
        ([riff(b"EXIF", b"nonsense"), riff(b"EXIF", tiff(8))], 1),
        ([riff(b"EXIF", b"Exif\0\0" + tiff(8))], 8),
    ],
)
def test_of_several_exif_blocks_the_one_that_libvips_reads_counts(
    last: list[bytes], turn: int
) -> None:
    photo = extended(PLAIN, *SIZE, last=last)
    left = [riff(b"EXIF", tiff(turn))] if turn > 1 else []
    assert cleaned(ImageFormat.WEBP, photo) == extended(PLAIN, *SIZE, last=left)
    assert look(ImageFormat.WEBP, photo) == look(ImageFormat.WEBP, cleaned(ImageFormat.WEBP, photo))


def test_reserved_bits_go() -> None:
    chunks = riffs_of(extended(sample_photos.webp(alpha=True), *SIZE))
    photo = of((b"VP8X", b"\xd1abc" + chunks[0][1][4:]), *chunks[1:])
    assert cleaned(ImageFormat.WEBP, photo) == sample_photos.webp(alpha=True)


def test_one_picture_stays() -> None:
    photo = of(
        *riffs_of(extended(PLAIN, *SIZE)), *riffs_of(sample_photos.webp(seed=2)), (b"ALPH", b"ab")
    )
    assert cleaned(ImageFormat.WEBP, photo) == extended(PLAIN, *SIZE)


def test_within_a_frame_its_picture_alone_stays() -> None:
    kind, body = FRAMES[0]
    hidden = riff(b"VP8 ", metadata_markers.SECRET) + riff(b"SECR", metadata_markers.SECRET)
    assert cleaned(ImageFormat.WEBP, of(HEAD, LOOPS, (kind, body + hidden), *FRAMES[1:])) == MOVING


def test_an_animation_has_frames_and_nothing_beside_them() -> None:
    assert cleaned(ImageFormat.WEBP, of(HEAD, LOOPS, *FRAMES, *riffs_of(PLAIN))) == MOVING


def test_the_own_size_counts() -> None:
    assert cleaned(ImageFormat.WEBP, PLAIN + PLAIN) == PLAIN


@pytest.mark.parametrize(
    "broken",
    [
        PLAIN[:-1],
        b"RIFX" + PLAIN[4:],
        webp_of(),
        webp_of(b"VP8 "),
        webp_of(TURN),
        webp_of(riff(b"VP8X", bytes(9)), riff(*riffs_of(PLAIN)[0])),
        webp_of(riff(b"VP8X", bytes(10))),
        of(HEAD, LOOPS),
        of(HEAD, LOOPS, (b"ANMF", bytes(15))),
        of(HEAD, LOOPS, (b"ANMF", FRAMES[0][1][:16] + riff(b"SECR"))),
        of(HEAD, LOOPS, (b"ANMF", FRAMES[0][1][:-2])),
        webp_of(riff(*riffs_of(PLAIN)[0]), b"ABCD\xff\xff\0\0ab"),
    ],
    ids=range(12),
)
def test_broken_ones_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        webp.strip(broken)
