"""A version of an image: the stored original and the upload that it was made from."""

from dataclasses import dataclass

from fatrina.domain.renditions import Original


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes that a client sent for a version."""

    bytes: int
    sha256: str
    """Hash of the received bytes, in hex."""
    link: str | None
    """The link they were downloaded from, without its query; None for an uploaded file."""


@dataclass(frozen=True, slots=True)
class Version:
    """A current or former version of an image: its stored original and its source."""

    original: Original
    source: Source
    frames: int = 1
    sizes: tuple[int, ...] = ()
    """Bytes of the stored files, in the order of `renditions.ROLES`; empty if not recorded."""
