"""Health of a running service: readiness, and the figures of its decoders."""

from typing import NamedTuple

from fatrina.actions import Services


class DecoderFigures(NamedTuple):
    """Load and unexpected exceptions of the decoders."""

    waiting: int
    """Photos that wait for a decoder now."""
    exceptions: int
    """Unexpected exceptions in decoders since the start of the service."""


def check_ready(services: Services) -> None:
    """Return if the database and the storage can be written.

    Raises:
        errors.DatabaseUnavailable, errors.StorageFull: the database cannot be written.
        OSError: the storage cannot be written.
    """
    services.database.check_writable()
    services.storage.check_writable()


def check_decoder_capacity(services: Services) -> None:
    """Return if another photo may wait for a decoder; call it before the photo is received.

    Raises:
        errors.Busy: the maximum number of photos is waiting.
    """
    services.decoders.check_capacity()


def decoder_figures(services: Services) -> DecoderFigures:
    """Return the current figures of the decoders."""
    return DecoderFigures(services.decoders.waiting, services.decoders.internal_errors)
