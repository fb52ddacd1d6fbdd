"""JPEG with libjpeg-turbo directly: the pixels of libvips, in three quarters of the time.

Only ordinary colour and grey photos are decoded here. libvips decodes every other JPEG, so that one
library alone decides what is accepted. libvips reports errors only, so `repair_end` checks for what
libjpeg only warns about: coded data that ends too early or too late.
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
"""Colour spaces that are decoded here: the number of bands, and the colour space to decode to."""
_OUTPUT_COLOUR_SPACES: Final = {
    "YCbCr": "RGB",
    "RGB": "RGB",
    "Gray": "GRAY",
    "CMYK": "CMYK",
    "YCCK": "CMYK",
}
_ENCODE_OPTIONS: Final = {1: ("GRAY", "Gray"), _COLOUR_BANDS: ("RGB", "420")}
"""Colour space and chroma subsampling by number of bands."""
# libjpeg's JWRN_HIT_MARKER: an end marker within a scan came too early. libvips accepts it.
_PREMATURE_END: Final = "premature end of data segment"
# libjpeg's JWRN_EXTRANEOUS_DATA before the end marker. Up to eight more bytes were prefetched.
_EXTRANEOUS_BYTES: Final = re.compile("([0-9]+) extraneous bytes before marker 0xd9")
_PREFETCH_BYTES: Final = 8
_SCAN_MARKER: Final = b"\xff\xda"
_MAX_SHRINK: Final = 8
"""The largest reduction of the decoder: it reads every bit, but produces few pixels."""


def decode(data: Buffer, head: pyvips.Image, shrink: float = 1) -> Pixels | None:
    """Decode a photo whose `head` libvips has read, and return its pixels, not rotated.

    Return None if libvips must decode it: not an ordinary photo, or any irregularity.

    Raises:
        errors.PhotoDamaged: the coded image ends before it is complete.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        bands, target = _FAST_COLOUR_SPACES.get(colours, (0, ""))
        if head.bands != bands:
            return None
        min_size = {"min_width": ceil(width / shrink), "min_height": ceil(height / shrink)}
        pixels = simplejpeg.decode_jpeg(data, target, fastupsample=shrink > 1, **min_size)
    except ValueError as exc:
        if _PREMATURE_END in str(exc):
            raise PhotoDamaged(problem=_PREMATURE_END) from None
        return None
    return pixels[: int(height / shrink), : int(width / shrink)]  # libvips rounds down


def repair_end(data: bytes, *, has_end_marker: bool = True) -> bytes:
    """Return the photo without the bytes between its coded image and the end marker after them.

    `data` ends with an end marker. `has_end_marker` says whether the photo already had it when it
    was received: then nothing is removed unless libjpeg warns.

    Raises:
        errors.PhotoDamaged: the coded image ends before it is complete.
    """
    warning = _read_warning(data)
    if _PREMATURE_END in warning:
        raise PhotoDamaged(problem=_PREMATURE_END)
    extraneous = _EXTRANEOUS_BYTES.search(warning)
    if extraneous is None and has_end_marker:
        return data
    end = len(data) - len(END_MARKER) - (int(extraneous[1]) if extraneous else 0)
    # The shortest prefix that decodes without a warning is the image.
    sizes = range(max(0, end - _PREFETCH_BYTES), end + 1)
    at = bisect_left(sizes, True, key=lambda size: not _read_warning(data[:size] + END_MARKER))  # noqa: FBT003
    if at == len(sizes) or _ends_in_padding(data, sizes[at]):
        raise PhotoDamaged(problem=_PREMATURE_END)
    return data[: sizes[at]] + END_MARKER


def _ends_in_padding(data: bytes, end: int) -> bool:
    """Return whether the image up to `end` was truncated and continues in the zeros after it.

    Zeros decode like other data. Encoders fill the last byte with ones, so a zero there, followed
    by more zeros, is padding, unless the complete scan is zeros, as in an image of one colour.
    """
    if data[end - 1] or data[end : end + 1] != b"\0":
        return False
    scan = data.rfind(_SCAN_MARKER, 0, end) + len(_SCAN_MARKER)
    header = int.from_bytes(data[scan : scan + 2], "big")
    return any(data[scan + header : end])


def _read_warning(data: Buffer) -> str:
    """Return the warning of libjpeg when it reads every bit of a photo, or an empty string."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        target = _OUTPUT_COLOUR_SPACES.get(colours, "RGB")
        min_size = ceil(width / _MAX_SHRINK), ceil(height / _MAX_SHRINK)
        simplejpeg.decode_jpeg(data, target, min_width=min_size[0], min_height=min_size[1])
    except ValueError as exc:
        return str(exc)
    return ""


def encode(pixels: Pixels, quality: int) -> bytes:
    """Encode pixels as a baseline JPEG with 4:2:0 subsampling, without metadata."""
    return simplejpeg.encode_jpeg(pixels, quality, *_ENCODE_OPTIONS[pixels.shape[2]])
