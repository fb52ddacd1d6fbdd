"""The rendering pipeline: decode a photo once, as a stream, and make every rendition from it."""

from collections.abc import Iterator
from typing import Final

import pyvips

from fatrina.adapters.decoder import avif, colours, jpeg, raster
from fatrina.adapters.decoder.raster import Pixels
from fatrina.domain import colour
from fatrina.domain.metadata_stripping import Buffer
from fatrina.domain.photo import ImageFormat, ImageInfo
from fatrina.domain.renditions import RENDITIONS

# All loaders are blocked, then these few are enabled by name: the other loaders of libvips (SVG,
# PDF, TIFF, matrices, camera raw ...) cannot be reached, whatever the bytes are.
LOADERS: Final = {
    ImageFormat.JPEG: "VipsForeignLoadJpeg",
    ImageFormat.PNG: "VipsForeignLoadPng",
    ImageFormat.WEBP: "VipsForeignLoadWebp",
    ImageFormat.GIF: "VipsForeignLoadNsgif",
    ImageFormat.AVIF: "VipsForeignLoadHeif",
}
_LOAD_FUNCTIONS: Final = {
    ImageFormat.JPEG: pyvips.Image.jpegload_source,
    ImageFormat.PNG: pyvips.Image.pngload_source,
    ImageFormat.WEBP: pyvips.Image.webpload_source,
    ImageFormat.GIF: pyvips.Image.gifload_source,
    ImageFormat.AVIF: pyvips.Image.heifload_source,
}

# Measured on a 12 MP camera photo, all three sizes: CPU ms / kB / PSNR at 1000 pixels. More figures
# are in benchmarks/RESULTS.md. JPEG: 3/183/34.8; through libvips 5. Optimised tables 11/182;
# progressive 19/173; trellis 74/159/34.2.
JPEG_QUALITY: Final = 82
SAVE_OPTIONS: Final[dict[ImageFormat, dict[str, object]]] = {
    # 41/1617. Level 6 without a filter, the default, 48/2020; with this filter 77/1573.
    ImageFormat.PNG: {"compression": 3, "filter": "up"},
    # 43/162/36.8. Effort 2 at Q 82 52/159/36.6; effort 4, the default, 111/156/36.9.
    ImageFormat.WEBP: {"Q": 80, "effort": 1},
    # 358/685/37.8, and the same for 1 and 2. Effort 7, the default, 1213/642/40.6.
    ImageFormat.GIF: {"effort": 3},
}
# Equals effort 0 of libvips: 61/109/33.9. Effort 1 207/107/34.2; 2 329/107/34.4; 4, the default,
# 2577.
AVIF_QUALITY: Final = 60
AVIF_SPEED: Final = 9
_LIBVIPS_ONLY_OPTIONS: Final[dict[ImageFormat, dict[str, object]]] = {
    ImageFormat.JPEG: {"Q": JPEG_QUALITY},
    ImageFormat.AVIF: {"Q": AVIF_QUALITY, "effort": 0, "compression": "av1"},
}
"""Encoder options of the retry that uses libvips only."""
# HEIC is stored as a JPEG of full size: browsers do not show HEIC.
FULL_SIZE_OPTIONS: Final[dict[str, object]] = {"Q": 92}

# A JPEG decoder can shrink by 2, 4 or 8 while decoding, at almost no cost. A factor of two is left
# to the resize: shrinking further saves 8-15 ms on 12 MP and costs up to 1.8 dB PSNR.
_JPEG_SHRINKS: Final = (8, 4, 2)
_JPEG_RESIZE_FACTOR: Final = 2.0
# A WebP decoder can shrink to any size, row by row: at 25 MP that saves two fifths of the time and
# three quarters of the memory. Its filter is a simple one, and below 9 MP it is slower.
_WEBP_RESIZE_FACTOR: Final = 3.0

_ORIENTATION_FIELD: Final = "orientation"
_KEPT_FIELDS: Final = {
    colours.PROFILE_FIELD: pyvips.GValue.blob_type,
    _ORIENTATION_FIELD: pyvips.GValue.gint_type,
}
"""Metadata fields that say how to interpret the pixels."""

# EXIF 2.32, 4.6.4: 1 is upright, 5 to 8 are rotated by 90 degrees.
_UPRIGHT: Final = 1
_FIRST_SIDEWAYS: Final = 5
_LAST_ORIENTATION: Final = 8


def restrict_loaders() -> None:
    """Allow only the loaders of the supported formats, and cache nothing between photos."""
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    for loader in LOADERS.values():
        pyvips.operation_block_set(loader, state=False)
    pyvips.cache_set_max(0)


def open_image(data: Buffer, image_format: ImageFormat, **shrunk: float) -> pyvips.Image:
    """Open a photo for one streamed pass, shrunk while decoding; only the header is read.

    The data is not copied and must outlive the image.

    Raises:
        pyvips.Error: the header is malformed.
    """
    source = pyvips.Source.new_from_memory(data)
    image = _LOAD_FUNCTIONS[image_format](source, access="sequential", fail_on="error", **shrunk)
    declared = colour.read_declared(
        image_format, data, profiled=bool(image.get_typeof(colours.PROFILE_FIELD))
    )
    return image if declared is None else colours.attach_profile(image, declared)


def read_orientation(image: pyvips.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if it is missing or invalid."""
    value = image.get(_ORIENTATION_FIELD) if image.get_typeof(_ORIENTATION_FIELD) else _UPRIGHT
    return int(value) if _UPRIGHT <= value <= _LAST_ORIENTATION else _UPRIGHT


def read_image_info(image: pyvips.Image, image_format: ImageFormat, frames: int) -> ImageInfo:
    """Return the information in the header of an opened photo."""
    size = image.width, image.height
    width, height = size[::-1] if read_orientation(image) >= _FIRST_SIDEWAYS else size
    return ImageInfo(
        image_format, width, height, frames, buffered=_is_buffered(image, image_format)
    )


def _is_buffered(image: pyvips.Image, image_format: ImageFormat) -> bool:
    fields = {ImageFormat.JPEG: ("interlaced", "jpeg-multiscan"), ImageFormat.PNG: ("interlaced",)}
    if image_format not in fields:
        return True
    return any(image.get_typeof(field) and image.get(field) for field in fields[image_format])


def shrink_factor(info: ImageInfo) -> dict[str, float]:
    """Return how far the decoder may shrink the photo, as options for its loader."""
    width, height = RENDITIONS[0].size(info.width, info.height).pixels()
    ratio = min(info.width / width, info.height / height)
    if info.format is ImageFormat.WEBP and ratio > _WEBP_RESIZE_FACTOR:
        return {"scale": _WEBP_RESIZE_FACTOR / ratio}
    if info.format is not ImageFormat.JPEG:
        return {}
    ratio /= _JPEG_RESIZE_FACTOR
    return next(({"shrink": shrink} for shrink in _JPEG_SHRINKS if shrink <= ratio), {})


def decode_largest_fast(data: Buffer, head: pyvips.Image, info: ImageInfo) -> Pixels | None:
    """Return the largest rendition from a faster decoder than libvips, or None.

    Raises:
        errors.PhotoDamaged, pyvips.Error: the data is corrupt.
    """
    pixels = _decode_fast(data, head, info)
    return (
        None
        if pixels is None
        else _apply_orientation(raster.resize(pixels, *_size_before_rotation(head, info)), head)
    )


def decode_largest(data: Buffer, info: ImageInfo) -> Pixels:
    """Return the largest rendition from libvips, in one pass over the photo's pixels.

    Raises:
        pyvips.Error: the data is corrupt.
    """
    return render_largest(open_image(data, info.format, **shrink_factor(info)), info)


def render_largest(image: pyvips.Image, info: ImageInfo) -> Pixels:
    """Return the largest rendition of an opened photo: upright, 8-bit, sRGB or grey.

    Raises:
        pyvips.Error: the data is corrupt.
    """
    image, size = _to_eight_bits(image), _size_before_rotation(image, info)
    size_bytes = image.width * image.height * image.bands
    # Without alpha, the copy for the faster resize costs more than it saves.
    if image.hasalpha() and raster.fits_in_memory(size_bytes):
        return _apply_orientation(raster.resize(raster.from_image(image), *size), image)
    small = raster.resize_with_libvips(image, *size).copy_memory()
    return raster.from_image(_rotate_upright(colours.to_srgb(small)))


def render_all(pixels: Pixels, info: ImageInfo) -> Iterator[Pixels]:
    """Yield every rendition, in the table's order, from the pixels of the largest.

    Each is resized from the previous one, but its size is calculated from the original's: chained
    rounding is off by a pixel for some shapes.
    """
    for rendition in RENDITIONS:
        pixels = raster.resize(pixels, *rendition.size(info.width, info.height).pixels())
        yield pixels


def _decode_fast(data: Buffer, head: pyvips.Image, info: ImageInfo) -> Pixels | None:
    """Return the pixels of a photo that another library decodes faster than libvips, or None."""
    if raster.is_libvips_only():
        return None
    match info.format:
        case ImageFormat.JPEG:
            return jpeg.decode(data, head, **shrink_factor(info))
        case ImageFormat.AVIF:
            return avif.decode(data, head)
        case _:
            return None


def _size_before_rotation(image: pyvips.Image, info: ImageInfo) -> tuple[int, int]:
    """Return the largest rendition's width and height before the photo is rotated.

    Rotation and colour conversion happen after the resize: on a twelfth of the pixels, and because
    a streamed photo cannot be read out of order.
    """
    width, height = RENDITIONS[0].size(info.width, info.height).pixels()
    return (height, width) if read_orientation(image) >= _FIRST_SIDEWAYS else (width, height)


def _apply_orientation(pixels: Pixels, photo: pyvips.Image) -> Pixels:
    """Return the photo's pixels rotated upright and in sRGB, as its metadata says."""
    types = {
        name: field_type for name, field_type in _KEPT_FIELDS.items() if photo.get_typeof(name)
    }
    if colours.PROFILE_FIELD not in types and read_orientation(photo) == _UPRIGHT:
        return pixels
    image = raster.to_image(pixels)
    for name, field_type in types.items():
        image.set_type(field_type, name, photo.get(name))
    return raster.from_image(_rotate_upright(colours.to_srgb(image)))


def _to_eight_bits(image: pyvips.Image) -> pyvips.Image:
    if image.format == "uchar":
        return image
    return image.colourspace("b-w" if image.interpretation == "grey16" else "srgb")


def _rotate_upright(image: pyvips.Image) -> pyvips.Image:
    return image if read_orientation(image) == _UPRIGHT else image.autorot()


def encode(pixels: Pixels, image_format: ImageFormat) -> bytes:
    """Encode pixels in the given format, without metadata."""
    if raster.is_libvips_only():
        return _save(
            raster.to_image(pixels),
            image_format,
            _LIBVIPS_ONLY_OPTIONS.get(image_format) or SAVE_OPTIONS[image_format],
        )
    if image_format is ImageFormat.JPEG:
        return jpeg.encode(pixels, JPEG_QUALITY)
    if image_format is ImageFormat.AVIF:
        return avif.encode(pixels, AVIF_QUALITY, AVIF_SPEED)
    return _save(raster.to_image(pixels), image_format, SAVE_OPTIONS[image_format])


def encode_full_size(image: pyvips.Image) -> bytes:
    """Encode a decoded HEIC photo, which is in sRGB, as a JPEG of full size."""
    return _save(image, ImageFormat.JPEG, FULL_SIZE_OPTIONS)


def _save(image: pyvips.Image, image_format: ImageFormat, options: dict[str, object]) -> bytes:
    data: bytes = image.write_to_buffer(f".{image_format.value}", keep="none", **options)
    return data
