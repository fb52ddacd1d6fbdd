"""AVIF by dav1d: the pictures of libvips, decoded in half the time and with half the memory.

Any depth and any planes are read here, to eight bits. Animations and cropped photos are left to
libvips, whose libaom keeps 11 bytes for every pixel beside the picture. All are encoded here.
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
from fatrina.domain.metadata_stripping import Buffer

Image.preinit()  # what saving looks for: before the cage closes as well
AvifImagePlugin.DECODE_CODEC_CHOICE = "dav1d"
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

_BANDS: Final = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_ORIENTATION_TAG: Final = (
    0x0112  # EXIF's tag; Pillow states there how the container turns the picture
)
_UPRIGHT: Final = 1
_FIRST_SIDEWAYS: Final = 5
# For each orientation: whether it is mirrored first, then quarter turns against the clock.
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
    """The pixels of a photo whose `head` libvips has read, upright.

    None when libvips must decode it: an animation, a cropped one, or something is odd about it.

    Raises:
        MemoryError: there is not enough.
    """
    try:
        photo = AvifImagePlugin.AvifImageFile(BytesIO(data))
        turn = photo.getexif().get(_ORIENTATION_TAG, _UPRIGHT)
        size = photo.size if turn < _FIRST_SIDEWAYS else photo.size[::-1]
        if size != (head.width, head.height) or photo.is_animated or _differs_in_alpha(photo, head):
            return None
        pixels = _read_pixels(photo)
        del photo  # with the decoder's own copies, before another one is made
        return _rotate_upright(pixels, turn)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  Pillow has many ways to find a photo odd: libvips judges it
        return None


def _differs_in_alpha(photo: AvifImagePlugin.AvifImageFile, head: pyvips.Image) -> bool:
    return (photo.mode in {"LA", "RGBA"}) != bool(head.hasalpha())


def _rotate_upright(pixels: Pixels, turn: int) -> Pixels:
    """Pixels turned by an EXIF orientation (EXIF 2.32, 4.6.4)."""
    if turn == _UPRIGHT:
        return pixels
    mirrored, quarters = _ROTATIONS[turn]
    turned = np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters)
    return np.ascontiguousarray(turned)


def _read_pixels(photo: AvifImagePlugin.AvifImageFile) -> Pixels:
    """The pixels of a photo, straight from Pillow's decoder: its own copies take 4 times as much.

    The decoder is no public name of Pillow. Where it is not as expected, the public way is taken.
    """
    width, height = photo.size
    try:
        data = photo._decoder.get_frame(0)[0]  # noqa: SLF001
        return np.frombuffer(data, np.uint8).reshape(height, width, _BANDS[photo.mode])
    except (AttributeError, LookupError, TypeError):
        return np.asarray(photo).reshape(height, width, _BANDS[photo.mode])


def encode(pixels: Pixels, quality: int, speed: int) -> bytes:
    """A finished picture as an AVIF, without metadata.

    In this very thread: one of libvips' that has called libaom may take three times as long for
    the next GIF.
    """
    file = BytesIO()
    bands = pixels.shape[-1]
    Image.fromarray(pixels[:, :, 0] if bands == 1 else pixels).save(
        file, "AVIF", quality=quality, speed=speed, max_threads=1, codec="aom"
    )
    return file.getvalue()
