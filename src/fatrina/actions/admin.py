"""Actions of the admin endpoints: list and repeat deliveries, dump and restore the service."""

from fatrina.actions import Services, backup, installation
from fatrina.actions.backup import DumpError
from fatrina.actions.receiving import File
from fatrina.actions.webhooks import subscriptions
from fatrina.actions.webhooks.subscriptions import DeliveryRow
from fatrina.domain import errors
from fatrina.domain.types import DeliveryId


def list_deliveries(services: Services, *, merchant_code: str, failed: bool) -> list[DeliveryRow]:
    """Return the newest deliveries.

    An empty `merchant_code` selects those of every merchant. `failed` selects those whose last
    attempt failed.
    """
    return subscriptions.list_deliveries(
        services.database, merchant_code=merchant_code, failed=failed
    )


def redeliver(services: Services, delivery_id: DeliveryId) -> None:
    """Queue a finished delivery again.

    Raises:
        errors.NotFound: there is no such delivery, it is still pending, or its subscription has
            ended.
    """
    if not subscriptions.redeliver(services.database, delivery_id, services.clock()):
        raise errors.NotFound


def install_app(services: Services, client_id: str, merchant_code: str) -> None:
    """Install an app for a merchant; see `installation.install`.

    Raises:
        errors.NotFound: there is no such app or merchant.
        errors.ValidationFailed: the app has no webhook URL.
    """
    installation.install(services.database, client_id, merchant_code, services.clock())


def uninstall_app(services: Services, client_id: str, merchant_code: str) -> None:
    """Uninstall an app for a merchant; see `installation.uninstall`.

    Raises:
        errors.NotFound: there is no such app or merchant, or the app is not installed.
        errors.ValidationFailed: the app has no webhook URL.
    """
    installation.uninstall(services.database, client_id, merchant_code, services.clock())


def create_file(services: Services) -> File:
    """Return a new temporary file for a dump; the caller closes it, which deletes it."""
    return services.spool.create_file()


def dump(services: Services, file: File) -> None:
    """Write every row and every stored file to `file`, as a tar archive.

    Raises:
        errors.StorageUnavailable: stored files are missing.
        OSError: the archive cannot be written.
    """
    try:
        with open(file.descriptor, "wb", closefd=False) as out:
            backup.dump(services.database, services.storage, out, _ignore_progress)
    except DumpError as exc:
        raise errors.StorageUnavailable from exc


def restore(services: Services, file: File) -> int:
    """Replace all data with the dump in `file`; return the number of restored images.

    Raises:
        errors.ValidationFailed: the file is not a valid dump.
    """
    try:
        with open(file.descriptor, "rb", closefd=False) as source:
            return backup.restore(
                services.database,
                services.storage,
                services.housekeeping,
                services.spool,
                source,
                _ignore_progress,
            )
    except DumpError as exc:
        raise errors.ValidationFailed(errors.InvalidDump("dump", problem=str(exc))) from exc


def _ignore_progress() -> None:
    """Discard a progress report."""
