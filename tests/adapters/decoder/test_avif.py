"""AVIF by dav1d: as near to libvips as a rounded colour, or libvips is asked."""

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


def opened(data: bytes) -> pyvips.Image:
    return pipeline.open_image(data, ImageFormat.AVIF)


def saved(image: pyvips.Image, **options: Any) -> bytes:
    return bytes(image.heifsave_buffer(compression="av1", effort=0, **options))


def turned(orientation: int, **options: Any) -> bytes:
    """An AVIF whose container says how it is turned or mirrored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    picture = Image.open(io.BytesIO(sample_photos.png(**SIZE)))
    picture.save(file, "AVIF", exif=exif, speed=10, **options)
    return file.getvalue()


def moving() -> bytes:
    file = io.BytesIO()
    first, second = (
        Image.open(io.BytesIO(sample_photos.png(**SIZE, seed=seed))) for seed in (1, 2)
    )
    first.save(file, "AVIF", save_all=True, append_images=[second], speed=10)
    return file.getvalue()


PLAIN: dict[str, Callable[[], bytes]] = {
    "4:2:0": lambda: sample_photos.avif(**SIZE),
    "4:4:4": lambda: saved(sample_photos.draw_image(**SIZE), subsample_mode="off"),
    "lossless": lambda: saved(sample_photos.draw_image(**SIZE), lossless=True),
    "alpha": lambda: saved(sample_photos.draw_image(**SIZE, bands=4), Q=80),
    "grey": lambda: saved(sample_photos.draw_image(**SIZE, bands=1)),
    "profile": lambda: sample_photos.avif(**SIZE, icc=sample_photos.icc_profile("p3")),
    "odd sides": lambda: sample_photos.avif(width=321, height=211),
    "by libavif": lambda: turned(1),
    "by libavif, 4:2:2, full range": lambda: turned(1, subsampling="4:2:2", range="full"),
    "by libavif, limited range": lambda: turned(1, range="limited"),
    "10 bits": lambda: saved(sample_photos.draw_image(**SIZE), bitdepth=10),
    "12 bits, alpha": lambda: saved(sample_photos.draw_image(**SIZE, bands=4), bitdepth=12),
    "turned upside down": lambda: turned(3),
    "turned to the side": lambda: turned(6),
    "mirrored": lambda: turned(2),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_photo_has_the_pixels_of_libvips(name: str) -> None:
    data = PLAIN[name]()
    plain = opened(data)
    deep = plain.format != "uchar"
    ours, theirs = (
        avif.decode(data, plain),
        raster.from_image(plain.colourspace("srgb") if deep else plain),
    )
    assert ours is not None
    wrong = np.abs(ours.astype(int) - theirs)
    assert wrong.mean() < 1.5  # colours thinned out are spread again by other filters


ODD: dict[str, Callable[[], bytes]] = {
    "moving": moving,
    "cut": lambda: sample_photos.avif(**SIZE)[:-2000],
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_left_to_libvips(name: str) -> None:
    data = ODD[name]()
    assert avif.decode(data, opened(data)) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_comes_out_as_its_container_turns_it(
    render_photo: RenderPhoto, orientation: int
) -> None:
    made = render_photo(turned(orientation)).images()
    due = pyvips.Image.new_from_buffer(sample_photos.png(**SIZE), "").copy()
    due.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    due = due.autorot()
    assert (made[1].width, made[1].height) == (due.width, due.height)
    assert (made[1] - due).abs().avg() < 6
