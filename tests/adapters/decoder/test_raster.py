"""Resizing: close to the formula of Lanczos3 with every implementation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fatrina.adapters.decoder import raster

LOBES = 3
ALPHA = {2, 4}
with_vector = pytest.mark.skipif(
    not raster.HAS_VECTOR_RESIZE, reason="there is no wheel of cykooz-resizer for this processor"
)
ENGINES = [pytest.param("vector", marks=with_vector), "libvips"]
sides = st.integers(1, 90)


def weights(many: int, new_width: int) -> Any:
    """Return the weights of `many` input pixels in each of `new_width` output pixels.

    The weights are normalised, so that edge pixels stand for the pixels beyond the edge.
    """
    scale = many / new_width
    table = np.zeros((new_width, many))
    for resized in range(new_width):
        centre = (resized + 0.5) * scale
        for at in range(int(centre - LOBES * scale) - 1, int(centre + LOBES * scale) + 2):
            x = (at + 0.5 - centre) / scale
            if abs(x) < LOBES and 0 <= at < many:
                table[resized, at] += np.sinc(x) * np.sinc(x / LOBES)
    return table / table.sum(axis=1, keepdims=True)


def lanczos3(pixels: Any, width: int, height: int) -> Any:
    """Resize columns, then rows; the intermediate result is clipped to a byte as well."""
    rows = np.tensordot(weights(pixels.shape[0], height), pixels.astype(float), axes=(1, 0))
    columns = np.tensordot(weights(pixels.shape[1], width), rows.clip(0, 255), axes=(1, 1))
    return columns.swapaxes(0, 1).clip(0, 255)


def smooth(height: int, width: int, bands: int) -> Any:
    """Return gradients and waves, which all implementations resize alike, nearly opaque."""
    rows, columns, band = np.indices((height, width, bands))
    pixels = (128 + 80 * np.sin(rows / 9 + band) + 40 * np.cos(columns / 7)).astype(np.uint8)
    if bands in ALPHA:
        pixels[..., -1] = 255 - pixels[..., -1] // 4
    return pixels


def premultiply(pixels: Any) -> Any:
    """Return the pixels with colours weighted by alpha, as a resize uses them."""
    pixels = pixels.astype(float)
    if pixels.shape[2] in ALPHA:
        pixels[..., :-1] *= pixels[..., -1:] / 255
    return pixels


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    if name == "libvips":
        monkeypatch.setattr(raster, "HAS_VECTOR_RESIZE", False)
    return name


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1000, 750), (500, 333), (120, 90), (997, 1), (1, 748)])
def test_resize_is_close_to_lanczos3(engine: str, bands: int, size: tuple[int, int]) -> None:
    pixels = smooth(750, 1000, bands)
    resized = raster.resize(pixels, *size)
    assert resized.shape == (size[1], size[0], bands)
    edge = 12 if engine == "libvips" else 0  # where it extrapolates differently beyond the edge
    inside = np.s_[edge : size[1] - edge or None, edge : size[0] - edge or None]
    wrong = np.abs(premultiply(resized) - lanczos3(premultiply(pixels), *size))[inside]
    assert wrong.size == 0 or wrong.max() < 4


@with_vector
@settings(max_examples=60)
@given(sides, sides, sides, sides, st.integers(1, 4), st.randoms())
def test_resized_noise_differs_only_by_rounding(  # noqa: PLR0917  one argument a side
    width: int, height: int, new_width: int, new_height: int, bands: int, random: Any
) -> None:
    noise = np.random.default_rng(random.randrange(2**32))
    pixels = noise.integers(0, 256, (height, width, bands), np.uint8)
    if bands in ALPHA:
        pixels[..., -1] = 255
    size = min(width, new_width), min(height, new_height)
    assert np.abs(raster.resize(pixels, *size) - lanczos3(pixels, *size)).max() < 2


def test_transparent_pixels_do_not_bleed(engine: str) -> None:
    assert engine
    pixels = np.zeros((100, 100, 4), np.uint8)
    pixels[..., 0] = 255  # red everywhere, but transparent
    pixels[20:80, 20:80] = 0, 0, 255, 255
    resized = raster.resize(pixels, 37, 37)
    shown = resized[resized[..., 3] > 16]
    assert len(shown) > 400
    assert shown[:, 0].max() < 16
    assert shown[:, 2].min() > 239


@with_vector
def test_resize_is_independent_of_cpu_extensions() -> None:
    vector = pytest.importorskip("cykooz_resizer")
    noise = np.random.default_rng(7).integers(0, 256, (750, 1000, 3), np.uint8)
    plain = vector.Resizer()
    plain.cpu_extensions = vector.CpuExtensions.none
    source = vector.ImageData(1000, 750, vector.PixelType.U8x3, noise.tobytes())
    target = vector.ImageData(500, 375, vector.PixelType.U8x3)
    plain.resize(source, target, raster.resize_options())
    assert target.get_buffer() == raster.resize(noise, 500, 375).tobytes()


def test_image_and_pixels_round_trip() -> None:
    for bands, meaning in ((1, "b-w"), (2, "b-w"), (3, "srgb"), (4, "srgb")):
        pixels = smooth(40, 60, bands)
        image = raster.to_image(pixels)
        assert image.interpretation == meaning
        assert image.hasalpha() == (bands in ALPHA)
        assert np.array_equal(raster.from_image(image), pixels)
