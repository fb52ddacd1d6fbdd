"""Colour spaces that photos declare without an ICC profile, and equivalent ICC profiles."""

from fatrina.domain.colour import heif, png
from fatrina.domain.colour.colour_space import ColourSpace, build_profile
from fatrina.domain.metadata_stripping import Buffer, properties
from fatrina.domain.photo import ImageFormat

__all__ = ["ColourSpace", "build_profile", "read_declared"]


def read_declared(image_format: ImageFormat, data: Buffer, *, profiled: bool) -> ColourSpace | None:
    """Return the colour space that a photo declares, or None if it declares none.

    With `profiled` (the photo has an ICC profile), return only declarations that take precedence
    over a profile. For None, the profile applies, and sRGB without one.
    """
    if image_format is ImageFormat.PNG:
        return png.read_colour_space(data, profiled=profiled)
    if image_format in {ImageFormat.AVIF, ImageFormat.HEIC} and not profiled:
        return heif.read_colour_space(data, properties.read(data))
    return None
