"""Empty a service: rows in one transaction, then the bytes that belonged to them."""

from contextlib import suppress

from fatrina.adapters.database import Database, versions
from fatrina.adapters.database.schema import metadata
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.storage import Storage

_MERCHANT_TABLES = frozenset({"merchants", "tokens", "apps", "grants", "codes", "refreshes"})


def reset(
    database: Database,
    storage: Storage,
    housekeeping: Housekeeping,
    *,
    keep_merchants: bool = False,
) -> int:
    """Delete all products with their pictures, and the shops, tokens and apps unless kept.

    How many pictures went, replaced ones included. Their bytes go last, so a crash leaves litter
    for the sweep and never a row without bytes.

    Raises:
        errors.HousekeepingBusy: seed, restore, sweep or another reset is at work.
    """
    with housekeeping.exclusive("reset"):
        with database.writing() as tx:
            gone = versions.list_unpurged(tx)
            for table in reversed(metadata.sorted_tables):
                if not (keep_merchants and table.name in _MERCHANT_TABLES):
                    tx.execute(table.delete())
        with suppress(OSError):  # what resists is left to the sweep
            storage.delete(key for original in gone for key in original.keys().values())
        return len(gone)
