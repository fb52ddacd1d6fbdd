"""The table of sizes made from every original: their geometry and their keys."""

from dataclasses import dataclass
from hashlib import sha256
from math import floor
from typing import Final, NamedTuple

from fatrina.domain.photo import ImageFormat
from fatrina.domain.text import ALPHANUMERIC


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


ORIGINAL: Final = "original"

# Largest first: each is made from the one before. The names are the contract's own.
RENDITIONS: Final = (
    Rendition("standard_resolution", 1000),
    Rendition("low_resolution", 500),
    Rendition("thumbnail", 120),
)

ROLES: Final = (ORIGINAL, *(rendition.name for rendition in RENDITIONS))

HANDLE_LENGTH: Final = 12
"""Characters of the part that the four names of one original share."""
_NAME_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Original:
    """A stored source: where its bytes and its renditions' bytes lie, and how large they are.

    Keys and sizes are computed, never looked up, so those of two versions cannot mix.
    """

    merchant_code: str
    """The merchant's code, the first part of every key."""
    handle: str
    """Random; the beginning of all four names, by which a stored file finds its row."""
    secret: str
    """Random and never told: with one name known, the other three stay unguessable."""
    format: ImageFormat
    width: int
    height: int

    def key(self, role: str) -> str:
        """The key of the original's or a rendition's bytes: `code/40 characters.extension`."""
        digest = int.from_bytes(sha256(f"{self.secret}/{role}".encode()).digest(), "big")
        tail = ""
        while len(tail) < _NAME_LENGTH - HANDLE_LENGTH:
            digest, at = divmod(digest, len(ALPHANUMERIC))
            tail += ALPHANUMERIC[at]
        return f"{self.merchant_code}/{self.handle}{tail}.{self.format.value}"

    def keys(self) -> dict[str, str]:
        """All four keys by role, in the table's order."""
        return {role: self.key(role) for role in ROLES}

    def sizes(self) -> dict[str, Size]:
        """All four declared sizes by role, in the table's order."""
        made = {each.name: each.size(self.width, self.height) for each in RENDITIONS}
        return {ORIGINAL: Size(self.width, self.height)} | made


def handle_from_key(key: str) -> str:
    """The handle in a stored file's key."""
    return key.rpartition("/")[2][:HANDLE_LENGTH]
