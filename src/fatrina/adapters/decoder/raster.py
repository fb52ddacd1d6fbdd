"""Images in memory as rows of 8-bit pixels, and resizing them."""

from importlib.util import find_spec
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

HAS_VECTOR_RESIZE: Final = find_spec("cykooz_resizer") is not None
"""Whether the resize with vector instructions is installed; wheels exist for x86 only."""
if HAS_VECTOR_RESIZE:
    import cykooz_resizer as vector

Pixels = NDArray[np.uint8]
"""Rows, columns and bands: grey or sRGB, with or without alpha."""

_COLOUR_BANDS: Final = 3  # number of bands from which an image has colours
# The faster resize makes a copy. Images larger than this would cost too much memory, and more time
# than it saves.
_MAX_COPY_BYTES: Final = 16_000_000


def from_image(image: pyvips.Image) -> Pixels:
    """Return the pixels of an 8-bit image.

    Raises:
        pyvips.Error: the image's source is corrupt.
    """
    pixels = np.frombuffer(image.write_to_memory(), np.uint8)
    return pixels.reshape(image.height, image.width, image.bands)


def to_image(pixels: Pixels) -> pyvips.Image:
    """Return pixels as an image for libvips, which reads them without a copy.

    A cropped view has gaps between its rows, which libvips cannot read, so it is copied.
    """
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(pixels), width, height, bands, "uchar"
    )
    return image.copy(interpretation="srgb" if bands >= _COLOUR_BANDS else "b-w")


class _Mode:
    """The resize and codec libraries in use for the current photo."""

    libvips_only = False


def use_libvips_only(*, enabled: bool) -> None:
    """Use only libvips for the next photos, or the faster libraries too."""
    _Mode.libvips_only = enabled


def is_libvips_only() -> bool:
    """Return whether only libvips may be used."""
    return _Mode.libvips_only


def fits_in_memory(size: int) -> bool:
    """Return whether pixels of this many bytes may be copied into memory for the faster resize."""
    return HAS_VECTOR_RESIZE and not _Mode.libvips_only and size <= _MAX_COPY_BYTES


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize pixels with Lanczos3; colours are weighted by alpha."""
    rows, columns, bands = pixels.shape
    if (columns, rows) == (width, height):
        return pixels
    if not fits_in_memory(pixels.nbytes):
        return from_image(resize_with_libvips(to_image(pixels), width, height))
    pixel_type = vector.PixelType(bands)
    source = vector.ImageData(columns, rows, pixel_type, pixels.tobytes())
    target = vector.ImageData(width, height, pixel_type)
    vector.Resizer().resize(source, target, resize_options())
    return np.frombuffer(target.get_buffer(), np.uint8).reshape(height, width, bands)


def resize_with_libvips(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Resize an image with libvips; a streamed image is read when the result is."""
    if (image.width, image.height) == (width, height):
        return image
    scale_x, scale_y = width / image.width, height / image.height
    if not image.hasalpha():
        return image.resize(scale_x, vscale=scale_y)
    small = image.premultiply().cast("uchar").resize(scale_x, vscale=scale_y)
    return small.unpremultiply().rint().cast("uchar")


def resize_options() -> "vector.ResizeOptions":
    """Return the options of the faster resize."""
    return vector.ResizeOptions(vector.ResizeAlg.convolution(vector.FilterType.lanczos3))
