"""Where bytes live: a folder now; a bucket has its place beside it."""

from fatrina.adapters.storage.base import CHUNK_BYTES, Blob, Storage, StoredFile
from fatrina.adapters.storage.local import LocalStorage

__all__ = ["CHUNK_BYTES", "Blob", "LocalStorage", "Storage", "StoredFile"]
