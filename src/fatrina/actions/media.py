"""Open the stored file of an image URL."""

from contextlib import closing

from fatrina.actions import Services
from fatrina.adapters.storage import CHUNK_BYTES, Blob
from fatrina.domain import errors

__all__ = ["CHUNK_BYTES", "StoredImage", "is_local", "open_image", "read_small_image"]

StoredImage = Blob


def open_image(services: Services, merchant_code: str, name: str) -> StoredImage:
    """Return the stored file `name` of a merchant; the caller closes it.

    Raises:
        errors.NotFound: no such file is stored.
    """
    try:
        return services.storage.open(f"{merchant_code}/{name}")
    except FileNotFoundError:
        raise errors.NotFound from None


def is_local(services: Services) -> bool:
    """Return True if opening and reading a small stored file costs less than a thread switch."""
    return services.storage.is_local


def read_small_image(services: Services, merchant_code: str, name: str) -> bytes | None:
    """Return the bytes of a stored file of at most `CHUNK_BYTES`.

    Return None if it is larger, missing, not readable or not on a local disk.
    """
    if not services.storage.is_local:
        return None
    try:
        with closing(services.storage.open(f"{merchant_code}/{name}")) as blob:
            if not 0 < blob.size <= CHUNK_BYTES:
                return None
            data = next(blob.chunks(0, blob.size), b"")
            return data if len(data) == blob.size else None
    except OSError:
        return None
