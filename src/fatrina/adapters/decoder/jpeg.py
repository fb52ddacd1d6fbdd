"""JPEG by libjpeg-turbo itself: the pixels of libvips, decoded in three quarters of the time.

Only sound colour photos are read here. Whatever else a JPEG may be, or whatever is odd about one,
is left to libvips, so that one library alone decides what comes in.
"""

from math import ceil
from typing import Final

import pyvips
import simplejpeg

from fatrina.adapters.decoder.raster import Pixels
from fatrina.domain.cleaning import Buffer
from fatrina.domain.errors import PhotoDamaged

_USUAL: Final = "YCbCr"
_BANDS: Final = 3
_COLOURS: Final = {1: ("GRAY", "Gray"), _BANDS: ("RGB", "420")}
"""What pixels of so many bands are, and how their colours are thinned out."""
# libjpeg's JWRN_HIT_MARKER: within a scan an end marker came too early. libvips lets it pass.
_CUT: Final = "premature end of data segment"


def decoded(data: Buffer, head: pyvips.Image, shrink: float = 1) -> Pixels | None:
    """The pixels of a photo whose `head` libvips has read, as they lie in the file.

    None when libvips must decode it: it is no plain colour photo, or something is odd about it.

    Raises:
        errors.PhotoDamaged: the coded picture ends before it is whole.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours != _USUAL or head.bands != _BANDS:
            return None
        least = {"min_width": ceil(width / shrink), "min_height": ceil(height / shrink)}
        pixels = simplejpeg.decode_jpeg(data, fastupsample=shrink > 1, **least)
    except ValueError as fault:
        if _CUT in str(fault):
            raise PhotoDamaged(problem=_CUT) from None
        return None
    return pixels[: int(height / shrink), : int(width / shrink)]  # libvips rounds down


def encoded(pixels: Pixels, quality: int) -> bytes:
    """A finished picture as a baseline JPEG, its colours halved both ways, without metadata."""
    return simplejpeg.encode_jpeg(pixels, quality, *_COLOURS[pixels.shape[2]])
