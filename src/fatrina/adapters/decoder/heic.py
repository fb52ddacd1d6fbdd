"""HEIC photos, decoded by pi-heif's libheif.

The libvips wheel can open a HEIC header but cannot decode it, so it is not used for HEIC.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyvips

from fatrina.adapters.decoder import colours, raster
from fatrina.domain import errors
from fatrina.domain.colour import ColourSpace
from fatrina.domain.metadata_stripping import crop
from fatrina.domain.photo import ImageFormat, ImageInfo

try:  # must be loaded before the sandbox is entered
    import pi_heif
except ImportError:
    pi_heif = None

if TYPE_CHECKING:
    from pi_heif import HeifFile

_WHITE: Final = 255  # background of transparent pixels: JPEG has no alpha
AVAILABLE: Final = pi_heif is not None
_LIBHEIF_ERRORS: Final = (ValueError, EOFError, RuntimeError, SyntaxError)
_NO_IMAGE: Final = "no picture in it"
_CROP_OUTSIDE: Final = "a crop outside the picture"


class OpenHeic(NamedTuple):
    """An opened HEIC photo, and the displayed area of its image; None for the complete image."""

    photo: "HeifFile"
    crop_area: crop.CropArea | None


def open_photo(data: bytes) -> OpenHeic:
    """Open a HEIC photo; only the header is read.

    A crop is removed from the header and applied after decoding: libheif 1.23.0 refuses to decode
    more pixels than the crop leaves.

    Raises:
        errors.PhotoHeicUnavailable: the optional package is not installed.
        errors.PhotoDamaged: the header is malformed.
    """
    if not AVAILABLE:
        raise errors.PhotoHeicUnavailable
    uncropped, crop_area = crop.extract(data)
    try:
        photo = pi_heif.open_heif(uncropped)
    except _LIBHEIF_ERRORS as exc:
        raise errors.PhotoDamaged(problem=str(exc)) from exc
    if not len(photo) or not all(photo.size):
        raise errors.PhotoDamaged(problem=_NO_IMAGE)
    if crop_area and not crop_area.fits(*photo.size):
        raise errors.PhotoDamaged(problem=_CROP_OUTSIDE)
    return OpenHeic(photo, crop_area)


def read_image_info(opened: OpenHeic) -> ImageInfo:
    """Return the information in the header; libheif has already rotated the image upright."""
    width, height = opened.photo.size
    if opened.crop_area:
        width, height = opened.crop_area.width, opened.crop_area.height
    return ImageInfo(ImageFormat.HEIC, width, height, buffered=True)


def decode(opened: OpenHeic) -> pyvips.Image:
    """Decode the primary image into memory, in sRGB.

    Raises:
        errors.PhotoDamaged: the data is corrupt.
    """
    photo, crop_area = opened
    try:
        pixels, (width, height) = photo.data, photo.size
    except _LIBHEIF_ERRORS as exc:
        raise errors.PhotoDamaged(problem=str(exc)) from exc
    bands = len(photo.mode)  # L, RGB or RGBA, of 8 bits each
    rows = np.frombuffer(pixels, np.uint8).reshape(height, photo.stride)
    image = raster.to_image(rows[:, : width * bands].reshape(height, width, bands))
    if crop_area:
        image = image.crop(*crop_area)
    if profile := photo.info.get("icc_profile"):
        image.set_type(pyvips.GValue.blob_type, colours.PROFILE_FIELD, profile)
    elif code_points := photo.info.get("nclx_profile"):
        codes = code_points["color_primaries"], code_points["transfer_characteristics"]
        image = colours.attach_profile(image, ColourSpace.from_code_points(*codes))
    # Convert first: the background must be white in sRGB, not white in the photo's colour space.
    image = colours.to_srgb(image)
    return image.flatten(background=_WHITE) if image.hasalpha() else image
