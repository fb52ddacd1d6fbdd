"""Every path through the decoder renders the images of a libvips-only decode, at every size."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from fatrina.adapters.decoder import pipeline, raster
from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.adapters.decoder.test_quality import psnr


@pytest.fixture(autouse=True)
def restore_fast_mode() -> Iterator[None]:
    yield
    raster.use_libvips_only(enabled=False)


def render(data: bytes, image_format: ImageFormat, *, libvips_only: bool) -> list[Any]:
    raster.use_libvips_only(enabled=libvips_only)
    head = pipeline.open_image(data, image_format)
    facts = pipeline.read_image_info(head, image_format, 1)
    largest = pipeline.decode_largest_fast(data, head, facts)
    if largest is None:
        largest = pipeline.decode_largest(data, facts)
    renditions = list(pipeline.render_all(largest, facts))
    return [raster.to_image(each).copy_memory() for each in renditions]


def assert_paths_match(data: bytes, image_format: ImageFormat) -> None:
    for ours, theirs in zip(
        render(data, image_format, libvips_only=False),
        render(data, image_format, libvips_only=True),
        strict=True,
    ):
        assert (ours.width, ours.height, ours.bands) == (theirs.width, theirs.height, theirs.bands)
        if min(ours.width, ours.height) > 8:
            assert psnr(ours, theirs) > 30


def ramp(width: int, height: int) -> Any:
    image = pyvips.Image.xyz(width, height)
    across, down = image[0] * (255 / width), image[1] * (255 / height)
    return across.bandjoin([down, 255 - across]).cast("uchar").copy(interpretation="srgb")


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (6001, 4001), (6000, 4000), (6001, 4000), (6000, 4001), (5999, 3999), (5665, 3777),
        (4001, 6003), (8003, 6001), (4001, 3001), (3999, 16383), (2001, 1999), (1001, 16001),
    ],
)  # fmt: skip
@pytest.mark.parametrize("interlace", [False, True])
def test_large_jpegs_of_odd_sizes_are_decoded(width: int, height: int, interlace: bool) -> None:  # noqa: FBT001
    if interlace and width * height > 30_000_000:
        width, height = width // 2 | 1, height // 2 | 1
    data = ramp(width, height).jpegsave_buffer(Q=80, interlace=interlace, keep="none")
    assert_paths_match(data, ImageFormat.JPEG)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["jpeg", "png", "webp", "avif"]),
    st.integers(1, 90) | st.integers(990, 1010) | st.integers(1990, 2010),
    st.integers(1, 90) | st.integers(490, 510),
    st.booleans(),
)
def test_every_path_matches_libvips(kind: str, width: int, height: int, alpha: bool) -> None:  # noqa: FBT001
    if kind == "jpeg":
        data = sample_photos.jpeg(width=width, height=height)
    else:
        data = getattr(sample_photos, kind)(width=width, height=height, alpha=alpha)
    assert_paths_match(data, ImageFormat[kind.upper()])


@pytest.mark.parametrize("side", [1633, 1635, 1888])
@pytest.mark.parametrize("alpha", [False, True])
def test_images_around_the_copy_limit_match(side: int, alpha: bool) -> None:  # noqa: FBT001
    height = side * 3 // 2 | 1  # 16 MB are 1633 and 1888 pixels wide with and without alpha
    image = ramp(side, height)
    if alpha:
        image = image.bandjoin(image[1])
    assert_paths_match(bytes(image.pngsave_buffer(compression=1)), ImageFormat.PNG)


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_cropped_view_is_converted(bands: int) -> None:
    image = np.arange(40 * 30 * bands, dtype=np.uint8).reshape(30, 40, bands)
    view = image[:-1, 3:-1]
    assert np.array_equal(raster.from_image(raster.to_image(view)), view)
