"""JPEG by libjpeg-turbo itself: the pixels of libvips, decoded in three quarters of the time.

Only sound colour photos are read here. Whatever else a JPEG may be, or whatever is odd about one,
is left to libvips, so that one library alone decides what comes in.
"""

from math import ceil
from typing import Final

import numpy as np
import pyvips
import simplejpeg

from fatrina.domain.cleaning import Buffer
from fatrina.domain.errors import PhotoDamaged

_USUAL: Final = "YCbCr"
_BANDS: Final = 3
_COLOURS: Final = {1: ("GRAY", "Gray"), _BANDS: ("RGB", "420")}
"""What pixels of so many bands are, and how their colours are thinned out."""
# libjpeg's JWRN_HIT_MARKER: within a scan an end marker came too early. libvips lets it pass.
_CUT: Final = "premature end of data segment"
_PROFILE: Final = "icc-profile-data"
_TURN: Final = "orientation"


def decoded(data: Buffer, head: pyvips.Image, shrink: float = 1) -> pyvips.Image | None:
    """The pixels of a photo whose `head` libvips has read, with the profile and turn of that.

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
    rows, row, _ = pixels.shape
    image = pyvips.Image.new_from_memory(pixels, row, rows, _BANDS, "uchar")
    image = image.copy(interpretation="srgb")
    size = int(width / shrink), int(height / shrink)  # libvips rounds down
    if (row, rows) != size:
        image = image.crop(0, 0, *size)
    for name, kind in ((_PROFILE, pyvips.GValue.blob_type), (_TURN, pyvips.GValue.gint_type)):
        if head.get_typeof(name):
            image.set_type(kind, name, head.get(name))
    return image


def encoded(image: pyvips.Image, quality: int) -> bytes:
    """A finished picture as a baseline JPEG, its colours halved both ways, without metadata."""
    colours, thinned = _COLOURS[image.bands]
    pixels = np.frombuffer(image.write_to_memory(), np.uint8)
    shaped = pixels.reshape(image.height, image.width, image.bands)
    return simplejpeg.encode_jpeg(shaped, quality, colours, thinned)
