"""What may be served of an original: its pixels as they are, without all it tells besides."""

from fatrina.domain.cleaning import gif, heif, jpeg, png, webp
from fatrina.domain.cleaning.pieces import Buffer, Clean
from fatrina.domain.photo import Kind

__all__ = ["Buffer", "Clean", "clean"]

_CLEANERS = {
    Kind.JPEG: jpeg.clean,
    Kind.PNG: png.clean,
    Kind.WEBP: webp.clean,
    Kind.GIF: gif.clean,
    Kind.AVIF: heif.clean,
}


def clean(kind: Kind, data: Buffer) -> Clean:
    """Tell which bytes of a photo may be served, and the few that replace others.

    It is about what a file says, not about whether its pixels can be decoded: that is for the
    decoder to judge, on the bytes as given.

    Args:
        kind: what the bytes are, as sniffed; HEIC has no cleaner, as it is not served as it is.
        data: the whole photo.

    Raises:
        errors.PhotoDamaged: the file is cut short or breaks its own format.
        errors.PhotoTooManyScans: it is a JPEG that would take a decoder minutes.
        ValueError: the kind has no cleaner.
    """
    cleaner = _CLEANERS.get(kind)
    if cleaner is None:
        raise ValueError(kind)
    return cleaner(data)
