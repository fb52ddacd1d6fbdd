"""YouTube videos: their links, and the URLs of their thumbnails."""

import re
from dataclasses import dataclass
from typing import Final

from fatrina.domain import errors
from fatrina.domain.renditions import ROLES, Size

MAX_LINK_LENGTH: Final = 2048
"""Maximum characters of a link."""

_HOSTS: Final = r"(?:(?:www\.|m\.)?youtube\.com|(?:www\.)?youtube-nocookie\.com)"
# Only characters that RFC 3986 allows: pages of the product contain the link.
_QUERY: Final = r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*"
_LINK: Final = re.compile(
    rf"(?i:https?://)(?:(?i:youtu\.be)/|(?i:{_HOSTS})/(?:shorts/|embed/|watch/?\?(?:{_QUERY}&)?v=))"
    rf"([A-Za-z0-9_-]{{11}})(?:[/?&#]{_QUERY}(?:#{_QUERY})?)?"
)
# The thumbnails that the contract uses for each size. Small videos lack the largest one.
_THUMBNAIL_SIZES: Final = (
    ("maxresdefault", Size(1920, 1080)),
    ("sddefault", Size(640, 480)),
    ("mqdefault", Size(320, 180)),
    ("default", Size(120, 90)),
)
_THUMBNAILS: Final = dict(zip(ROLES, _THUMBNAIL_SIZES, strict=True))


@dataclass(frozen=True, slots=True)
class Video:
    """A YouTube video."""

    url: str
    """The link as the client sent it."""
    id: str
    """YouTube's id of the video."""

    def thumbnail_url(self, role: str) -> str:
        """Return the URL of the thumbnail for a role of `renditions.ROLES`."""
        return f"https://img.youtube.com/vi/{self.id}/{_THUMBNAILS[role][0]}.jpg"

    def sizes(self) -> dict[str, Size]:
        """Return the sizes of YouTube's thumbnails by role."""
        return {role: size for role, (_, size) in _THUMBNAILS.items()}


def parse(link: str, field: str = "video_url") -> Video:
    """Parse the link of a video: a watch, shorts or embed page, or a link of youtu.be.

    Raises:
        errors.InvalidVideoLink: the text is not such a link.
    """
    match = _LINK.fullmatch(link) if len(link) <= MAX_LINK_LENGTH else None
    if match is None:
        raise errors.InvalidVideoLink(field)
    return Video(link, match[1])
