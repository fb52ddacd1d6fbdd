"""AVIF by dav1d: the pictures of libvips, decoded in half the time and with half the memory.

As with JPEG, only what is plain is read here; whatever else there is, is left to libvips, whose
libaom keeps 11 bytes for every pixel beside the picture. All are encoded here.
"""

from io import BytesIO
from typing import Final

import numpy as np
import pyvips
from PIL import (
    AvifImagePlugin,
    Image,
    TiffImagePlugin,  # noqa: F401  reads EXIF: loaded before the cage closes, or never
)

from fatrina.adapters.decoder.raster import Pixels
from fatrina.domain.cleaning import Buffer

Image.preinit()  # what saving looks for: before the cage closes as well
AvifImagePlugin.DECODE_CODEC_CHOICE = "dav1d"
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

_MODES: Final = {3: "RGB", 4: "RGBA"}
_TURN: Final = 0x0112  # EXIF's tag; here it tells how the container turns the picture
_UPRIGHT: Final = 1


def decoded(data: Buffer, head: pyvips.Image) -> Pixels | None:
    """The pixels of a photo whose `head` libvips has read.

    None when libvips must decode it: it is no plain colour photo, or something is odd about it.

    Raises:
        MemoryError: there is not enough.
    """
    if head.format != "uchar" or head.bands not in _MODES:
        return None
    try:
        photo = AvifImagePlugin.AvifImageFile(BytesIO(data))
        turned = photo.getexif().get(_TURN, _UPRIGHT) != _UPRIGHT
        same = photo.size == (head.width, head.height) and photo.mode == _MODES[head.bands]
        return np.asarray(photo) if same and not turned and not photo.is_animated else None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  Pillow has many ways to find a photo odd: libvips judges it
        return None


def encoded(pixels: Pixels, quality: int, speed: int) -> bytes:
    """A finished picture as an AVIF, without metadata.

    In this very thread: one of libvips' that has called libaom may take three times as long for
    the next GIF.
    """
    file = BytesIO()
    Image.fromarray(pixels).save(
        file, "AVIF", quality=quality, speed=speed, max_threads=1, codec="aom"
    )
    return file.getvalue()
