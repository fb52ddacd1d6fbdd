"""A photo as its viewers see it: its clean bytes, its pixels, its orientation."""

from typing import Any

import pyvips

from fatrina.domain.cleaning import clean
from fatrina.domain.photo import Kind

# A libvips operation is remembered by the address of its bytes, which others may have by now.
pyvips.cache_set_max(0)

_LOADS = {
    Kind.JPEG: pyvips.Image.jpegload_buffer,
    Kind.PNG: pyvips.Image.pngload_buffer,
    Kind.WEBP: pyvips.Image.webpload_buffer,
    Kind.GIF: pyvips.Image.gifload_buffer,
    Kind.AVIF: pyvips.Image.heifload_buffer,
}
_TOLD = {"orientation", "icc-profile-data", "page-height", "delay", "loop"}


def cleaned(kind: Kind, data: bytes) -> bytes:
    """Give the clean file."""
    return b"".join(
        data[piece.start : piece.stop] if isinstance(piece, range) else piece
        for piece in clean(kind, data).pieces
    )


def opened(kind: Kind, data: bytes) -> Any:
    """Open a photo, with all its frames, as strictly as the service does."""
    pages = {"n": -1} if kind in {Kind.WEBP, Kind.GIF} else {}
    return _LOADS[kind](data, fail_on="error", **pages)


def look(kind: Kind, data: bytes) -> tuple[object, ...]:
    """Give all that makes the look of a photo: its size, pixels, orientation, profile, timing."""
    image = opened(kind, data)
    told = {name: image.get(name) for name in image.get_fields() if name in _TOLD}
    told.setdefault("orientation", 1)
    told["icc-profile-data"] = _sound(bytes(told.get("icc-profile-data", b"")))
    pixels = bytes(image.write_to_memory())
    return image.width, image.height, image.bands, image.format, image.interpretation, told, pixels


def _sound(profile: bytes) -> bytes:
    return profile[: int.from_bytes(profile[:4], "big")] if profile[36:40] == b"acsp" else b""
