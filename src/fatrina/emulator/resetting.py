"""Reset a service: delete its rows in one transaction, then the stored files."""

from contextlib import suppress

from fatrina.adapters.database import Database, tables, versions
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.storage import Storage


def reset(
    database: Database,
    storage: Storage,
    housekeeping: Housekeeping,
    *,
    keep_merchants: bool = False,
) -> int:
    """Delete all products and images, and the merchants, tokens and apps unless they are kept.

    Return the number of deleted versions. Files are deleted last, so that a crash leaves files
    for the sweep and never a row without its files.

    Raises:
        errors.HousekeepingBusy: a seed, a restore, a sweep or another reset is running.
    """
    with housekeeping.exclusive("reset"):
        with database.writing() as tx:
            originals = versions.list_unpurged(tx)
            tables.delete_all(tx, keep=tables.MERCHANT_TABLES if keep_merchants else ())
        with suppress(OSError):  # the sweep deletes what cannot be deleted now
            storage.delete(key for each in originals for key in each.keys().values())
        return len(originals)
