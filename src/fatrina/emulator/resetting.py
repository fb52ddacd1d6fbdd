"""Reset a service: delete its rows in one transaction, then the stored files."""

from collections.abc import Collection
from contextlib import suppress

from sqlalchemy import Connection

from fatrina.adapters.database import Database, merchant_rows, tables, tokens, versions
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.storage import Storage
from fatrina.domain.renditions import Original


def reset(
    database: Database,
    storage: Storage,
    housekeeping: Housekeeping,
    *,
    keep_merchants: bool = False,
    merchant_code: str = "",
) -> int:
    """Delete all products and images, and the merchants, tokens and apps unless they are kept.

    With `merchant_code`, delete only what belongs to this merchant; a merchant that does not
    exist has nothing to delete.

    Return the number of deleted versions. Files are deleted last, so that a crash leaves files
    for the sweep and never a row without its files.

    Raises:
        errors.HousekeepingBusy: a seed, a restore, a sweep or another reset is running.
    """
    with housekeeping.exclusive("reset"):
        with database.writing(bulk=True) as tx:
            keep = tables.MERCHANT_TABLES if keep_merchants else ()
            if merchant_code:
                originals = _delete_merchant(tx, merchant_code, keep)
            else:
                tables.lock_all(tx)
                originals = versions.list_unpurged(tx)
                tables.delete_all(tx, keep=keep)
        with suppress(OSError):  # the sweep deletes what cannot be deleted now
            storage.delete(key for each in originals for key in each.keys().values())
        return len(originals)


def _delete_merchant(tx: Connection, code: str, keep: Collection[str]) -> list[Original]:
    """Delete a merchant's rows and return the originals whose bytes existed."""
    merchant_id = tokens.find_merchant_id(tx, code)
    if merchant_id is None:
        return []
    merchant_rows.lock(tx, merchant_id)
    originals = versions.list_unpurged(tx, merchant_id)
    merchant_rows.delete(tx, merchant_id, keep=keep)
    return originals
