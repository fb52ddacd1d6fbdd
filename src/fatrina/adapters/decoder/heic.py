"""HEIC photos, decoded by the libheif of pi-heif.

The libvips of the wheel opens a HEIC header and then cannot decode it, so it is never asked.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyvips

from fatrina.adapters.decoder import colours, raster
from fatrina.domain import errors
from fatrina.domain.colour import ColourSpace
from fatrina.domain.metadata_stripping import crop
from fatrina.domain.photo import ImageFormat, ImageInfo

try:  # loaded before the cage closes, or never
    import pi_heif
except ImportError:
    pi_heif = None

if TYPE_CHECKING:
    from pi_heif import HeifFile

_WHITE: Final = 255  # what shows through: JPEG, which it becomes, has no alpha
AVAILABLE: Final = pi_heif is not None
_LIBHEIF_ERRORS: Final = (ValueError, EOFError, RuntimeError, SyntaxError)
_NO_IMAGE: Final = "no picture in it"
_CROP_OUTSIDE: Final = "a crop outside the picture"


class OpenHeic(NamedTuple):
    """An opened HEIC photo, and the part of its picture that is shown; all of it if None."""

    photo: "HeifFile"
    crop_area: crop.CropArea | None


def open_photo(data: bytes) -> OpenHeic:
    """Open a HEIC photo; only the header is read yet.

    A crop is taken out of the header and carried out here: libheif 1.23.0 refuses to decode more
    pixels than the crop leaves.

    Raises:
        errors.PhotoHeicUnavailable: the extra is not installed.
        errors.PhotoDamaged: the header is broken.
    """
    if not AVAILABLE:
        raise errors.PhotoHeicUnavailable
    whole, shown = crop.extract(data)
    try:
        photo = pi_heif.open_heif(whole)
    except _LIBHEIF_ERRORS as exc:
        raise errors.PhotoDamaged(problem=str(exc)) from exc
    if not len(photo) or not all(photo.size):
        raise errors.PhotoDamaged(problem=_NO_IMAGE)
    if shown and not shown.fits(*photo.size):
        raise errors.PhotoDamaged(problem=_CROP_OUTSIDE)
    return OpenHeic(photo, shown)


def read_image_info(opened: OpenHeic) -> ImageInfo:
    """What the header says; libheif has turned the picture upright already."""
    width, height = opened.photo.size
    if opened.crop_area:
        width, height = opened.crop_area.width, opened.crop_area.height
    return ImageInfo(ImageFormat.HEIC, width, height, buffered=True)


def decode(opened: OpenHeic) -> pyvips.Image:
    """The main picture with its profile, in memory.

    Raises:
        errors.PhotoDamaged: the data is broken.
    """
    photo, shown = opened
    try:
        pixels, (width, height) = photo.data, photo.size
    except _LIBHEIF_ERRORS as exc:
        raise errors.PhotoDamaged(problem=str(exc)) from exc
    bands = len(photo.mode)  # L, RGB or RGBA, of 8 bits each
    rows = np.frombuffer(pixels, np.uint8).reshape(height, photo.stride)
    image = raster.to_image(rows[:, : width * bands].reshape(height, width, bands))
    if shown:
        image = image.crop(*shown)
    if profile := photo.info.get("icc_profile"):
        image.set_type(pyvips.GValue.blob_type, colours.PROFILE_FIELD, profile)
    elif nclx := photo.info.get("nclx_profile"):
        codes = nclx["color_primaries"], nclx["transfer_characteristics"]
        image = colours.attach_profile(image, ColourSpace.from_code_points(*codes))
    # Colours first: what shows through is white, not what is white by the photo's colours.
    image = colours.to_srgb(image)
    return image.flatten(background=_WHITE) if image.hasalpha() else image
