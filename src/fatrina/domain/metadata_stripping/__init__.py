"""What may be served of an original: its pixels as they are, without all it tells besides."""

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
    """Tell which bytes of a photo may be served, and the few that replace others.

    It is about what a file says, not about whether its pixels can be decoded: that is for the
    decoder to judge, on the bytes as given.

    Args:
        image_format: what the bytes are, as sniffed; HEIC has no cleaner, as
            it is converted before it is served.
        data: the whole photo.

    Raises:
        errors.PhotoDamaged: the file is cut short or breaks its own format.
        errors.PhotoTooManyScans: it is a JPEG that would take a decoder minutes.
        ValueError: the kind has no cleaner.
    """
    cleaner = _STRIPPERS.get(image_format)
    if cleaner is None:
        raise ValueError(image_format)
    return cleaner(data)
