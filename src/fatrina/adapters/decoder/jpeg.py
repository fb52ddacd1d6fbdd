"""JPEG by libjpeg-turbo itself: the pixels of libvips, decoded in three quarters of the time.

Only plain colour and grey photos are decoded here. libvips decodes every other JPEG, so that one
library alone decides what is accepted. It reports errors only, so `complete` finds what libjpeg
merely warns of: coded data that ends too early, or too late.
"""

import re
from bisect import bisect_left
from math import ceil
from typing import Final

import pyvips
import simplejpeg

from fatrina.adapters.decoder.raster import Pixels
from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping import Buffer
from fatrina.domain.metadata_stripping.jpeg import END_MARKER

_COLOUR_BANDS: Final = 3
_FAST_COLOUR_SPACES: Final = {"YCbCr": (_COLOUR_BANDS, "RGB"), "Gray": (1, "GRAY")}
"""Colours that are decoded here: the bands, and the colours to decode to."""
_OUTPUT_COLOUR_SPACES: Final = {
    "YCbCr": "RGB",
    "RGB": "RGB",
    "Gray": "GRAY",
    "CMYK": "CMYK",
    "YCCK": "CMYK",
}
_ENCODE_OPTIONS: Final = {1: ("GRAY", "Gray"), _COLOUR_BANDS: ("RGB", "420")}
"""What pixels of so many bands are, and how their colours are thinned out."""
# libjpeg's JWRN_HIT_MARKER: within a scan an end marker came too early. libvips lets it pass.
_PREMATURE_END: Final = "premature end of data segment"
# libjpeg's JWRN_EXTRANEOUS_DATA before the end marker. Up to eight bytes more were prefetched.
_EXTRANEOUS_BYTES: Final = re.compile("([0-9]+) extraneous bytes before marker 0xd9")
_PREFETCH_BYTES: Final = 8
_SCAN_MARKER: Final = b"\xff\xda"
_MAX_SHRINK: Final = 8
"""The strongest reduction of a decoder: every bit is read, few pixels are made."""


def decode(data: Buffer, head: pyvips.Image, shrink: float = 1) -> Pixels | None:
    """The pixels of a photo whose `head` libvips has read, as they lie in the file.

    None when libvips must decode it: it is no plain photo, or something is odd about it.

    Raises:
        errors.PhotoDamaged: the coded picture ends before it is whole.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        bands, target = _FAST_COLOUR_SPACES.get(colours, (0, ""))
        if head.bands != bands:
            return None
        least = {"min_width": ceil(width / shrink), "min_height": ceil(height / shrink)}
        pixels = simplejpeg.decode_jpeg(data, target, fastupsample=shrink > 1, **least)
    except ValueError as exc:
        if _PREMATURE_END in str(exc):
            raise PhotoDamaged(problem=_PREMATURE_END) from None
        return None
    return pixels[: int(height / shrink), : int(width / shrink)]  # libvips rounds down


def repair_end(data: bytes, *, has_end_marker: bool = True) -> bytes:
    """Return the photo without the bytes between its coded picture and the end marker behind them.

    `data` ends with an end marker. `marked` says whether the photo came with it: then nothing is
    removed unless libjpeg warns of it.

    Raises:
        errors.PhotoDamaged: the coded picture ends before it is complete.
    """
    warning = _read_warning(data)
    if _PREMATURE_END in warning:
        raise PhotoDamaged(problem=_PREMATURE_END)
    stray = _EXTRANEOUS_BYTES.search(warning)
    if stray is None and has_end_marker:
        return data
    end = len(data) - len(END_MARKER) - (int(stray[1]) if stray else 0)
    # The shortest beginning that decodes without a warning is the picture.
    sizes = range(max(0, end - _PREFETCH_BYTES), end + 1)
    at = bisect_left(sizes, True, key=lambda size: not _read_warning(data[:size] + END_MARKER))  # noqa: FBT003
    if at == len(sizes) or _ends_in_padding(data, sizes[at]):
        raise PhotoDamaged(problem=_PREMATURE_END)
    return data[: sizes[at]] + END_MARKER


def _ends_in_padding(data: bytes, end: int) -> bool:
    """Whether the picture up to `end` was cut, and goes on in the zeros that follow it.

    Zeros decode like any other data. Encoders end the last byte with ones, so a zero there, with
    more zeros behind it, is padding; but not where all of the scan is zeros, as of a flat picture.
    """
    if data[end - 1] or data[end : end + 1] != b"\0":
        return False
    scan = data.rfind(_SCAN_MARKER, 0, end) + len(_SCAN_MARKER)
    header = int.from_bytes(data[scan : scan + 2], "big")
    return any(data[scan + header : end])


def _read_warning(data: Buffer) -> str:
    """Return what libjpeg warns of when it reads every bit of a photo; empty when of nothing."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        target = _OUTPUT_COLOUR_SPACES.get(colours, "RGB")
        least = ceil(width / _MAX_SHRINK), ceil(height / _MAX_SHRINK)
        simplejpeg.decode_jpeg(data, target, min_width=least[0], min_height=least[1])
    except ValueError as exc:
        return str(exc)
    return ""


def encode(pixels: Pixels, quality: int) -> bytes:
    """A finished picture as a baseline JPEG, its colours halved both ways, without metadata."""
    return simplejpeg.encode_jpeg(pixels, quality, *_ENCODE_OPTIONS[pixels.shape[2]])
