"""What a clean file is made of: ranges of the given bytes, and new bytes between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Self, TypeVar

from fatrina.domain.errors import PhotoDamaged

Buffer = bytes | mmap
_Segment = TypeVar("_Segment")

MAX_SEGMENTS = 50_000
"""Segments, chunks, blocks or boxes that a photo may have.

A walk takes 2 to 4 µs a part, so this many take a fifth of a second at most; 20 MB of the smallest
would be millions. An encoder that is as frugal as libpng (an IDAT every 8 kB) makes 2,500 of 20 MB.
"""


@dataclass(frozen=True, slots=True)
class StrippedFile:
    """What may be served of an original, in terms of its own bytes."""

    segments: tuple[range | bytes, ...]
    """The clean file in order: ranges (step 1, never empty) of the given bytes, and new bytes.

    Ranges that touch are one range.
    """
    scans: int = 1
    """Scans of a JPEG: one when baseline, about ten when progressive."""
    frames: int = 1
    """Frames of a GIF, an animated WebP or an animated PNG."""
    has_end_marker: bool = True
    """False for a JPEG without an end marker right after its last scan: the clean file has one."""

    @property
    def size(self) -> int:
        """Bytes of the clean file."""
        return sum(map(len, self.segments))

    def assemble(self, data: Buffer) -> bytes:
        """Return the clean file, given the bytes that it was made from."""
        view = memoryview(data)
        return b"".join(
            view[piece.start : piece.stop] if isinstance(piece, range) else piece
            for piece in self.segments
        )

    def is_unchanged(self, size: int) -> bool:
        """Tell whether the clean file is the given one of `size` bytes, to the last byte."""
        return self.segments == (range(size),)


class SegmentBuilder:
    """Gathers the pieces of a clean file, in order."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._segments: list[range | bytes] = []

    def keep(self, start: int, stop: int) -> None:
        """Go on with the given bytes from `start` to `stop`."""
        if start >= stop:
            return
        last = self._segments[-1] if self._segments else None
        if isinstance(last, range) and last.stop == start:
            self._segments[-1] = range(last.start, stop)
        else:
            self._segments.append(range(start, stop))

    def append(self, new: bytes) -> None:
        """Go on with new bytes."""
        if new:
            self._segments.append(new)

    def replace(self, start: int, stop: int, new: bytes) -> None:
        """Go on with `new` in place of the given bytes, or with those where they read the same."""
        if stop - start == len(new) and self._data[start:stop] == new:
            self.keep(start, stop)
        else:
            self.append(new)

    def extend(self, other: Self) -> None:
        """Go on with all that `other` gathered."""
        for piece in other._segments:
            if isinstance(piece, range):
                self.keep(piece.start, piece.stop)
            else:
                self.append(piece)

    @property
    def size(self) -> int:
        """Bytes gathered."""
        return sum(map(len, self._segments))

    def build(
        self, *, scans: int = 1, frames: int = 1, has_end_marker: bool = True
    ) -> StrippedFile:
        """Give what was gathered as a clean file."""
        return StrippedFile(tuple(self._segments), scans, frames, has_end_marker)


def limit_segments(segments: Iterable[_Segment]) -> Iterator[_Segment]:
    """Pass the parts of a photo on, `PARTS` of them at most.

    Raises:
        errors.PhotoDamaged: there are more.
    """
    for number, part in enumerate(segments):
        if number == MAX_SEGMENTS:
            raise PhotoDamaged(problem=f"more than {MAX_SEGMENTS} parts")
        yield part
