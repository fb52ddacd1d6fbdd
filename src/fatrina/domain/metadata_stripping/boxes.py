"""Boxes of ISO base media files (ISO/IEC 14496-12, 4.2), and bounds-checked reading of integers."""

from collections.abc import Iterator
from typing import NamedTuple

from fatrina.domain.errors import PhotoDamaged
from fatrina.domain.metadata_stripping.segments import Buffer, limit_segments


class Box(NamedTuple):
    """A box; positions are offsets from the beginning of the file."""

    type: bytes
    start: int
    body_start: int
    stop: int


def read_boxes(data: Buffer, at: int, stop: int) -> Iterator[Box]:
    """Yield the boxes that fill the bytes from `at` to `stop`.

    Raises:
        errors.PhotoDamaged: they do not end at `stop`, or there are more than `MAX_SEGMENTS`.
    """
    for box in read_complete_boxes(data, at, stop):
        yield box
        at = box.stop
    if at != stop:
        raise PhotoDamaged(problem="a box ends after its end")


def read_complete_boxes(data: Buffer, at: int, stop: int) -> Iterator[Box]:
    """Yield boxes starting at `at`, up to the first that would not end by `stop`.

    Raises:
        errors.PhotoDamaged: there are more than `MAX_SEGMENTS`.
    """
    return limit_segments(_boxes(data, at, stop))


def _boxes(data: Buffer, at: int, stop: int) -> Iterator[Box]:
    while True:
        size, kind, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif size == 0 and kind == b"mdat":
            size = stop - at
        if not body <= at + size <= stop:
            return
        yield Box(kind, at, body, at + size)
        at += size


class BoxReader:
    """Reads consecutive integers from `at` to `stop`."""

    def __init__(self, data: Buffer, at: int, stop: int) -> None:
        self.at = at
        self._data = data
        self._stop = stop

    def read_uint(self, size: int) -> int:
        """Read an unsigned big-endian integer of `size` bytes.

        Raises:
            errors.PhotoDamaged: it does not end by `stop`.
        """
        start, self.at = self.at, self.at + size
        if self.at > self._stop:
            raise PhotoDamaged(problem="a box is too short")
        return int.from_bytes(self._data[start : self.at], "big")

    def read_version(self) -> int:
        """Read the version at the beginning of a full box, and skip its flags."""
        return self.read_uint(4) >> 24
