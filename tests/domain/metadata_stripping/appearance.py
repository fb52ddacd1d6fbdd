"""A photo as viewers see it: the stripped bytes, the pixels, the orientation."""

from typing import Any

import pyvips

from fatrina.domain.metadata_stripping import strip_metadata
from fatrina.domain.photo import ImageFormat

# libvips caches operations by the address of their bytes, which may have been reused.
pyvips.cache_set_max(0)

_LOADS = {
    ImageFormat.JPEG: pyvips.Image.jpegload_buffer,
    ImageFormat.PNG: pyvips.Image.pngload_buffer,
    ImageFormat.WEBP: pyvips.Image.webpload_buffer,
    ImageFormat.GIF: pyvips.Image.gifload_buffer,
    ImageFormat.AVIF: pyvips.Image.heifload_buffer,
}
_FIELDS = {"orientation", "icc-profile-data", "page-height", "delay", "loop"}


def strip(image_format: ImageFormat, data: bytes) -> bytes:
    """Return the stripped file."""
    return b"".join(
        data[piece.start : piece.stop] if isinstance(piece, range) else piece
        for piece in strip_metadata(image_format, data).segments
    )


def open_photo(image_format: ImageFormat, data: bytes) -> Any:
    """Open a photo with all its frames, as strictly as the service does."""
    pages = {"n": -1} if image_format in {ImageFormat.WEBP, ImageFormat.GIF} else {}
    return _LOADS[image_format](data, fail_on="error", **pages)


def appearance(image_format: ImageFormat, data: bytes) -> tuple[object, ...]:
    """Return everything that affects appearance: size, pixels, orientation, profile, timing."""
    image = open_photo(image_format, data)
    fields = {name: image.get(name) for name in image.get_fields() if name in _FIELDS}
    fields.setdefault("orientation", 1)
    fields["icc-profile-data"] = _trim_profile(bytes(fields.get("icc-profile-data", b"")))
    pixels = bytes(image.write_to_memory())
    return (
        image.width,
        image.height,
        image.bands,
        image.format,
        image.interpretation,
        fields,
        pixels,
    )


def _trim_profile(profile: bytes) -> bytes:
    return profile[: int.from_bytes(profile[:4], "big")] if profile[36:40] == b"acsp" else b""
