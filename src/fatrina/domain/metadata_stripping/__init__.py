"""Metadata stripping: keep a photo's pixels unchanged and remove everything else it contains."""

from fatrina.domain.metadata_stripping import gif, heif, jpeg, png, webp
from fatrina.domain.metadata_stripping.segments import Buffer, StrippedFile
from fatrina.domain.photo import ImageFormat

__all__ = ["Buffer", "StrippedFile", "strip_metadata"]

_STRIPPERS = {
    ImageFormat.JPEG: jpeg.strip,
    ImageFormat.PNG: png.strip,
    ImageFormat.WEBP: webp.strip,
    ImageFormat.GIF: gif.strip,
    ImageFormat.AVIF: heif.strip,
}


def strip_metadata(image_format: ImageFormat, data: Buffer) -> StrippedFile:
    """Return which bytes of a photo may be served, and the few bytes that replace others.

    This checks the structure of the file, not whether its pixels can be decoded: the decoder checks
    that, on the original bytes.

    Args:
        image_format: the format as sniffed; HEIC is not supported, as it is converted before it is
            served.
        data: the complete photo.

    Raises:
        errors.PhotoDamaged: the file is truncated or violates its format.
        errors.PhotoTooManyScans: a JPEG that a decoder would need minutes for.
        ValueError: the format is not supported.
    """
    strip = _STRIPPERS.get(image_format)
    if strip is None:
        raise ValueError(image_format)
    return strip(data)
