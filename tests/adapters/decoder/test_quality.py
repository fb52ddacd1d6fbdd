"""The pipeline's shortcuts cost almost no quality compared with a full decode and resize."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import pyvips

from fatrina.adapters.decoder import pipeline, raster
from tests import sample_photos
from tests.adapters.decoder.conftest import RenderPhoto

PHOTOS: dict[str, Callable[[], bytes]] = {
    "jpeg shrunk by 2": lambda: sample_photos.jpeg(width=4100, height=1200, quality=92),
    "jpeg shrunk by 4": lambda: sample_photos.jpeg(width=8100, height=800, quality=92),
    "jpeg": lambda: sample_photos.jpeg(width=1900, height=1300, quality=92),
    "jpeg progressive": lambda: sample_photos.jpeg(width=1900, height=900, progressive=True),
    "jpeg p3": lambda: sample_photos.jpeg(
        width=1500, height=900, icc=sample_photos.icc_profile("p3")
    ),
    "png": lambda: sample_photos.png(width=1600, height=900),
    "png alpha": lambda: sample_photos.png(width=1500, height=800, alpha=True),
    "png 16": lambda: sample_photos.png(width=1500, height=800, sixteen=True),
    "webp shrunk": lambda: sample_photos.webp(width=3600, height=900),
    "webp": lambda: sample_photos.webp(width=1700, height=900),
    "avif": lambda: sample_photos.avif(width=1600, height=900),
}


def reference_rendition(data: bytes, width: int, height: int) -> Any:
    """Decode completely, convert to sRGB before the resize, and resize each size from the photo."""
    image = pyvips.Image.new_from_buffer(data, "")
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True)
    image = image.colourspace("srgb")
    alpha = image.hasalpha()
    image = image.premultiply() if alpha else image
    image = image.resize(width / image.width, vscale=height / image.height)
    return (image.unpremultiply() if alpha else image).cast("uchar").copy_memory()


def on_grey(image: Any) -> Any:
    plain = image.flatten(background=128) if image.hasalpha() else image
    return plain.cast("float").copy_memory()


def psnr(one: Any, other: Any) -> float:
    """Return the peak signal-to-noise ratio of two images in decibels; higher is closer."""
    error = ((on_grey(one) - on_grey(other)) ** 2).avg()
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(one: Any, other: Any) -> float:
    """Return the structural similarity of the green channels (Wang et al. 2004); 1 if equal."""
    x, y = on_grey(one)[1], on_grey(other)[1]
    mean_x, mean_y = x.gaussblur(1.5), y.gaussblur(1.5)
    spread_x = (x * x).gaussblur(1.5) - mean_x * mean_x
    spread_y = (y * y).gaussblur(1.5) - mean_y * mean_y
    both = (x * y).gaussblur(1.5) - mean_x * mean_y
    top = (mean_x * mean_y * 2 + 6.5025) * (both * 2 + 58.5225)
    return float((top / ((mean_x**2 + mean_y**2 + 6.5025) * (spread_x + spread_y + 58.5225))).avg())


@pytest.mark.parametrize("name", PHOTOS)
def test_rendition_quality_matches_a_full_decode(render_photo: RenderPhoto, name: str) -> None:
    data = PHOTOS[name]()
    result = render_photo(data)
    for image in result.images()[1:]:
        expected = reference_rendition(data, image.width, image.height)
        saved = pipeline.encode(raster.from_image(expected), result.info.format)
        encoded_reference = pyvips.Image.new_from_buffer(saved, "")
        if result.info.format.name == "PNG":  # lossless: the difference is rounding
            assert psnr(image, expected) > 45
        else:
            assert psnr(image, expected) > psnr(encoded_reference, expected) - 0.5
        assert ssim(image, expected) > ssim(encoded_reference, expected) - 0.01


def adobe_rgb() -> bytes:
    """Return a profile of Adobe RGB (1998): wide green, and a plain gamma of 2.2."""
    return with_tags(
        sample_photos.icc_profile("srgb"),
        {
            b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
            b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
            b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        }
        | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0\0\0\0\1\2\x33"),
    )


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(round(v * 65536).to_bytes(4, "big") for v in values)


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def with_tags(profile: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return a profile with some tags replaced."""
    count = number(profile[128:132])
    rows = [profile[132 + 12 * row : 144 + 12 * row] for row in range(count)]
    places = {row[:4]: (number(row[4:8]), number(row[8:])) for row in rows}
    old = {name: profile[at : at + size] for name, (at, size) in places.items()}
    table, body = b"", b""
    start = 132 + 12 * count
    for name, tag in (old | tags).items():
        table += name + (start + len(body)).to_bytes(4, "big") + len(tag).to_bytes(4, "big")
        body += tag + bytes(-len(tag) % 4)
    size = (start + len(body)).to_bytes(4, "big")
    return size + profile[4:128] + count.to_bytes(4, "big") + table + body


PROFILES: dict[str, Callable[[], bytes]] = {
    "p3": lambda: sample_photos.icc_profile("p3"),
    "srgb": lambda: sample_photos.icc_profile("srgb"),
    "adobe": adobe_rgb,
}


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("name", PROFILES)
def test_profile_is_applied(render_photo: RenderPhoto, kind: str, name: str) -> None:
    data = getattr(sample_photos, kind)(width=600, height=400, icc=PROFILES[name]())
    image = pyvips.Image.new_from_buffer(data, "")
    expected = [band.avg() for band in image.icc_transform("srgb", embedded=True).bandsplit()]
    unconverted = [band.avg() for band in image.bandsplit()]
    for image in render_photo(data).images()[1:]:
        actual = [band.avg() for band in image.bandsplit()]
        assert actual == pytest.approx(expected, abs=1)
    if name != "srgb":
        assert expected != pytest.approx(unconverted, abs=1.5)


def test_inverted_cmyk_is_converted_correctly(render_photo: RenderPhoto) -> None:
    for icc in (b"", sample_photos.icc_profile("cmyk"), sample_photos.icc_profile("p3")):
        data = sample_photos.jpeg(width=600, height=400, cmyk=True, icc=icc)
        actual = [band.avg() for band in render_photo(data).images()[1].bandsplit()]
        expected = [band.avg() for band in sample_photos.draw_image(600, 400).bandsplit()]
        assert actual == pytest.approx(expected, abs=12)
