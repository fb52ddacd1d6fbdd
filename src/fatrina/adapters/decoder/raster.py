"""Pictures in memory: rows of pixels of eight bits a band, and how they are made smaller."""

from importlib.util import find_spec
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

HAS_VECTOR_RESIZE: Final = find_spec("cykooz_resizer") is not None
"""Whether the resize by vector instructions is there; its wheels are for x86 alone."""
if HAS_VECTOR_RESIZE:
    import cykooz_resizer as vector

Pixels = NDArray[np.uint8]
"""Rows, columns and bands: grey or sRGB, and alpha after either."""

_COLOUR_BANDS: Final = 3  # bands from which on there are colours
# The faster resize takes a copy. Larger pictures than this, in bytes, would cost too much memory,
# and more time than is saved.
_MAX_COPY_BYTES: Final = 16_000_000


def from_image(image: pyvips.Image) -> Pixels:
    """The pixels of a picture of eight bits a band.

    Raises:
        pyvips.Error: what it is made from is broken.
    """
    pixels = np.frombuffer(image.write_to_memory(), np.uint8)
    return pixels.reshape(image.height, image.width, image.bands)


def to_image(pixels: Pixels) -> pyvips.Image:
    """Pixels as a picture for libvips, which reads them where they are.

    A cropped view has gaps between its rows, and libvips cannot read those: it is copied.
    """
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(pixels), width, height, bands, "uchar"
    )
    return image.copy(interpretation="srgb" if bands >= _COLOUR_BANDS else "b-w")


class _Mode:
    """Which code makes the pictures of the photo at hand."""

    libvips_only = False


def use_libvips_only(*, enabled: bool) -> None:
    """Use libvips alone for the photos to come, or the faster code as well."""
    _Mode.libvips_only = enabled


def is_libvips_only() -> bool:
    """Whether libvips alone is to be used."""
    return _Mode.libvips_only


def fits_in_memory(size: int) -> bool:
    """Whether pixels of this many bytes may be taken into memory for the faster resize."""
    return HAS_VECTOR_RESIZE and not _Mode.libvips_only and size <= _MAX_COPY_BYTES


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Pixels at another size, by Lanczos3; what shows through counts by its alpha."""
    rows, row, bands = pixels.shape
    if (row, rows) == (width, height):
        return pixels
    if not fits_in_memory(pixels.nbytes):
        return from_image(resize_with_libvips(to_image(pixels), width, height))
    kind = vector.PixelType(bands)
    source = vector.ImageData(row, rows, kind, pixels.tobytes())
    target = vector.ImageData(width, height, kind)
    vector.Resizer().resize(source, target, resize_options())
    return np.frombuffer(target.get_buffer(), np.uint8).reshape(height, width, bands)


def resize_with_libvips(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """The same by libvips, for what is no plain picture in memory; a stream is read when it is."""
    if (image.width, image.height) == (width, height):
        return image
    across, down = width / image.width, height / image.height
    if not image.hasalpha():
        return image.resize(across, vscale=down)
    small = image.premultiply().cast("uchar").resize(across, vscale=down)
    return small.unpremultiply().rint().cast("uchar")


def resize_options() -> "vector.ResizeOptions":
    """How the faster resize is to be done."""
    return vector.ResizeOptions(vector.ResizeAlg.convolution(vector.FilterType.lanczos3))
