"""Storage of image files: an interface, and implementations in a local directory and a bucket."""

from fatrina.adapters.storage.base import CHUNK_BYTES, Blob, Storage, StoredFile
from fatrina.adapters.storage.local import LocalStorage

__all__ = ["CHUNK_BYTES", "Blob", "LocalStorage", "Storage", "StoredFile"]
