"""Products, as rows: what images hang on."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from fatrina.adapters.database.schema import products


class ProductRow(NamedTuple):
    """A product."""

    id: int
    name: str
    sku: str | None


def exists(connection: Connection, product: int) -> bool:
    """Whether the id is taken, by whomever."""
    return connection.scalar(select(products.c.id).where(products.c.id == product)) is not None


def add(connection: Connection, merchant: int, row: ProductRow, now: int) -> None:
    """Add a product."""
    values = {**row._asdict(), "merchant_id": merchant, "created_at": now}
    connection.execute(insert(products).values(values))


def find(
    connection: Connection, merchant: int, product: int, *, lock: bool = False
) -> ProductRow | None:
    """A merchant's product; `lock` keeps other writers of it waiting until the transaction ends."""
    query = select(products.c.id, products.c.name, products.c.sku).where(
        products.c.id == product, products.c.merchant_id == merchant
    )
    found = connection.execute(query.with_for_update() if lock else query).first()
    return None if found is None else ProductRow(*found)


def sku_taken(connection: Connection, merchant: int, sku: str) -> bool:
    """Whether a product of this merchant has the SKU."""
    query = select(products.c.id).where(products.c.merchant_id == merchant, products.c.sku == sku)
    return connection.scalar(query) is not None
