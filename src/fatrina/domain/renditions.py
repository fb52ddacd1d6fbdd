"""The table of sizes made from every original: their geometry and their names."""

from dataclasses import dataclass
from math import floor
from typing import NamedTuple


class Size(NamedTuple):
    """Width and height, in pixels as the contract declares them: doubles, not rounded."""

    width: float
    height: float

    def pixels(self) -> tuple[int, int]:
        """The whole pixels of the file behind the declared size: rounded half up, at least 1."""
        return max(1, floor(self.width + 0.5)), max(1, floor(self.height + 0.5))


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size that is made from an original: it fits a square box, never enlarged."""

    name: str
    box: int
    """Side of the box, in pixels."""

    def size(self, width: int, height: int) -> Size:
        """The declared size for an original of `width` by `height` pixels (after orientation).

        The formula is the one that reproduces the nine documented pairs to the last bit:
        `r = min(box/w, box/h)`, then `(w*r, h*r)` in doubles.
        """
        if width <= self.box and height <= self.box:
            return Size(width, height)
        ratio = min(self.box / width, self.box / height)
        return Size(width * ratio, height * ratio)


ORIGINAL = "original"

# Largest first: each is made from the one before. The names are the contract's own.
RENDITIONS = (
    Rendition("standard_resolution", 1000),
    Rendition("low_resolution", 500),
    Rendition("thumbnail", 120),
)

ROLES = (ORIGINAL, *(rendition.name for rendition in RENDITIONS))
