"""Where bytes live: a folder now; a bucket has its place beside it."""

from fatrina.adapters.storage.local import LocalStorage
from fatrina.adapters.storage.seam import PIECE, Blob, Listed, Storage

__all__ = ["PIECE", "Blob", "Listed", "LocalStorage", "Storage"]
