"""Errors of the service itself: overload, unavailable components, internal errors."""

from fatrina.domain.errors.base import ServiceError


class ServiceUnavailable(ServiceError):
    """Fatrina cannot serve the request now; the same request may succeed later."""

    status = 503
    code = "service_unavailable"


class Busy(ServiceUnavailable):
    """Too many photos are waiting already; try again in `retry` seconds."""

    reason = "busy"


class DecoderFailed(ServiceUnavailable):
    """The decoder failed for a reason unrelated to the photo; try again in `retry` seconds."""

    reason = "decoder_failed"


class StorageUnavailable(ServiceUnavailable):
    """Storage does not respond, or rejects writes."""

    reason = "storage_unavailable"


class DatabaseUnavailable(ServiceUnavailable):
    """The database does not respond, or rejects writes."""

    reason = "database_unavailable"
    connection_lost = False
    """True when the connection was lost, so that a commit may have succeeded nevertheless."""


class DatabaseBusy(DatabaseUnavailable):
    """Other requests hold the locks that this one needs; try again in `retry` seconds."""

    reason = "database_busy"


class HousekeepingBusy(ServiceUnavailable):
    """A sweep, seed, restore or reset runs: `operation`; try again in `retry` seconds."""

    reason = "housekeeping_busy"


class ClockUncertain(ServiceUnavailable):
    """`count` images are due for deletion, but nothing was recorded in the last `days` days."""

    reason = "clock_uncertain"


class Stopping(ServiceUnavailable):
    """The service is shutting down; another instance may respond in `retry` seconds."""

    reason = "stopping"


class StorageFull(ServiceError):
    """There is no space left in storage."""

    status = 507
    code = "insufficient_storage"
    reason = "storage_full"


class InternalError(ServiceError):
    """An unexpected exception; the log has its traceback under the request's id."""
