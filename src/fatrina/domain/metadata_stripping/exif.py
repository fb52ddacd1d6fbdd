"""EXIF, of which only the orientation is of use: read it, and write it alone."""

from typing import Literal

UPRIGHT = 1
"""The orientation of a picture that needs no turning."""

BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
"""The first four bytes of a TIFF structure, and the order of bytes that they tell."""

_ORIENTATION_TAG = 0x0112  # EXIF 2.32, 4.6.4
_TYPE_SIZES = (
    0,
    1,
    1,
    2,
    4,
    8,
    1,
    1,
    2,
    4,
    8,
    4,
    8,
)  # bytes of each type: TIFF 6.0, pages 15 and 16
_INTEGER_TYPES = frozenset({1, 3, 4, 6, 8, 9})  # the types that are whole numbers


def read_orientation(tiff: bytes) -> int:
    """Give the orientation, 1 to 8, that the TIFF structure of an EXIF block states.

    It is read as libvips reads it: from the first directory, by the first entry that lies within
    the block. Whatever is absent, broken or out of range means 1, upright.
    """
    order = BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    start = number(4, 4) + 2
    stop = min(start + 12 * number(start - 2, 2), len(tiff) - 11)
    for entry in range(start, stop, 12):
        kind, count = number(entry + 2, 2), number(entry + 4, 4)
        if number(entry, 2) != _ORIENTATION_TAG or kind >= len(_TYPE_SIZES):
            continue
        length = _TYPE_SIZES[kind] * count
        at = number(entry + 8, 4) if length > 4 else entry + 8  # noqa: PLR2004 - what an entry holds
        if 0 < length <= len(tiff) - at:
            value = number(at, _TYPE_SIZES[kind]) if kind in _INTEGER_TYPES else UPRIGHT
            return value if value in range(1, 9) else UPRIGHT
    return UPRIGHT


def build_orientation(turn: int) -> bytes:
    """Give the least TIFF structure that states an orientation: 26 bytes; none for upright."""
    if turn == UPRIGHT:
        return b""
    words = (_ORIENTATION_TAG, 3, 0, 1, turn, 0, 0, 0)  # tag, SHORT, one of them; then no more
    return b"MM\0*\0\0\0\x08\0\x01" + b"".join(word.to_bytes(2, "big") for word in words)
