"""Photo formats, the information in a photo's header, and the limits that a photo must meet."""

import re
from base64 import b64decode
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fatrina.domain import errors


class ImageFormat(StrEnum):
    """Format of an image's bytes; the value is the extension used in URLs."""

    JPEG = "jpg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    AVIF = "avif"
    HEIC = "heic"

    @property
    def media_type(self) -> str:
        """The Content-Type with which the bytes are served."""
        return "image/jpeg" if self is ImageFormat.JPEG else f"image/{self.value}"

    @property
    def served_as(self) -> "ImageFormat":
        """The format that Fatrina stores and serves: JPEG for HEIC, which browsers do not show."""
        return ImageFormat.JPEG if self is ImageFormat.HEIC else self


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Information that the decoder reads from a photo's header, before it decodes any pixel."""

    format: ImageFormat
    width: int
    """Width in pixels, after the EXIF orientation."""
    height: int
    """Height in pixels, after the EXIF orientation."""
    frames: int = 1
    buffered: bool = False
    """True when the decoder must hold the complete image: progressive, interlaced, animated, AV1.
    """


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on a photo and on the cost of decoding it. `settings` documents the defaults."""

    bytes: int = 20_000_000
    pixels: int = 100_000_000
    pixels_buffered: int = 40_000_000
    pixels_heic: int = 50_000_000
    side: int = 24_000
    frames: int = 500
    seconds: float = 8.0
    memory: int = 560_000_000


# The first bytes of each format. ISO base media files (AVIF, HEIC) are identified by their brands.
_SIGNATURES = (
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"GIF8", ImageFormat.GIF),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_OTHER_BRANDS = (
    (b"j2k", "HEIF with JPEG 2000"),
    (b"vvi", "HEIF with VVC"),
    (b"jpe", "HEIF with JPEG"),
    (b"mif1", "HEIF"),
    (b"crx", "Canon CR3"),
    (b"qt", "QuickTime"),
    (b"mp4", "MP4"),
    (b"iso", "MP4"),
    (b"3gp", "3GP"),
)
_UNSUPPORTED_SIGNATURES = (
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"BM", "BMP"),
    (b"%PDF", "PDF"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"II\xbc", "JPEG XR"),
    (b"FORM", "IFF"),
    (b"PK\x03\x04", "ZIP"),
    (b"Rar!", "RAR"),
    (b"\x1aE\xdf\xa3", "WebM"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"BPG\xfb", "BPG"),
    (b"qoif", "QOI"),
    (b"gimp xcf", "XCF"),
)


_HEAD_BYTES: Final = 512
"""Bytes that are enough to identify a photo's format."""
_DATA_URL: Final = re.compile(r"\s*data:[^,]{0,200};base64,", re.IGNORECASE)
_DATA_PREFIX_LENGTH: Final = 32
_MAX_DATA_LINK_LENGTH: Final = 2048
"""Length of a `data:` URL, in characters, above which it cannot be meant as a link."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}")
_URL_SAFE: Final = str.maketrans("-_", "+/")


def sniff(head: bytes) -> ImageFormat:
    """Identify a photo's format from its first 512 bytes; names and declared types are ignored.

    Raises:
        errors.PhotoEmpty: there are no bytes.
        errors.PhotoUnsupported: a known image format that Fatrina does not accept.
        errors.PhotoEncoded: the base64 text of an image.
        errors.PhotoNotAnImage: not an image.
    """
    if not head:
        raise errors.PhotoEmpty
    for signature, image_format in _SIGNATURES:
        if head.startswith(signature):
            return image_format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if head[4:8] == b"ftyp":
        return _sniff_brand(head)
    for signature, name in _UNSUPPORTED_SIGNATURES:
        if head.startswith(signature):
            raise errors.PhotoUnsupported(kind=name)
    if b"<svg" in head.lower():
        raise errors.PhotoUnsupported(kind="SVG")
    if is_base64_image(head.decode("latin-1")):
        raise errors.PhotoEncoded
    raise errors.PhotoNotAnImage


def is_image(head: bytes) -> bool:
    """Return whether a file with these first bytes is an image, in a supported format or not."""
    try:
        sniff(head[:_HEAD_BYTES])
    except errors.PhotoUnsupported:
        return True
    except errors.PhotoError:
        return False
    return True


def is_base64_image(text: str) -> bool:
    """Return whether a text is an image in base64, also within a `data:` URL (RFC 2397)."""
    declared = text[:_DATA_PREFIX_LENGTH].lstrip()
    if declared[:5].lower() == "data:" and len(text) > _MAX_DATA_LINK_LENGTH:
        return True
    prefix = _DATA_URL.match(text)
    digits = "".join(text[prefix.end() if prefix else 0 :][:_HEAD_BYTES].split())
    digits = digits.rstrip("=").translate(_URL_SAFE).replace(" ", "+")
    if not _BASE64.fullmatch(digits):
        return False
    return is_image(b64decode(digits[: len(digits) // 4 * 4]))


def _sniff_brand(head: bytes) -> ImageFormat:
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    if brands & _AVIF_BRANDS:
        return ImageFormat.AVIF
    if brands & _HEIC_BRANDS:
        return ImageFormat.HEIC
    names = (
        name for brand, name in _OTHER_BRANDS if any(each.startswith(brand) for each in brands)
    )
    raise errors.PhotoUnsupported(kind=next(names, "ISO media file"))


def check_limits(info: ImageInfo, limits: Limits) -> None:
    """Check a photo's header against the limits, before any pixel is decoded.

    Raises:
        errors.PhotoSideTooLong, errors.PhotoTooManyPixels, errors.PhotoTooManyFrames.
    """
    width, height = info.width, info.height
    if max(width, height) > limits.side:
        raise errors.PhotoSideTooLong(width=width, height=height, limit=limits.side)
    buffered_limit = (
        limits.pixels_heic if info.format is ImageFormat.HEIC else limits.pixels_buffered
    )
    limit = min(limits.pixels, buffered_limit) if info.buffered else limits.pixels
    if width * height > limit:
        raise errors.PhotoTooManyPixels(width=width, height=height, limit=limit)
    if info.frames > limits.frames:
        raise errors.PhotoTooManyFrames(limit=limits.frames, frames=info.frames)
