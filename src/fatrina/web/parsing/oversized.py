"""What a body that is too large for its type holds instead: a photo, or a photo as base64."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from fatrina.domain import errors, photo

PEEK_BYTES: Final = 4096
"""Bytes of a body from which this is seen."""
_PHOTO_FIELD: Final = re.compile(
    rb"""(?:"(photo|original)"\s*:\s*"|(?:^|&)(photo|original)=)([^"&]*)""", re.DOTALL
)


def error_for_body(head: bytes, limit: int) -> errors.ServiceError:
    """Why a body that begins with `head` and has more than `limit` bytes is not read."""
    if photo.is_image(head) or photo.is_base64_image(head.decode("latin-1")):
        return errors.BodyIsPhoto()
    for found in _PHOTO_FIELD.finditer(head):
        text = unquote_to_bytes(found[3]).replace(b"\\/", b"/").decode("latin-1")
        if photo.is_base64_image(text):
            return errors.PhotoEncoded((found[1] or found[2]).decode())
    return errors.PayloadTooLarge(limit=limit)
