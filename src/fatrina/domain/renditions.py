"""The table of renditions: the sizes made from every original, their geometry and their keys."""

from dataclasses import dataclass
from hashlib import sha256
from math import floor
from typing import Final, NamedTuple

from fatrina.domain.photo import ImageFormat
from fatrina.domain.text import ALPHANUMERIC


class Size(NamedTuple):
    """Width and height in pixels, as the contract declares them: doubles that are not rounded."""

    width: float
    height: float

    def pixels(self) -> tuple[int, int]:
        """Return the file's size in integer pixels: rounded half up, and at least 1."""
        return max(1, floor(self.width + 0.5)), max(1, floor(self.height + 0.5))


@dataclass(frozen=True, slots=True)
class Rendition:
    """A size that is made from an original: it fits into a square box and is never enlarged."""

    name: str
    box: int
    """Side of the box, in pixels."""

    def size(self, width: int, height: int) -> Size:
        """Return the declared size for an original of this size in pixels (after orientation).

        The formula reproduces the nine documented pairs exactly: `r = min(box/w, box/h)`, then
        `(w*r, h*r)` in doubles.
        """
        if width <= self.box and height <= self.box:
            return Size(width, height)
        ratio = min(self.box / width, self.box / height)
        return Size(width * ratio, height * ratio)


ORIGINAL: Final = "original"

# Largest first: each is made from the previous one. The names are those of the contract.
RENDITIONS: Final = (
    Rendition("standard_resolution", 1000),
    Rendition("low_resolution", 500),
    Rendition("thumbnail", 120),
)

ROLES: Final = (ORIGINAL, *(rendition.name for rendition in RENDITIONS))

HANDLE_LENGTH: Final = 12
"""Length, in characters, of the prefix that the four names of one original share."""
_NAME_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Original:
    """A stored original: the keys of its bytes and of its renditions, and their sizes.

    Keys and sizes are computed, never looked up, so those of two versions cannot be mixed up.
    """

    merchant_code: str
    """The merchant's code: the first part of every key."""
    handle: str
    """Random; the beginning of all four names, which links a stored file to its row."""
    secret: str
    """Random and never disclosed: knowing one name does not help to guess the other three."""
    format: ImageFormat
    width: int
    height: int

    def key(self, role: str) -> str:
        """Return the key of the original or a rendition: `code/40 characters.extension`."""
        digest = int.from_bytes(sha256(f"{self.secret}/{role}".encode()).digest(), "big")
        tail = ""
        while len(tail) < _NAME_LENGTH - HANDLE_LENGTH:
            digest, at = divmod(digest, len(ALPHANUMERIC))
            tail += ALPHANUMERIC[at]
        return f"{self.merchant_code}/{self.handle}{tail}.{self.format.value}"

    def keys(self) -> dict[str, str]:
        """Return all four keys by role, in the table's order."""
        return {role: self.key(role) for role in ROLES}

    def sizes(self) -> dict[str, Size]:
        """Return all four declared sizes by role, in the table's order."""
        made = {each.name: each.size(self.width, self.height) for each in RENDITIONS}
        return {ORIGINAL: Size(self.width, self.height)} | made


def handle_from_key(key: str) -> str:
    """Return the handle in a stored file's key."""
    return key.rpartition("/")[2][:HANDLE_LENGTH]
