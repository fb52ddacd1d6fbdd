"""EXIF: read the orientation, and build a block that contains only the orientation."""

from typing import Literal

UPRIGHT = 1
"""The orientation of an image that needs no rotation."""

BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
"""The first four bytes of a TIFF structure, and the byte order that they declare."""

_ORIENTATION_TAG = 0x0112  # EXIF 2.32, 4.6.4
# Bytes per value of each type: TIFF 6.0, pages 15 and 16.
_TYPE_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)
_INTEGER_TYPES = frozenset({1, 3, 4, 6, 8, 9})


def read_orientation(tiff: bytes) -> int:
    """Return the orientation, 1 to 8, from the TIFF structure of an EXIF block.

    It is read as libvips reads it: from the first directory, from the first entry that lies within
    the block. If it is missing, malformed or out of range, the result is 1, upright.
    """
    order = BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT

    def read_uint(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    start = read_uint(4, 4) + 2
    stop = min(start + 12 * read_uint(start - 2, 2), len(tiff) - 11)
    for entry in range(start, stop, 12):
        value_type, count = read_uint(entry + 2, 2), read_uint(entry + 4, 4)
        if read_uint(entry, 2) != _ORIENTATION_TAG or value_type >= len(_TYPE_SIZES):
            continue
        length = _TYPE_SIZES[value_type] * count
        at = read_uint(entry + 8, 4) if length > 4 else entry + 8  # noqa: PLR2004  fits in an entry
        if 0 < length <= len(tiff) - at:
            value = UPRIGHT
            if value_type in _INTEGER_TYPES:
                value = read_uint(at, _TYPE_SIZES[value_type])
            return value if value in range(1, 9) else UPRIGHT
    return UPRIGHT


def build_orientation(orientation: int) -> bytes:
    """Return the smallest TIFF structure with an orientation, 26 bytes; empty for upright."""
    if orientation == UPRIGHT:
        return b""
    # Tag, type SHORT, count 1, value; no further directory.
    words = (_ORIENTATION_TAG, 3, 0, 1, orientation, 0, 0, 0)
    return b"MM\0*\0\0\0\x08\0\x01" + b"".join(word.to_bytes(2, "big") for word in words)
