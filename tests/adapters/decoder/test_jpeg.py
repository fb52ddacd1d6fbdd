"""JPEG with libjpeg-turbo: pixels equal those of libvips, or libvips decodes the photo."""

from typing import Any

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from fatrina.adapters.decoder import jpeg, pipeline, raster
from fatrina.domain import errors
from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.adapters.decoder.conftest import RenderPhoto
from tests.adapters.decoder.test_quality import psnr

END = b"\xff\xd9"
sides = st.integers(8, 180)


def open_jpeg(data: bytes, shrink: int = 1) -> pyvips.Image:
    return pipeline.open_image(data, ImageFormat.JPEG, shrink=shrink)


@settings(max_examples=60)
@given(
    *(sides, sides, st.sampled_from([1, 2, 4, 8])),
    st.fixed_dictionaries(
        {
            "subsample_mode": st.sampled_from(["on", "off"]),
            "interlace": st.booleans(),
            "restart_interval": st.integers(0, 3),
        }
    ),
)
def test_pixels_equal_libvips(width: int, height: int, shrink: int, coding: dict[str, Any]) -> None:
    data = sample_photos.draw_image(width, height, seed=width).jpegsave_buffer(Q=90, **coding)
    theirs = open_jpeg(data, shrink)
    ours = jpeg.decode(data, open_jpeg(data), shrink)
    assert ours is not None
    assert theirs.interpretation == "srgb"
    assert np.array_equal(ours, raster.from_image(theirs))


def test_grey_pixels_equal_libvips() -> None:
    data = sample_photos.jpeg(width=61, height=43, grey=True)
    ours = jpeg.decode(data, open_jpeg(data), 2)
    assert ours is not None
    assert np.array_equal(ours, raster.from_image(open_jpeg(data, 2)))


def test_cmyk_is_left_to_libvips() -> None:
    data = sample_photos.jpeg(width=60, height=40, cmyk=True)
    assert jpeg.decode(data, open_jpeg(data)) is None


def test_stray_bytes_are_left_to_libvips(render_photo: RenderPhoto) -> None:
    data = sample_photos.jpeg(width=600, height=400)
    scan = data.rindex(b"\xff\xda")
    stray = data[:scan] + b"stray" + data[scan:]
    assert jpeg.decode(stray, open_jpeg(stray)) is None
    assert render_photo(stray).sizes() == render_photo(data).sizes()


@pytest.mark.parametrize("coding", [{}, {"progressive": True}, {"restart": 2}], ids=str)
def test_truncated_photo_with_new_end_marker_is_damaged(
    render_photo: RenderPhoto, coding: dict[str, Any]
) -> None:
    data = sample_photos.jpeg(width=600, height=400, **coding)
    with pytest.raises(errors.PhotoDamaged) as raised:
        render_photo(data[: len(data) // 2] + END)
    assert raised.value.params == {"problem": "premature end of data segment"}


@pytest.mark.parametrize("bands", [1, 3])
def test_encoding_quality_and_size_match_libvips(bands: int) -> None:
    image = sample_photos.draw_image(500, 375, bands=bands)
    data = jpeg.encode(raster.from_image(image), 82)
    decoded = pyvips.Image.new_from_buffer(data, "", fail_on="warning")
    assert (decoded.width, decoded.height, decoded.bands) == (500, 375, bands)
    plain = image.jpegsave_buffer(Q=82, optimize_coding=False)
    theirs = pyvips.Image.new_from_buffer(plain, "")
    assert psnr(decoded, image) > psnr(theirs, image) - 0.1
    assert len(data) < len(plain) * 1.01


CODINGS: list[dict[str, Any]] = [
    {},
    {"progressive": True},
    {"restart": 2},
    {"grey": True},
    {"cmyk": True},
]
TAILS = [b"", END[:1], bytes(2), bytes(3000), b"SEFH" + b"secret" * 400 + b"SEFT", b"x" * 9 + END]


@pytest.mark.parametrize("coding", CODINGS, ids=str)
@pytest.mark.parametrize("tail", TAILS, ids=["", "ff", "00", "zeros", "trailer", "stray"])
def test_missing_end_marker_is_restored(
    render_photo: RenderPhoto, coding: dict[str, Any], tail: bytes
) -> None:
    data = sample_photos.jpeg(width=160, height=120, **coding)
    assert data.endswith(END)
    ours = render_photo(data[:-2] + tail)
    whole = render_photo(data)
    assert ours.data[0] == whole.data[0]
    assert ours.data[1:] == whole.data[1:]


@pytest.mark.parametrize("coding", CODINGS, ids=str)
@pytest.mark.parametrize("missing", [1, 2, 3, 5, 8, 40])
@pytest.mark.parametrize(
    "tail", [b"", END, bytes(50), bytes(50) + END], ids=["", "end", "zeros", "zeros and end"]
)
def test_truncation_within_the_last_blocks_is_damaged(
    render_photo: RenderPhoto, coding: dict[str, Any], missing: int, tail: bytes
) -> None:
    data = sample_photos.jpeg(width=160, height=120, **coding)
    core = data[:-2]
    if core[-missing - 1] == 0xFF:
        missing += 1  # not between a byte and its stuffed zero
    with pytest.raises(errors.PhotoDamaged):
        render_photo(core[:-missing] + tail)


@pytest.mark.parametrize("coding", [{}, {"progressive": True}, {"cmyk": True}], ids=str)
def test_trailer_with_marker_codes_is_removed(
    render_photo: RenderPhoto, coding: dict[str, Any]
) -> None:
    whole = sample_photos.jpeg(width=203, height=151, **coding)
    result = render_photo(whole[:-2] + b"SEF\xff\0\xff\xffsecret\xff\x01secret")
    assert result.data == render_photo(whole).data


def test_limits_are_checked_before_the_end_is_repaired(render_photo: RenderPhoto) -> None:
    data = sample_photos.jpeg(width=203, height=151)
    at = data.index(b"\xff\xc0") + 5
    huge = data[:at] + b"\x3e\x80\x3e\x80" + data[at + 4 : -2]
    with pytest.raises(errors.PhotoTooManyPixels):
        render_photo(huge)


@pytest.mark.parametrize("tail", [b"", b"\0", bytes(2), bytes(500), b"SEFH" * 9], ids=len)
def test_image_of_all_zero_data_is_completed(render_photo: RenderPhoto, tail: bytes) -> None:
    """An image of one colour, one zero bit per coefficient: 3 x 48 blocks of two bits."""
    table = b"\xff\xc4\0\x14%b\1" + bytes(16)
    frame = b"\xff\xc0\0\x11\x08\0\x30\0\x40\3\1\x11\0\2\x11\0\3\x11\0"
    head = b"\xff\xd8\xff\xdb\0\x43\0" + b"\x08" * 64 + frame
    head += table % b"\0" + table % b"\x10" + b"\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0"
    photo = head + bytes(36)
    result = render_photo(photo + tail)
    assert result.data[0] == photo + END
