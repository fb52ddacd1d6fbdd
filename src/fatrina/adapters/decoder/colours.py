"""Conversion to sRGB, by an embedded profile or one built for the declared colour space."""

from typing import Final

import pyvips

from fatrina.domain import colour
from fatrina.domain.icc_profile import is_srgb

PROFILE_FIELD: Final = "icc-profile-data"
_COLOUR_BANDS: Final = 3  # number of bands from which an image has colours
_COLOUR_SPACE: Final = slice(16, 20)  # the colour space field of a profile (ICC.1:2022, 7.2.8)
_MAX_GREY_DIFFERENCE: Final = 4  # difference between bands that lossy coding can add to grey


def attach_profile(image: pyvips.Image, colour_space: colour.ColourSpace) -> pyvips.Image:
    """Return the image with an ICC profile for the colour space that its file declares."""
    profile = colour.build_profile(colour_space, grey=image.bands < _COLOUR_BANDS)
    image = image.copy()
    if profile:
        image.set_type(pyvips.GValue.blob_type, PROFILE_FIELD, profile)
    elif image.get_typeof(PROFILE_FIELD):
        image.remove(PROFILE_FIELD)
    return image


def to_srgb(image: pyvips.Image) -> pyvips.Image:
    """Convert an image to sRGB by its profile and remove it; ignore a profile of other colours."""
    profile = image.get(PROFILE_FIELD) if image.get_typeof(PROFILE_FIELD) else b""
    if image.interpretation == "cmyk" or (profile and not is_srgb(profile)):
        image = _convert(image, bytes(profile[_COLOUR_SPACE]))
    if image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("srgb")
    if image.get_typeof(PROFILE_FIELD):
        # Must not be read again: libvips may have set a profile of its own there that it has since
        # freed.
        image = image.copy()
        image.remove(PROFILE_FIELD)
    return image


def _convert(image: pyvips.Image, space: bytes) -> pyvips.Image:
    # libvips' built-in CMYK profile for a photo without a profile, or with one for other colours.
    options = {"input_profile": "cmyk"} if image.interpretation == "cmyk" else {}
    grey = image.interpretation == "b-w"
    if space == b"GRAY" and image.interpretation == "srgb" and _is_grey(image):
        image, grey = _select_bands(image, [0], "b-w"), True
    elif space == b"RGB " and grey:
        image = _select_bands(image, [0, 0, 0], "srgb")
    try:
        converted = image.icc_transform("srgb", embedded=True, **options)
    except pyvips.Error:
        converted = image
    return (
        _select_bands(converted, [1 if converted.bands >= _COLOUR_BANDS else 0], "b-w")
        if grey
        else converted
    )


def _is_grey(image: pyvips.Image) -> bool:
    green = image[1]
    return all((image[band] - green).abs().max() <= _MAX_GREY_DIFFERENCE for band in (0, 2))


def _select_bands(image: pyvips.Image, bands: list[int], interpretation: str) -> pyvips.Image:
    """Return the bands with these indexes, and alpha if there is one."""
    first, *others = [image[band] for band in bands] + ([image[-1]] if image.hasalpha() else [])
    joined = first.bandjoin(others) if others else first
    return joined.copy(interpretation=interpretation)
