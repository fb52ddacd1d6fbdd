"""Storage of image files: an interface, and an implementation in a local directory."""

from fatrina.adapters.storage.base import CHUNK_BYTES, Blob, Storage, StoredFile
from fatrina.adapters.storage.local import LocalStorage

__all__ = ["CHUNK_BYTES", "Blob", "LocalStorage", "Storage", "StoredFile"]
