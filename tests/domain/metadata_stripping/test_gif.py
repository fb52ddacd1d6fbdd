"""GIF: pictures, their timing and the loop count stay; comments and applications' data go."""

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import gif
from fatrina.domain.photo import ImageFormat
from tests import hostile_photos, metadata_markers, sample_photos
from tests.containers import first_gif_block, gif_sub_blocks
from tests.domain.metadata_stripping.appearance import appearance, strip

PLAIN = sample_photos.gif()
MOVING = sample_photos.gif(frames=3)
FIRST = first_gif_block(MOVING)
COMMENT = b"!\xfe" + gif_sub_blocks(metadata_markers.SECRET)
LAST = MOVING.rindex(b"!\xf9\4")


def with_block(block: bytes, at: int = FIRST) -> bytes:
    return MOVING[:at] + block + MOVING[at:]


@pytest.mark.parametrize("name", [b"NETSCAPE2.0", b"ANIMEXTS1.0"])
def test_how_often_stays(name: bytes) -> None:
    loops = b"!\xff\x0b" + name + b"\3\1\7\0\0"
    assert strip(ImageFormat.GIF, with_block(loops)) == with_block(loops)
    assert strip(ImageFormat.GIF, with_block(loops[:-1] + b"\2ab\0")) == with_block(loops)


@pytest.mark.parametrize("data", [b"\2\1\7\0", b"\3\2\7\0\0", b"\0", b"\5\2\0\0\0\0\0"])
def test_other_data_of_its_application_goes(data: bytes) -> None:
    assert strip(ImageFormat.GIF, with_block(b"!\xff\x0bNETSCAPE2.0" + data)) == MOVING


@pytest.mark.parametrize("at", [FIRST, LAST, len(MOVING) - 1])
def test_a_comment_goes_from_anywhere(at: int) -> None:
    assert strip(ImageFormat.GIF, with_block(COMMENT, at)) == MOVING


def test_a_trailer_that_is_missing_is_added() -> None:
    assert strip(ImageFormat.GIF, MOVING[:-1]) == MOVING
    assert appearance(ImageFormat.GIF, MOVING[:-1]) == appearance(ImageFormat.GIF, MOVING)


@pytest.mark.parametrize("junk", [b"\0", b"x" + metadata_markers.SECRET, b"\0" + COMMENT])
def test_what_is_no_block_is_the_end_as_it_is_to_libvips(junk: bytes) -> None:
    photo = with_block(junk, LAST)
    assert strip(ImageFormat.GIF, photo) == MOVING[:LAST] + b";"
    assert gif.strip(photo).frames == 2
    assert appearance(ImageFormat.GIF, photo) == appearance(
        ImageFormat.GIF, strip(ImageFormat.GIF, photo)
    )


def test_after_the_trailer_nothing_is_read() -> None:
    assert strip(ImageFormat.GIF, PLAIN + PLAIN) == PLAIN


def test_a_canvas_without_a_table_and_a_picture_with_one() -> None:
    photo = b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\x80abcdef\2\2\x44\1\0;"
    assert strip(ImageFormat.GIF, photo + metadata_markers.SECRET) == photo


def test_a_canvas_larger_than_its_picture_stays() -> None:
    assert (
        strip(ImageFormat.GIF, hostile_photos.oversized_photos()["gif"])
        == hostile_photos.oversized_photos()["gif"]
    )


@pytest.mark.parametrize(
    "broken",
    [
        b"GIF",
        PLAIN[:12],
        PLAIN[:200],
        PLAIN[:-2],
        PLAIN[: first_gif_block(PLAIN)] + b";",
        MOVING[: LAST + 1],
        MOVING[: LAST + 5],
        MOVING[:LAST] + b"!\xf9\3abc\0" + MOVING[LAST + 8 :],
        b"PNG" + PLAIN[3:],
    ],
    ids=range(9),
)
def test_broken_ones_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        gif.strip(broken)
