"""Queries for products."""

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from fatrina.adapters.database.schema import images, merchants, products
from fatrina.domain import product
from fatrina.domain.product import ALL, HIDDEN, Details, ProductFilter
from fatrina.domain.text import fold_case, search_text
from fatrina.domain.types import MerchantId, Millis, ProductId

_P = products.c
_COLUMNS: Final = (_P.id, _P.name, _P.sku, _P.details, _P.created_at, _P.updated_at)
_NO_DETAILS: Final[Details] = {}


class ProductRow(NamedTuple):
    """A product."""

    id: ProductId
    name: str
    sku: str | None
    details: Details = _NO_DETAILS
    created_at: Millis = Millis(0)
    updated_at: Millis | None = None


def exists(conn: Connection, product_id: ProductId) -> bool:
    """Return whether any merchant uses or has used the id."""
    return conn.scalar(select(_P.id).where(_P.id == product_id)) is not None


def add(conn: Connection, merchant_id: MerchantId, row: ProductRow, now: Millis) -> None:
    """Insert a product."""
    values = {"id": row.id, "merchant_id": merchant_id, "created_at": now, **_fields(row)}
    conn.execute(insert(products).values(values))


def update_fields(conn: Connection, row: ProductRow) -> None:
    """Update the fields of a product, and when they were changed."""
    values = {"updated_at": row.updated_at, **_fields(row)}
    conn.execute(update(products).where(_P.id == row.id).values(values))


def _fields(row: ProductRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "sku": row.sku,
        "folded": search_text(row.name, row.sku),
        "details": product.dump(row.details),
        "status": product.intended_status(row.details),
        "category_ids": "".join(f",{each}," for each in product.category_ids(row.details)),
    }


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
    query = select(*_COLUMNS).where(_P.id == product_id, *_matching(merchant_id))
    rows = _rows(conn, query.with_for_update(key_share=True) if lock else query)
    return rows[0] if rows else None


def find_by_sku(conn: Connection, merchant_id: MerchantId, sku: str) -> ProductId | None:
    """Return the id of the merchant's product with the SKU; None if there is no such product."""
    return conn.scalar(select(_P.id).where(_P.merchant_id == merchant_id, _P.sku == sku))


def find_store(conn: Connection, product_id: ProductId) -> tuple[str, str]:
    """Return the code of the product's merchant, and the URL of its store, or ""."""
    query = select(merchants.c.code, merchants.c.domain).join_from(merchants, products)
    code, domain = conn.execute(query.where(_P.id == product_id)).one()
    return code, domain or ""


def count(conn: Connection, merchant_id: MerchantId, wanted: ProductFilter = ALL) -> int:
    """Return how many products of a merchant match a filter."""
    query = select(func.count()).select_from(products).where(*_matching(merchant_id, wanted))
    return conn.scalar(query) or 0


def list_page(
    conn: Connection, merchant_id: MerchantId, wanted: ProductFilter, limit: int, offset: int
) -> list[ProductRow]:
    """Return one page of a merchant's products that match a filter, the newest first."""
    return _rows(
        conn,
        select(*_COLUMNS)
        .where(*_matching(merchant_id, wanted))
        .order_by(_P.created_at.desc(), _P.id.desc())
        .limit(limit)
        .offset(offset),
    )


def _rows(conn: Connection, query: Select[Any]) -> list[ProductRow]:
    return [
        ProductRow(row.id, row.name, row.sku, product.load(row.details), *row[-2:])
        for row in conn.execute(query)
    ]


def _matching(merchant_id: MerchantId, wanted: ProductFilter = ALL) -> list[ColumnElement[bool]]:
    """Return conditions for the products of a merchant that match a filter.

    Case is ignored in keywords; `%` and `_` match themselves.
    """
    conditions = [_P.merchant_id == merchant_id, _P.removed_at.is_(None)]
    if wanted.keyword:
        conditions.append(_P.folded.contains(fold_case(wanted.keyword), autoescape=True))
    if wanted.status:
        conditions.append(_has_status(wanted.status))
    if wanted.category_id:
        conditions.append(_P.category_ids.contains(f",{wanted.category_id},"))
    return conditions


def _has_status(status: str) -> ColumnElement[bool]:
    """Return the condition for a status; a product without an image is hidden."""
    image = select(images.c.id).where(images.c.product_id == _P.id, images.c.removed_at.is_(None))
    if status == HIDDEN:
        return or_(_P.status == status, ~image.exists())
    return and_(_P.status == status, image.exists())
