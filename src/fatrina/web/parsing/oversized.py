"""Bodies that are too large: detect a photo, or a base64 photo, for a more specific error."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from fatrina.domain import errors, photo

PEEK_BYTES: Final = 4096
"""First bytes of a body that are examined."""
_PHOTO_FIELD: Final = re.compile(
    rb"""(?:"(photo|original)"\s*:\s*"|(?:^|&)(photo|original)=)([^"&]*)""", re.DOTALL
)


def error_for_body(head: bytes, limit: int) -> errors.ServiceError:
    """Return the error for a body with more than `limit` bytes that begins with `head`."""
    if photo.is_image(head) or photo.is_base64_image(head.decode("latin-1")):
        return errors.BodyIsPhoto()
    for match in _PHOTO_FIELD.finditer(head):
        text = unquote_to_bytes(match[3]).replace(b"\\/", b"/").decode("latin-1")
        if photo.is_base64_image(text):
            return errors.PhotoEncoded((match[1] or match[2]).decode())
    return errors.PayloadTooLarge(limit=limit)
