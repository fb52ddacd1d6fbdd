"""The content of a stripped file: ranges of the original bytes, and new bytes between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Self, TypeVar

from fatrina.domain.errors import PhotoDamaged

Buffer = bytes | mmap
_Segment = TypeVar("_Segment")

MAX_SEGMENTS = 50_000
"""Maximum number of segments, chunks, blocks or boxes in a photo.

Reading one takes 2 to 4 µs, so this many take at most a fifth of a second; 20 MB of the smallest
would be millions. An encoder with chunks as small as libpng's (an IDAT every 8 kB) writes 2,500
into 20 MB.
"""


@dataclass(frozen=True, slots=True)
class StrippedFile:
    """A photo without its metadata, as a list of segments of the original file."""

    segments: tuple[range | bytes, ...]
    """The stripped file in order: ranges (step 1, not empty) of the original bytes, and new bytes.

    Adjacent ranges are merged.
    """
    scans: int = 1
    """Number of scans of a JPEG: one if baseline, about ten if progressive."""
    frames: int = 1
    """Number of frames of a GIF, an animated WebP or an animated PNG."""
    has_end_marker: bool = True
    """False for a JPEG without an end marker right after its last scan; the stripped file has one.
    """

    @property
    def size(self) -> int:
        """Size of the stripped file in bytes."""
        return sum(map(len, self.segments))

    def assemble(self, data: Buffer) -> bytes:
        """Return the stripped file's bytes, given the original bytes."""
        view = memoryview(data)
        return b"".join(
            view[segment.start : segment.stop] if isinstance(segment, range) else segment
            for segment in self.segments
        )

    def is_unchanged(self, size: int) -> bool:
        """Return whether the stripped file equals the original file of `size` bytes."""
        return self.segments == (range(size),)


class SegmentBuilder:
    """Collects the segments of a stripped file, in order."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._segments: list[range | bytes] = []

    def keep(self, start: int, stop: int) -> None:
        """Append the original bytes from `start` to `stop`."""
        if start >= stop:
            return
        last = self._segments[-1] if self._segments else None
        if isinstance(last, range) and last.stop == start:
            self._segments[-1] = range(last.start, stop)
        else:
            self._segments.append(range(start, stop))

    def append(self, new: bytes) -> None:
        """Append new bytes."""
        if new:
            self._segments.append(new)

    def replace(self, start: int, stop: int, new: bytes) -> None:
        """Append `new` in place of the original bytes, or their range if they are equal."""
        if stop - start == len(new) and self._data[start:stop] == new:
            self.keep(start, stop)
        else:
            self.append(new)

    def extend(self, other: Self) -> None:
        """Append all segments of `other`."""
        for segment in other._segments:
            if isinstance(segment, range):
                self.keep(segment.start, segment.stop)
            else:
                self.append(segment)

    @property
    def size(self) -> int:
        """Number of bytes collected."""
        return sum(map(len, self._segments))

    def build(
        self, *, scans: int = 1, frames: int = 1, has_end_marker: bool = True
    ) -> StrippedFile:
        """Return the collected segments as a stripped file."""
        return StrippedFile(tuple(self._segments), scans, frames, has_end_marker)


def limit_segments(segments: Iterable[_Segment]) -> Iterator[_Segment]:
    """Yield the segments of a photo.

    Raises:
        errors.PhotoDamaged: there are more than `MAX_SEGMENTS`.
    """
    for number, part in enumerate(segments):
        if number == MAX_SEGMENTS:
            raise PhotoDamaged(problem=f"more than {MAX_SEGMENTS} parts")
        yield part
