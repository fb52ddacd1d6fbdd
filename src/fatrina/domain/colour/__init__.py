"""The colours that a photo declares without an ICC profile, as a profile that says the same."""

from fatrina.domain.colour import heif, png
from fatrina.domain.colour.colour_space import ColourSpace, build_profile
from fatrina.domain.metadata_stripping import Buffer, properties
from fatrina.domain.photo import ImageFormat

__all__ = ["ColourSpace", "build_profile", "read_declared"]


def read_declared(image_format: ImageFormat, data: Buffer, *, profiled: bool) -> ColourSpace | None:
    """The colours that count more than a profile, if the photo is `profiled`, or else any.

    None when nothing is declared: then its profile counts, and sRGB without one.
    """
    if image_format is ImageFormat.PNG:
        return png.read_colour_space(data, profiled=profiled)
    if image_format in {ImageFormat.AVIF, ImageFormat.HEIC} and not profiled:
        return heif.read_colour_space(data, properties.read(data))
    return None
