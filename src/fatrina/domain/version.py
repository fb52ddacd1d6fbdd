"""What an image showed at one time."""

from dataclasses import dataclass

from fatrina.domain.renditions import Original


@dataclass(frozen=True, slots=True)
class Source:
    """What was sent for a version."""

    bytes: int
    sha256: str
    """Of the bytes as they came, in hex."""
    link: str | None
    """The link they came by, without its query; None for an uploaded file."""


@dataclass(frozen=True, slots=True)
class Version:
    """A picture an image shows or showed: its stored original and where that came from."""

    original: Original
    source: Source
    frames: int = 1
    sizes: tuple[int, ...] = ()
    """Bytes of the stored files, in the order of `renditions.ROLES`; empty where not recorded."""
