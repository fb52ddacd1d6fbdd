"""Colours into sRGB: by a profile, embedded or written for what the file declares."""

from typing import Final

import pyvips

from fatrina.domain import colour
from fatrina.domain.icc_profile import is_srgb

PROFILE_FIELD: Final = "icc-profile-data"
_COLOUR_BANDS: Final = 3  # bands from which on there are colours
_COLOUR_SPACE: Final = slice(16, 20)  # where a profile names its colour space (ICC.1:2022, 7.2.8)
_MAX_GREY_DIFFERENCE: Final = 4  # what lossy coding may add to grey


def attach_profile(image: pyvips.Image, colours: colour.ColourSpace) -> pyvips.Image:
    """The same picture, with the colours that its file declares stated by a profile."""
    profile = colour.build_profile(colours, grey=image.bands < _COLOUR_BANDS)
    image = image.copy()
    if profile:
        image.set_type(pyvips.GValue.blob_type, PROFILE_FIELD, profile)
    elif image.get_typeof(PROFILE_FIELD):
        image.remove(PROFILE_FIELD)
    return image


def to_srgb(image: pyvips.Image) -> pyvips.Image:
    """Convert by the picture's profile and drop it; a profile that does not fit is ignored."""
    profile = image.get(PROFILE_FIELD) if image.get_typeof(PROFILE_FIELD) else b""
    if image.interpretation == "cmyk" or (profile and not is_srgb(profile)):
        image = _convert(image, bytes(profile[_COLOUR_SPACE]))
    if image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("srgb")
    if image.get_typeof(PROFILE_FIELD):
        # Never to be read again: libvips may have put one of its own there that it has freed since.
        image = image.copy()
        image.remove(PROFILE_FIELD)
    return image


def _convert(image: pyvips.Image, space: bytes) -> pyvips.Image:
    # libvips' own CMYK profile for a photo without one, or with one that is for other colours.
    plain = {"input_profile": "cmyk"} if image.interpretation == "cmyk" else {}
    grey = image.interpretation == "b-w"
    if space == b"GRAY" and image.interpretation == "srgb" and _is_grey(image):
        image, grey = _select_bands(image, [0], "b-w"), True
    elif space == b"RGB " and grey:
        image = _select_bands(image, [0, 0, 0], "srgb")
    try:
        done = image.icc_transform("srgb", embedded=True, **plain)
    except pyvips.Error:
        done = image
    return _select_bands(done, [1 if done.bands >= _COLOUR_BANDS else 0], "b-w") if grey else done


def _is_grey(image: pyvips.Image) -> bool:
    green = image[1]
    return all((image[band] - green).abs().max() <= _MAX_GREY_DIFFERENCE for band in (0, 2))


def _select_bands(image: pyvips.Image, bands: list[int], interpretation: str) -> pyvips.Image:
    """The bands of these numbers, and alpha."""
    first, *others = [image[band] for band in bands] + ([image[-1]] if image.hasalpha() else [])
    joined = first.bandjoin(others) if others else first
    return joined.copy(interpretation=interpretation)
