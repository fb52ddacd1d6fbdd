"""AVIF with dav1d: pixels equal libvips' except for rounding, or libvips decodes the photo."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image

from fatrina.adapters.decoder import avif, pipeline, raster
from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.adapters.decoder.conftest import RenderPhoto

SIZE = {"width": 320, "height": 210}


def open_avif(data: bytes) -> pyvips.Image:
    return pipeline.open_image(data, ImageFormat.AVIF)


def save(image: pyvips.Image, **options: Any) -> bytes:
    return bytes(image.heifsave_buffer(compression="av1", effort=0, **options))


def rotated(orientation: int, **options: Any) -> bytes:
    """Return an AVIF whose container declares a rotation or mirroring."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image = Image.open(io.BytesIO(sample_photos.png(**SIZE)))
    image.save(file, "AVIF", exif=exif, speed=10, **options)
    return file.getvalue()


def animation() -> bytes:
    file = io.BytesIO()
    first, second = (
        Image.open(io.BytesIO(sample_photos.png(**SIZE, seed=seed))) for seed in (1, 2)
    )
    first.save(file, "AVIF", save_all=True, append_images=[second], speed=10)
    return file.getvalue()


PHOTOS: dict[str, Callable[[], bytes]] = {
    "4:2:0": lambda: sample_photos.avif(**SIZE),
    "4:4:4": lambda: save(sample_photos.draw_image(**SIZE), subsample_mode="off"),
    "lossless": lambda: save(sample_photos.draw_image(**SIZE), lossless=True),
    "alpha": lambda: save(sample_photos.draw_image(**SIZE, bands=4), Q=80),
    "grey": lambda: save(sample_photos.draw_image(**SIZE, bands=1)),
    "profile": lambda: sample_photos.avif(**SIZE, icc=sample_photos.icc_profile("p3")),
    "odd sides": lambda: sample_photos.avif(width=321, height=211),
    "by libavif": lambda: rotated(1),
    "by libavif, 4:2:2, full range": lambda: rotated(1, subsampling="4:2:2", range="full"),
    "by libavif, limited range": lambda: rotated(1, range="limited"),
    "10 bits": lambda: save(sample_photos.draw_image(**SIZE), bitdepth=10),
    "12 bits, alpha": lambda: save(sample_photos.draw_image(**SIZE, bands=4), bitdepth=12),
    "rotated upside down": lambda: rotated(3),
    "rotated to the side": lambda: rotated(6),
    "mirrored": lambda: rotated(2),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_pixels_match_libvips(name: str) -> None:
    data = PHOTOS[name]()
    plain = open_avif(data)
    deep = plain.format != "uchar"
    ours, theirs = (
        avif.decode(data, plain),
        raster.from_image(plain.colourspace("srgb") if deep else plain),
    )
    assert ours is not None
    wrong = np.abs(ours.astype(int) - theirs)
    assert wrong.mean() < 1.5  # subsampled colours are upsampled by different filters


IRREGULAR: dict[str, Callable[[], bytes]] = {
    "animation": animation,
    "cut": lambda: sample_photos.avif(**SIZE)[:-2000],
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_irregular_photos_are_left_to_libvips(name: str) -> None:
    data = IRREGULAR[name]()
    assert avif.decode(data, open_avif(data)) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_container_orientation_is_applied(render_photo: RenderPhoto, orientation: int) -> None:
    images = render_photo(rotated(orientation)).images()
    expected = pyvips.Image.new_from_buffer(sample_photos.png(**SIZE), "").copy()
    expected.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    expected = expected.autorot()
    assert (images[1].width, images[1].height) == (expected.width, expected.height)
    assert (images[1] - expected).abs().avg() < 6
