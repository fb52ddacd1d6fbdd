"""Open the stored file of an image URL."""

from fatrina.actions import Services
from fatrina.adapters.storage import CHUNK_BYTES, Blob
from fatrina.domain import errors

__all__ = ["CHUNK_BYTES", "StoredImage", "open_image"]

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
