"""Every supported format is rendered upright, in sRGB, in the declared sizes, without metadata."""

import io
from collections.abc import Callable
from typing import Any

import pillow_heif
import pytest
import pyvips
from PIL import Image

from fatrina.domain.photo import ImageFormat
from tests import sample_photos
from tests.adapters.decoder.conftest import RenderPhoto
from tests.containers import icc_segments, with_segments

SIZE = {"width": 1030, "height": 300}


NO_DITHER = Image.Dither.NONE


def pillow(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """Return a photo that Pillow encodes."""
    file = io.BytesIO()
    drawing = Image.open(io.BytesIO(sample_photos.png(**SIZE)))
    picture = drawing.quantize(40) if mode == "P" else drawing.convert(mode, dither=NO_DITHER)
    picture.save(file, kind, **options)
    return file.getvalue()


def offset_gif() -> bytes:
    """Return a GIF whose frames have their own palettes and whose second frame is only a patch."""
    first = Image.open(io.BytesIO(sample_photos.png(width=300, height=200))).quantize(16)
    second = first.convert("RGB")
    second.paste((250, 10, 10), (40, 50, 90, 70))
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=[second.quantize(64)], disposal=1)
    return file.getvalue()


def avif(bands: int = 3, **options: Any) -> bytes:
    picture = sample_photos.draw_image(**SIZE, bands=bands)
    return bytes(picture.heifsave_buffer(compression="av1", effort=0, **options))


PHOTOS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: sample_photos.jpeg(**SIZE),
    "jpeg progressive": lambda: sample_photos.jpeg(**SIZE, progressive=True),
    "jpeg grey": lambda: sample_photos.jpeg(**SIZE, grey=True),
    "jpeg cmyk": lambda: sample_photos.jpeg(**SIZE, cmyk=True),
    "jpeg cmyk with profile": lambda: sample_photos.jpeg(
        **SIZE, cmyk=True, icc=sample_photos.icc_profile("cmyk")
    ),
    "jpeg cmyk progressive": lambda: sample_photos.jpeg(**SIZE, cmyk=True, progressive=True),
    "jpeg 4:4:4": lambda: pillow("JPEG", subsampling=0),
    "jpeg 4:2:2": lambda: pillow("JPEG", subsampling=1),
    "jpeg 4:1:1": lambda: pillow("JPEG", subsampling="4:1:1"),
    "jpeg as RGB": lambda: pillow("JPEG", keep_rgb=True),
    "jpeg restarts": lambda: sample_photos.jpeg(**SIZE, restart=3),
    "png": lambda: sample_photos.png(**SIZE),
    "png alpha": lambda: sample_photos.png(**SIZE, alpha=True),
    "png grey": lambda: sample_photos.png(**SIZE, grey=True),
    "png grey alpha": lambda: sample_photos.png(**SIZE, grey=True, alpha=True),
    "png 16": lambda: sample_photos.png(**SIZE, sixteen=True),
    "png 16 alpha": lambda: sample_photos.png(**SIZE, sixteen=True, alpha=True),
    "png 16 grey alpha": lambda: sample_photos.png(**SIZE, sixteen=True, grey=True, alpha=True),
    "png interlaced": lambda: sample_photos.png(**SIZE, interlaced=True),
    "png interlaced 16": lambda: sample_photos.png(**SIZE, interlaced=True, sixteen=True),
    "png palette": lambda: sample_photos.png(**SIZE, palette=True),
    "png palette tRNS": lambda: pillow("PNG", "P", transparency=3),
    "png tRNS": lambda: pillow("PNG", transparency=(10, 10, 10)),
    "png grey tRNS": lambda: pillow("PNG", "L", transparency=10),
    "png 1 bit": lambda: pillow("PNG", "1"),
    "png animated": lambda: sample_photos.apng(**SIZE),
    "webp": lambda: sample_photos.webp(**SIZE),
    "webp alpha": lambda: sample_photos.webp(**SIZE, alpha=True),
    "webp lossless": lambda: sample_photos.webp(**SIZE, lossless=True),
    "webp lossless alpha": lambda: sample_photos.webp(**SIZE, lossless=True, alpha=True),
    "webp animated": lambda: sample_photos.webp(**SIZE, frames=3),
    "webp large": lambda: sample_photos.webp(width=3500, height=500),
    "gif": lambda: bytes(sample_photos.draw_image(**SIZE).gifsave_buffer(effort=1)),
    "gif animated": lambda: sample_photos.gif(width=300, height=200, frames=3),
    "gif transparent": lambda: pillow("GIF", "P", transparency=2),
    "gif patches": offset_gif,
    "avif": avif,
    "avif alpha": lambda: avif(4),
    "avif grey": lambda: avif(1),
    "avif 10 bit": lambda: avif(bitdepth=10),
    "avif 12 bit alpha": lambda: avif(4, bitdepth=12),
    "avif 4:4:4": lambda: avif(subsample_mode="off"),
    "avif lossless": lambda: avif(lossless=True),
    "heic": lambda: sample_photos.heic(**SIZE),
}
TRANSPARENT = ("alpha", "tRNS")
FRAMES = {"png animated": 3, "webp animated": 3, "gif animated": 3, "gif patches": 2}


@pytest.mark.parametrize("name", PHOTOS)
def test_every_format_is_rendered_in_all_sizes(render_photo: RenderPhoto, name: str) -> None:
    result = render_photo(PHOTOS[name]())
    images = result.images()
    assert result.info.format is next(kind for kind in ImageFormat if kind.name.lower() in name)
    assert result.info.frames == FRAMES.get(name, 1)
    assert result.sizes() == [(result.info.width, result.info.height), *result.expected_sizes()]
    for image in images[1:]:
        assert (image.format, image.interpretation) in {("uchar", "srgb"), ("uchar", "b-w")}
        # Compare with libvips' own decoding and conversion at full size, averaged over areas.
        assert difference(flat(images[0]), flat(image)) < (
            9 if "1 bit" in name or image.width < 200 else 4
        )
        assert_no_metadata(image)
        if result.info.format is not ImageFormat.GIF:  # libvips drops alpha where all is opaque
            assert image.hasalpha() == name.endswith(TRANSPARENT)


def assert_no_metadata(image: Any) -> None:
    """Assert that a rendition contains pixels only, without metadata."""
    fields = set(image.get_fields())
    assert not fields & {"exif-data", "xmp-data", "icc-profile-data", "iptc-data", "orientation"}
    assert not [field for field in fields if field.startswith("exif-") or "comment" in field]


def flat(image: Any) -> Any:
    """Return an image on grey, in sRGB, reduced to 10 by 10 pixels."""
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", embedded=True, input_profile="cmyk")
    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=128)
    small = image.cast("float").resize(10 / image.width, vscale=10 / image.height, kernel="linear")
    return small.copy_memory()


def difference(one: Any, other: Any) -> float:
    """Return the largest difference of two small images at any position and channel."""
    return float((one - other).abs().max())


FORMAT_NAMES = ("jpeg", "png", "webp", "gif", "avif")
SHAPES = [
    (1, 1),
    (1, 5000),
    (5000, 1),
    (119, 120),
    (121, 1),
    (2, 2999),
    (1000, 9),
    (1001, 9),
    (500, 501),
]


@pytest.mark.parametrize("kind", FORMAT_NAMES)
@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_extreme_aspect_ratios(
    render_photo: RenderPhoto, kind: str, width: int, height: int
) -> None:
    result = render_photo(getattr(sample_photos, kind)(width=width, height=height))
    assert result.sizes() == [(width, height), *result.expected_sizes()]


def test_small_photo_is_not_enlarged(render_photo: RenderPhoto) -> None:
    assert render_photo(sample_photos.png(width=130, height=60)).sizes() == [(130, 60)] * 3 + [
        (120, 55)
    ]


ROTATIONS = {
    1: lambda image: image,
    2: lambda image: image.fliphor(),
    3: lambda image: image.rot180(),
    4: lambda image: image.flipver(),
    5: lambda image: image.rot90().fliphor(),
    6: lambda image: image.rot90(),
    7: lambda image: image.rot90().flipver(),
    8: lambda image: image.rot270(),
}


@pytest.mark.parametrize("orientation", ROTATIONS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
def test_rotated_photo_is_rendered_upright(
    render_photo: RenderPhoto, kind: str, orientation: int
) -> None:
    draw = getattr(sample_photos, kind)
    expected = flat(ROTATIONS[orientation](sample_photos.draw_image(660, 360)))
    result = render_photo(draw(width=660, height=360, orientation=orientation))
    upright = (660, 360) if orientation < 5 else (360, 660)
    assert (result.info.width, result.info.height) == upright
    for image in result.images()[1:]:
        assert not image.get_typeof("orientation")
        assert difference(flat(image), expected) < 12
    assert result.sizes()[1:] == result.expected_sizes()


@pytest.mark.parametrize("orientation", ROTATIONS)
def test_rotated_heic_is_rendered_upright(render_photo: RenderPhoto, orientation: int) -> None:
    expected = flat(ROTATIONS[orientation](sample_photos.draw_image(320, 200)))
    result = render_photo(rotated_heic(orientation))
    assert (result.info.width, result.info.height) == (
        (320, 200) if orientation < 5 else (200, 320)
    )
    for image in result.images():
        assert not image.get_typeof("orientation")
        assert difference(flat(image), expected) < 12


def rotated_heic(orientation: int) -> bytes:
    """Return a HEIC that an image property rotates."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.open(io.BytesIO(sample_photos.png(width=320, height=200)))
    pillow_heif.from_pillow(picture).save(file, quality=90, exif=exif.tobytes())
    return file.getvalue()


def test_alpha_gradient_is_preserved(render_photo: RenderPhoto) -> None:
    whole = sample_photos.draw_image(**SIZE, bands=4)
    for kind in ("png", "webp", "avif"):
        image = render_photo(getattr(sample_photos, kind)(**SIZE, alpha=True)).images()[1]
        expected_alpha = whole[3].resize(
            image.width / whole.width, vscale=image.height / whole.height
        )
        assert (image[3] - expected_alpha).abs().avg() < 1.5


def test_edges_of_transparent_images_are_not_darkened(render_photo: RenderPhoto) -> None:
    """A white disc on transparent black stays white at its edge."""
    at = pyvips.Image.xyz(900, 900)
    disc = (((at[0] - 450) ** 2 + (at[1] - 450) ** 2) ** 0.5 < 400).cast("uchar")
    picture = disc.bandjoin([disc, disc, disc]).copy(interpretation="srgb")
    image = render_photo(picture.pngsave_buffer()).images()[2]
    visible = image[3] > 20
    assert visible.ifthenelse(image[0], 255).min() > 245


def test_rgb_profile_does_not_change_a_grey_photo(render_photo: RenderPhoto) -> None:
    """A profile for colours does not apply to a grey photo."""
    photo = sample_photos.jpeg(**SIZE, grey=True)
    with_profile = with_segments(photo, *icc_segments(sample_photos.icc_profile("p3")))
    one, other = render_photo(photo), render_photo(with_profile)
    assert difference(flat(one.images()[1]), flat(other.images()[1])) < 3
