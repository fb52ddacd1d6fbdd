"""Store the files of a version durably, before any row refers to them; check and delete them."""

import os
from contextlib import ExitStack, suppress
from threading import Lock
from typing import Final

from fatrina.actions import Services
from fatrina.actions.random_text import random_text
from fatrina.actions.rendering import RenderedPhoto
from fatrina.domain.renditions import HANDLE_LENGTH, Original
from fatrina.domain.version import Version

_SECRET_LENGTH: Final = 32


class StorageSection:
    """A period in which the sweep deletes no stored files; the first `store` begins it.

    It must last until the transaction that refers to the stored files has ended.
    """

    def __init__(self, services: Services, stack: ExitStack) -> None:
        """Prepare a section that `begin` begins and that ends with `stack`."""
        self._services = services
        self._stack = stack
        self._begun = False
        self._lock = Lock()

    def begin(self) -> None:
        """Begin the section unless it has begun."""
        with self._lock:
            if not self._begun:
                self._stack.enter_context(self._services.storage.writing())
                self._begun = True


def store(
    services: Services, rendered: RenderedPhoto, merchant_code: str, section: StorageSection
) -> Version:
    """Store the original and the renditions of a decoded photo under new keys.

    The files are durable when this returns. No row refers to them yet; `section` protects them
    from the sweep.

    Raises:
        OSError: the files could not be written; the sweep deletes those that were.
    """
    info = rendered.info
    original = Original(
        merchant_code=merchant_code,
        handle=random_text(HANDLE_LENGTH),
        secret=random_text(_SECRET_LENGTH),
        format=info.format.served_as,
        width=info.width,
        height=info.height,
    )
    keys = original.keys()
    sizes = tuple(os.fstat(file.descriptor).st_size for file in rendered.files.values())
    try:
        with services.clock.stage("store"):
            section.begin()
            services.storage.put({keys[role]: file.path for role, file in rendered.files.items()})
    except OSError:
        if services.storage.is_local:  # a bucket that does not respond would delay the error
            discard(services, original)
        raise
    return Version(original, rendered.source, info.frames, sizes)


def is_stored(services: Services, version: Version) -> bool:
    """Return whether all four files of a version exist with the sizes they were stored with.

    Raises:
        OSError: storage cannot be read.
    """
    found = [services.storage.size(key) for key in version.original.keys().values()]
    return found == [*version.sizes] if version.sizes else all(found)


def discard(services: Services, original: Original) -> None:
    """Delete files that no row will ever refer to; the sweep deletes what cannot be deleted now."""
    with suppress(OSError):
        services.storage.delete(original.keys().values())
