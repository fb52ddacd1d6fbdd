"""Pictures in memory: rows of pixels of eight bits a band, and how they are made smaller."""

from importlib.util import find_spec
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

VECTOR: Final = find_spec("cykooz_resizer") is not None
"""Whether the resize by vector instructions is there; its wheels are for x86 alone."""
if VECTOR:
    import cykooz_resizer as vector

Pixels = NDArray[np.uint8]
"""Rows, columns and bands: grey or sRGB, and alpha after either."""

_COLOURS: Final = 3  # bands from which on there are colours
# The faster resize takes a copy. Larger pictures than this, in bytes, would cost too much memory,
# and more time than is saved.
_COPIED: Final = 16_000_000


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
    return image.copy(interpretation="srgb" if bands >= _COLOURS else "b-w")


class _Resizer:
    """Which code makes the pictures of the photo at hand."""

    plain = False


def use_plain(*, plain: bool) -> None:
    """Use libvips alone for the photos to come, or the faster code as well."""
    _Resizer.plain = plain


def is_plain() -> bool:
    """Whether libvips alone is to be used."""
    return _Resizer.plain


def fits(size: int) -> bool:
    """Whether pixels of this many bytes may be taken into memory for the faster resize."""
    return VECTOR and not _Resizer.plain and size <= _COPIED


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Pixels at another size, by Lanczos3; what shows through counts by its alpha."""
    rows, row, bands = pixels.shape
    if (row, rows) == (width, height):
        return pixels
    if not fits(pixels.nbytes):
        return from_image(scale(to_image(pixels), width, height))
    kind = vector.PixelType(bands)
    source = vector.ImageData(row, rows, kind, pixels.tobytes())
    target = vector.ImageData(width, height, kind)
    vector.Resizer().resize(source, target, lanczos())
    return np.frombuffer(target.get_buffer(), np.uint8).reshape(height, width, bands)


def scale(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """The same by libvips, for what is no plain picture in memory; a stream is read when it is."""
    if (image.width, image.height) == (width, height):
        return image
    across, down = width / image.width, height / image.height
    if not image.hasalpha():
        return image.resize(across, vscale=down)
    small = image.premultiply().cast("uchar").resize(across, vscale=down)
    return small.unpremultiply().rint().cast("uchar")


def lanczos() -> "vector.ResizeOptions":
    """How the faster resize is to be done."""
    return vector.ResizeOptions(vector.ResizeAlg.convolution(vector.FilterType.lanczos3))
