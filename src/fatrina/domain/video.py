"""A video: the link of one at YouTube, and the pictures that YouTube shows of it."""

import re
from dataclasses import dataclass
from typing import Final

from fatrina.domain import errors
from fatrina.domain.renditions import ROLES, Size

MAX_LINK_LENGTH: Final = 2048
"""Characters of a link."""

_HOSTS: Final = r"(?:(?:www\.|m\.)?youtube\.com|(?:www\.)?youtube-nocookie\.com)"
# Only what RFC 3986 lets a URL hold: the link is shown to whoever opens the product.
_QUERY: Final = r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*"
_LINK: Final = re.compile(
    rf"(?i:https?://)(?:(?i:youtu\.be)/|(?i:{_HOSTS})/(?:shorts/|embed/|watch/?\?(?:{_QUERY}&)?v=))"
    rf"([A-Za-z0-9_-]{{11}})(?:[/?&#]{_QUERY}(?:#{_QUERY})?)?"
)
# What the contract shows in the place of each size. Of a small video YouTube lacks the largest.
_SHOWN: Final = (
    ("maxresdefault", Size(1920, 1080)),
    ("sddefault", Size(640, 480)),
    ("mqdefault", Size(320, 180)),
    ("default", Size(120, 90)),
)
_THUMBNAILS: Final = dict(zip(ROLES, _SHOWN, strict=True))


@dataclass(frozen=True, slots=True)
class Video:
    """A video at YouTube."""

    url: str
    """Its link, as it was given."""
    id: str
    """YouTube's name for it."""

    def thumbnail_url(self, role: str) -> str:
        """The URL of a size of its picture."""
        return f"https://img.youtube.com/vi/{self.id}/{_THUMBNAILS[role][0]}.jpg"

    def sizes(self) -> dict[str, Size]:
        """The sizes of its pictures by role, as YouTube has them."""
        return {role: size for role, (_, size) in _THUMBNAILS.items()}


def parse(link: str, field: str = "video_url") -> Video:
    """Read the link of a video: a page to watch it at, short or embedded, or one of youtu.be.

    Raises:
        errors.InvalidVideoLink: it is none.
    """
    shape = _LINK.fullmatch(link) if len(link) <= MAX_LINK_LENGTH else None
    if shape is None:
        raise errors.InvalidVideoLink(field)
    return Video(link, shape[1])
