"""GIF: images, their timing and the loop count are kept; comments and application data removed."""

import pytest

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import gif
from fatrina.domain.photo import ImageFormat
from tests import hostile_photos, metadata_markers, sample_photos
from tests.containers import first_gif_block, gif_sub_blocks
from tests.domain.metadata_stripping.appearance import appearance, strip

PLAIN = sample_photos.gif()
ANIMATED = sample_photos.gif(frames=3)
FIRST_BLOCK = first_gif_block(ANIMATED)
COMMENT = b"!\xfe" + gif_sub_blocks(metadata_markers.SECRET)
LAST_FRAME = ANIMATED.rindex(b"!\xf9\4")


def with_block(block: bytes, at: int = FIRST_BLOCK) -> bytes:
    return ANIMATED[:at] + block + ANIMATED[at:]


@pytest.mark.parametrize("name", [b"NETSCAPE2.0", b"ANIMEXTS1.0"])
def test_loop_count_is_kept(name: bytes) -> None:
    loops = b"!\xff\x0b" + name + b"\3\1\7\0\0"
    assert strip(ImageFormat.GIF, with_block(loops)) == with_block(loops)
    assert strip(ImageFormat.GIF, with_block(loops[:-1] + b"\2ab\0")) == with_block(loops)


@pytest.mark.parametrize("data", [b"\2\1\7\0", b"\3\2\7\0\0", b"\0", b"\5\2\0\0\0\0\0"])
def test_other_application_data_is_removed(data: bytes) -> None:
    assert strip(ImageFormat.GIF, with_block(b"!\xff\x0bNETSCAPE2.0" + data)) == ANIMATED


@pytest.mark.parametrize("at", [FIRST_BLOCK, LAST_FRAME, len(ANIMATED) - 1])
def test_comment_is_removed_anywhere(at: int) -> None:
    assert strip(ImageFormat.GIF, with_block(COMMENT, at)) == ANIMATED


def test_missing_trailer_is_added() -> None:
    assert strip(ImageFormat.GIF, ANIMATED[:-1]) == ANIMATED
    assert appearance(ImageFormat.GIF, ANIMATED[:-1]) == appearance(ImageFormat.GIF, ANIMATED)


@pytest.mark.parametrize("junk", [b"\0", b"x" + metadata_markers.SECRET, b"\0" + COMMENT])
def test_unknown_block_ends_the_file_as_in_libvips(junk: bytes) -> None:
    photo = with_block(junk, LAST_FRAME)
    assert strip(ImageFormat.GIF, photo) == ANIMATED[:LAST_FRAME] + b";"
    assert gif.strip(photo).frames == 2
    assert appearance(ImageFormat.GIF, photo) == appearance(
        ImageFormat.GIF, strip(ImageFormat.GIF, photo)
    )


def test_data_after_the_trailer_is_removed() -> None:
    assert strip(ImageFormat.GIF, PLAIN + PLAIN) == PLAIN


def test_local_colour_table_without_a_global_one() -> None:
    photo = b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\x80abcdef\2\2\x44\1\0;"
    assert strip(ImageFormat.GIF, photo + metadata_markers.SECRET) == photo


def test_canvas_larger_than_its_image_is_kept() -> None:
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
        ANIMATED[: LAST_FRAME + 1],
        ANIMATED[: LAST_FRAME + 5],
        ANIMATED[:LAST_FRAME] + b"!\xf9\3abc\0" + ANIMATED[LAST_FRAME + 8 :],
        b"PNG" + PLAIN[3:],
    ],
    ids=range(9),
)
def test_malformed_files_are_damaged(broken: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        gif.strip(broken)
