"""Every kind of photo that is taken comes out upright, sRGB, of the declared sizes, and bare."""

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
    """A photo as Pillow writes it."""
    file = io.BytesIO()
    drawing = Image.open(io.BytesIO(sample_photos.png(**SIZE)))
    picture = drawing.quantize(40) if mode == "P" else drawing.convert(mode, dither=NO_DITHER)
    picture.save(file, kind, **options)
    return file.getvalue()


def offset_gif() -> bytes:
    """A GIF whose frames have palettes of their own, and whose second is but a patch."""
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
SEE_THROUGH = ("alpha", "tRNS")
FRAMES = {"png animated": 3, "webp animated": 3, "gif animated": 3, "gif patches": 2}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_comes_out_in_all_sizes(render_photo: RenderPhoto, name: str) -> None:
    done = render_photo(PHOTOS[name]())
    images = done.images()
    assert done.info.format is next(kind for kind in ImageFormat if kind.name.lower() in name)
    assert done.info.frames == FRAMES.get(name, 1)
    assert done.sizes() == [(done.info.width, done.info.height), *done.expected_sizes()]
    for image in images[1:]:
        assert (image.format, image.interpretation) in {("uchar", "srgb"), ("uchar", "b-w")}
        # Against libvips' own decoding and converting at full size, averaged by areas.
        assert far(flat(images[0]), flat(image)) < (
            9 if "1 bit" in name or image.width < 200 else 4
        )
        tells_nothing(image)
        if done.info.format is not ImageFormat.GIF:  # there, libvips drops it where all is opaque
            assert image.hasalpha() == name.endswith(SEE_THROUGH)


def tells_nothing(image: Any) -> None:
    """A rendition has its pixels and nothing besides."""
    fields = set(image.get_fields())
    assert not fields & {"exif-data", "xmp-data", "icc-profile-data", "iptc-data", "orientation"}
    assert not [field for field in fields if field.startswith("exif-") or "comment" in field]


def flat(image: Any) -> Any:
    """A picture on grey, in sRGB, of 10 by 10 pixels."""
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", embedded=True, input_profile="cmyk")
    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=128)
    small = image.cast("float").resize(10 / image.width, vscale=10 / image.height, kernel="linear")
    return small.copy_memory()


def far(one: Any, other: Any) -> float:
    """The largest difference of two small pictures in any place and channel."""
    return float((one - other).abs().max())


KINDS = ("jpeg", "png", "webp", "gif", "avif")
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_no_shape_is_too_odd(render_photo: RenderPhoto, kind: str, width: int, height: int) -> None:
    done = render_photo(getattr(sample_photos, kind)(width=width, height=height))
    assert done.sizes() == [(width, height), *done.expected_sizes()]


def test_a_small_photo_is_never_enlarged(render_photo: RenderPhoto) -> None:
    assert render_photo(sample_photos.png(width=130, height=60)).sizes() == [(130, 60)] * 3 + [
        (120, 55)
    ]


TURNS = {
    1: lambda image: image,
    2: lambda image: image.fliphor(),
    3: lambda image: image.rot180(),
    4: lambda image: image.flipver(),
    5: lambda image: image.rot90().fliphor(),
    6: lambda image: image.rot90(),
    7: lambda image: image.rot90().flipver(),
    8: lambda image: image.rot270(),
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
def test_a_turned_photo_comes_out_upright(render_photo: RenderPhoto, kind: str, turn: int) -> None:
    draw = getattr(sample_photos, kind)
    lying = flat(TURNS[turn](sample_photos.draw_image(660, 360)))
    done = render_photo(draw(width=660, height=360, orientation=turn))
    upright = (660, 360) if turn < 5 else (360, 660)
    assert (done.info.width, done.info.height) == upright
    for image in done.images()[1:]:
        assert not image.get_typeof("orientation")
        assert far(flat(image), lying) < 12
    assert done.sizes()[1:] == done.expected_sizes()


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_heic_comes_out_upright(render_photo: RenderPhoto, turn: int) -> None:
    lying = flat(TURNS[turn](sample_photos.draw_image(320, 200)))
    done = render_photo(heic_turned(turn))
    assert (done.info.width, done.info.height) == ((320, 200) if turn < 5 else (200, 320))
    for image in done.images():
        assert not image.get_typeof("orientation")
        assert far(flat(image), lying) < 12


def heic_turned(turn: int) -> bytes:
    """A HEIC that a property of the picture turns."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = turn
    picture = Image.open(io.BytesIO(sample_photos.png(width=320, height=200)))
    pillow_heif.from_pillow(picture).save(file, quality=90, exif=exif.tobytes())
    return file.getvalue()


def test_alpha_keeps_its_soft_edges(render_photo: RenderPhoto) -> None:
    whole = sample_photos.draw_image(**SIZE, bands=4)
    for kind in ("png", "webp", "avif"):
        made = render_photo(getattr(sample_photos, kind)(**SIZE, alpha=True)).images()[1]
        due = whole[3].resize(made.width / whole.width, vscale=made.height / whole.height)
        assert (made[3] - due).abs().avg() < 1.5


def test_what_is_seen_through_is_not_dark_at_its_edges(render_photo: RenderPhoto) -> None:
    """A white disc on black that cannot be seen stays white where it ends."""
    at = pyvips.Image.xyz(900, 900)
    disc = (((at[0] - 450) ** 2 + (at[1] - 450) ** 2) ** 0.5 < 400).cast("uchar")
    picture = disc.bandjoin([disc, disc, disc]).copy(interpretation="srgb")
    made = render_photo(picture.pngsave_buffer()).images()[2]
    seen = made[3] > 20
    assert seen.ifthenelse(made[0], 255).min() > 245


def test_a_profile_is_honoured_in_grey(render_photo: RenderPhoto) -> None:
    """A grey photo keeps its look under a profile for colours, which cannot be its own."""
    photo = sample_photos.jpeg(**SIZE, grey=True)
    with_profile = with_segments(photo, *icc_segments(sample_photos.icc_profile("p3")))
    one, other = render_photo(photo), render_photo(with_profile)
    assert far(flat(one.images()[1]), flat(other.images()[1])) < 3
