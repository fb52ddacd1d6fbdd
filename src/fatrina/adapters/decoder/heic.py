"""HEIC photos, decoded by the optional libheif of `pip install fatrina[heic]`.

The libvips of the wheel opens a HEIC header and then cannot decode it, so it is never asked.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import pyvips

from fatrina.adapters.decoder import raster
from fatrina.domain import errors
from fatrina.domain.photo import Facts, Kind

try:  # loaded before the cage closes, or never
    import pi_heif
except ImportError:
    pi_heif = None

if TYPE_CHECKING:
    from pi_heif import HeifFile

_WHITE: Final = 255  # what shows through: JPEG, which it becomes, has no alpha
AVAILABLE: Final = pi_heif is not None
_FAULTS: Final = (ValueError, EOFError, RuntimeError, SyntaxError)
_NOTHING: Final = "no picture in it"


def opened(data: bytes) -> "HeifFile":
    """Open a HEIC photo; only the header is read yet.

    Raises:
        errors.PhotoHeicMissing: the extra is not installed.
        errors.PhotoDamaged: the header is broken.
    """
    if not AVAILABLE:
        raise errors.PhotoHeicMissing
    try:
        photo = pi_heif.open_heif(data)
    except _FAULTS as fault:
        raise errors.PhotoDamaged(problem=str(fault)) from fault
    if not len(photo) or not all(photo.size):
        raise errors.PhotoDamaged(problem=_NOTHING)
    return photo


def facts(photo: "HeifFile") -> Facts:
    """What the header says; libheif has turned the picture upright already."""
    width, height = photo.size
    return Facts(Kind.HEIC, width, height, whole=True)


def decoded(photo: "HeifFile") -> pyvips.Image:
    """The main picture with its profile, in memory.

    Raises:
        errors.PhotoDamaged: the data is broken.
    """
    try:
        pixels, (width, height) = photo.data, photo.size
    except _FAULTS as fault:
        raise errors.PhotoDamaged(problem=str(fault)) from fault
    bands = len(photo.mode)  # L, RGB or RGBA, of 8 bits each
    rows = np.frombuffer(pixels, np.uint8).reshape(height, photo.stride)
    image = raster.picture(rows[:, : width * bands].reshape(height, width, bands))
    if image.hasalpha():
        image = image.flatten(background=_WHITE)
    if profile := photo.info.get("icc_profile"):
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image
