"""Open the stored bytes behind a picture's URL."""

from fatrina.actions import Parts
from fatrina.adapters.storage import PIECE, Blob
from fatrina.domain import errors

__all__ = ["PIECE", "Picture", "opened"]

Picture = Blob


def opened(parts: Parts, merchant: str, name: str) -> Picture:
    """The stored file `name` of a merchant; the caller closes it.

    Raises:
        errors.Missing: there is none.
    """
    try:
        return parts.storage.open(f"{merchant}/{name}")
    except FileNotFoundError:
        raise errors.Missing from None
