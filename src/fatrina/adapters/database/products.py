"""Queries for products."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from fatrina.adapters.database.schema import products
from fatrina.domain.text import fold_case, search_text
from fatrina.domain.types import MerchantId, Millis, ProductId

_P = products.c


class ProductRow(NamedTuple):
    """A product."""

    id: ProductId
    name: str
    sku: str | None


def exists(conn: Connection, product_id: ProductId) -> bool:
    """Return whether any merchant uses or has used the id."""
    return conn.scalar(select(_P.id).where(_P.id == product_id)) is not None


def add(conn: Connection, merchant_id: MerchantId, row: ProductRow, now: Millis) -> None:
    """Insert a product."""
    values = {**row._asdict(), "folded": search_text(row.name, row.sku)}
    values |= {"merchant_id": merchant_id, "created_at": now}
    conn.execute(insert(products).values(values))


def update_fields(conn: Connection, row: ProductRow) -> None:
    """Update a product's name and SKU."""
    query = update(products).where(_P.id == row.id)
    conn.execute(query.values(name=row.name, sku=row.sku, folded=search_text(row.name, row.sku)))


def remove(conn: Connection, product_id: ProductId, now: Millis) -> None:
    """Mark a product as removed. Its row stays, so that its id is not reused, but not its SKU."""
    query = update(products).where(_P.id == product_id)
    conn.execute(query.values(removed_at=now, sku=None))


def find(
    conn: Connection, merchant_id: MerchantId, product_id: ProductId, *, lock: bool = False
) -> ProductRow | None:
    """Return a merchant's product; None if there is no such product.

    With `lock`, lock its row until the transaction ends.
    """
    query = select(_P.id, _P.name, _P.sku).where(_P.id == product_id, *_matching(merchant_id))
    row = conn.execute(query.with_for_update(key_share=True) if lock else query).first()
    return None if row is None else ProductRow(*row)


def find_by_sku(conn: Connection, merchant_id: MerchantId, sku: str) -> ProductId | None:
    """Return the id of the merchant's product with the SKU; None if there is no such product."""
    return conn.scalar(select(_P.id).where(_P.merchant_id == merchant_id, _P.sku == sku))


def count(conn: Connection, merchant_id: MerchantId, keyword: str) -> int:
    """Return how many products of a merchant contain the keyword in their name or SKU."""
    query = select(func.count()).select_from(products).where(*_matching(merchant_id, keyword))
    return conn.scalar(query) or 0


def list_page(
    conn: Connection, merchant_id: MerchantId, keyword: str, limit: int, offset: int
) -> list[ProductRow]:
    """Return one page of a merchant's products that contain the keyword, the newest first."""
    rows = conn.execute(
        select(_P.id, _P.name, _P.sku)
        .where(*_matching(merchant_id, keyword))
        .order_by(_P.created_at.desc(), _P.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [ProductRow(*row) for row in rows]


def _matching(merchant_id: MerchantId, keyword: str = "") -> list[ColumnElement[bool]]:
    """Return conditions for a merchant's products, with a keyword only those that contain it.

    Case is ignored; `%` and `_` in the keyword match themselves.
    """
    conditions = [_P.merchant_id == merchant_id, _P.removed_at.is_(None)]
    if not keyword:
        return conditions
    return [*conditions, _P.folded.contains(fold_case(keyword), autoescape=True)]
