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
"""Rows, columns and bands: grey or three colours, and alpha after either."""

_COLOURS: Final = 3  # bands from which on there are colours


def of(image: pyvips.Image) -> Pixels:
    """The pixels of a picture of eight bits a band.

    Raises:
        pyvips.Error: what it is made from is broken.
    """
    pixels = np.frombuffer(image.write_to_memory(), np.uint8)
    return pixels.reshape(image.height, image.width, image.bands)


def picture(pixels: Pixels) -> pyvips.Image:
    """Pixels as a picture for libvips, which reads them where they are."""
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels, width, height, bands, "uchar")
    return image.copy(interpretation="srgb" if bands >= _COLOURS else "b-w")


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Pixels at another size, by Lanczos3; alpha must be multiplied into the colours."""
    rows, row, bands = pixels.shape
    if (row, rows) == (width, height):
        return pixels
    if not VECTOR:
        return of(picture(pixels).resize(width / row, vscale=height / rows))
    kind = vector.PixelType(bands)
    source = vector.ImageData(row, rows, kind, pixels.tobytes())
    target = vector.ImageData(width, height, kind)
    vector.Resizer().resize(source, target, lanczos())
    return np.frombuffer(target.get_buffer(), np.uint8).reshape(height, width, bands)


def lanczos() -> "vector.ResizeOptions":
    """The filter, over every band alike."""
    kernel = vector.ResizeAlg.convolution(vector.FilterType.lanczos3)
    return vector.ResizeOptions(kernel, use_alpha=False)
