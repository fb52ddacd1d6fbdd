"""AVIF with dav1d: the images of libvips in half the time and with half the memory.

Any bit depth and plane layout is decoded to eight bits. Animations and cropped photos are left to
libvips, whose libaom needs 11 bytes per pixel in addition to the image. All AVIF encoding is done
here.
"""

from io import BytesIO
from typing import Final

import numpy as np
import pyvips
from PIL import (
    AvifImagePlugin,
    Image,
    TiffImagePlugin,  # noqa: F401  reads EXIF; must be loaded before the sandbox is entered
)

from fatrina.adapters.decoder.raster import Pixels
from fatrina.domain.metadata_stripping import Buffer

Image.preinit()  # loads what saving needs, which also must happen before the sandbox is entered
AvifImagePlugin.DECODE_CODEC_CHOICE = "dav1d"
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

_BANDS: Final = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_ORIENTATION_TAG: Final = 0x0112  # EXIF tag; Pillow reports the container's rotation in it
_UPRIGHT: Final = 1
_FIRST_SIDEWAYS: Final = 5
# For each orientation: whether to mirror first, then the number of counterclockwise quarter turns.
_ROTATIONS: Final = {
    2: (True, 0),
    3: (False, 2),
    4: (True, 2),
    5: (True, 1),
    6: (False, 3),
    7: (True, 3),
    8: (False, 1),
}


def decode(data: Buffer, head: pyvips.Image) -> Pixels | None:
    """Decode a photo whose `head` libvips has read, and return its pixels, upright.

    Return None if libvips must decode it: an animation, a cropped photo, or any irregularity.

    Raises:
        MemoryError: there is not enough memory.
    """
    try:
        photo = AvifImagePlugin.AvifImageFile(BytesIO(data))
        orientation = photo.getexif().get(_ORIENTATION_TAG, _UPRIGHT)
        size = photo.size if orientation < _FIRST_SIDEWAYS else photo.size[::-1]
        if size != (head.width, head.height) or photo.is_animated or _differs_in_alpha(photo, head):
            return None
        pixels = _read_pixels(photo)
        del photo  # frees the decoder's copies before another one is made
        return _rotate_upright(pixels, orientation)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  Pillow raises many types; libvips decides
        return None


def _differs_in_alpha(photo: AvifImagePlugin.AvifImageFile, head: pyvips.Image) -> bool:
    return (photo.mode in {"LA", "RGBA"}) != bool(head.hasalpha())


def _rotate_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return the pixels rotated by an EXIF orientation (EXIF 2.32, 4.6.4)."""
    if orientation == _UPRIGHT:
        return pixels
    mirrored, quarters = _ROTATIONS[orientation]
    turned = np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters)
    return np.ascontiguousarray(turned)


def _read_pixels(photo: AvifImagePlugin.AvifImageFile) -> Pixels:
    """Return a photo's pixels from Pillow's decoder; Pillow's own copies take 4 times as much.

    The decoder is not part of Pillow's public API. If it is not as expected, the public API is
    used.
    """
    width, height = photo.size
    try:
        data = photo._decoder.get_frame(0)[0]  # noqa: SLF001
        return np.frombuffer(data, np.uint8).reshape(height, width, _BANDS[photo.mode])
    except (AttributeError, LookupError, TypeError):
        return np.asarray(photo).reshape(height, width, _BANDS[photo.mode])


def encode(pixels: Pixels, quality: int, speed: int) -> bytes:
    """Encode pixels as an AVIF without metadata.

    This runs in the calling thread: a libvips thread that has called libaom can take three times as
    long for the next GIF.
    """
    file = BytesIO()
    bands = pixels.shape[-1]
    Image.fromarray(pixels[:, :, 0] if bands == 1 else pixels).save(
        file, "AVIF", quality=quality, speed=speed, max_threads=1, codec="aom"
    )
    return file.getvalue()
