"""Operations on all rows that belong to one merchant, found by the foreign keys of the tables."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Table, select

from fatrina.adapters.database.schema import grants, merchants, metadata, products
from fatrina.domain.types import MerchantId


def lock(conn: Connection, merchant_id: MerchantId) -> None:
    """Lock a merchant, its products and its grants, in this order, until the transaction ends.

    These locks also exclude the insertion of rows that refer to the locked ones, which a weaker
    lock allows.
    """
    for table in (merchants, products, grants):
        query = select(table.c.id).where(_owned_by(table, merchant_id)).order_by(table.c.id)
        conn.execute(query.with_for_update()).all()


def delete(conn: Connection, merchant_id: MerchantId, *, keep: Collection[str] = ()) -> None:
    """Delete a merchant's rows from all tables except those in `keep`."""
    for table in reversed(metadata.sorted_tables):
        condition = find_owner_condition(table, merchant_id)
        if condition is not None and table.name not in keep:
            conn.execute(table.delete().where(condition))


def find_owner_condition(table: Table, merchant_id: MerchantId) -> ColumnElement[bool] | None:
    """Return the condition that a row of a table belongs to a merchant.

    None for a table whose rows belong to no merchant. Foreign keys that can be null do not count.
    """
    if table is merchants:
        return merchants.c.id == merchant_id
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        parent = key.column.table
        if not key.parent.nullable and isinstance(parent, Table):
            condition = find_owner_condition(parent, merchant_id)
            if condition is not None:
                return key.parent.in_(select(key.column).where(condition))
    return None


def _owned_by(table: Table, merchant_id: MerchantId) -> ColumnElement[bool]:
    condition = find_owner_condition(table, merchant_id)
    if condition is None:
        raise ValueError(table.name)
    return condition
