"""Products, as rows: what images hang on."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from fatrina.adapters.database.schema import products
from fatrina.domain.text import folded, searched

_P = products.c


class ProductRow(NamedTuple):
    """A product."""

    id: int
    name: str
    sku: str | None


def exists(connection: Connection, product: int) -> bool:
    """Whether the id is or was taken, by whomever."""
    return connection.scalar(select(_P.id).where(_P.id == product)) is not None


def add(connection: Connection, merchant: int, row: ProductRow, now: int) -> None:
    """Add a product."""
    values = {**row._asdict(), "folded": searched(row.name, row.sku)}
    values |= {"merchant_id": merchant, "created_at": now}
    connection.execute(insert(products).values(values))


def change(connection: Connection, row: ProductRow) -> None:
    """Write a product's name and SKU."""
    query = update(products).where(_P.id == row.id)
    connection.execute(query.values(name=row.name, sku=row.sku, folded=searched(row.name, row.sku)))


def remove(connection: Connection, product: int, now: int) -> None:
    """Take a product away: its row stays, so that its id does; its SKU is free again."""
    query = update(products).where(_P.id == product)
    connection.execute(query.values(removed_at=now, sku=None))


def find(
    connection: Connection, merchant: int, product: int, *, lock: bool = False
) -> ProductRow | None:
    """A merchant's product; `lock` keeps other writers of it waiting until the transaction ends."""
    query = select(_P.id, _P.name, _P.sku).where(_P.id == product, *_having(merchant))
    found = connection.execute(query.with_for_update(key_share=True) if lock else query).first()
    return None if found is None else ProductRow(*found)


def by_sku(connection: Connection, merchant: int, sku: str) -> int | None:
    """The merchant's product that has the SKU."""
    return connection.scalar(select(_P.id).where(_P.merchant_id == merchant, _P.sku == sku))


def count(connection: Connection, merchant: int, keyword: str) -> int:
    """How many products of a merchant have the keyword in their name or SKU."""
    query = select(func.count()).select_from(products).where(*_having(merchant, keyword))
    return connection.scalar(query) or 0


def listed(
    connection: Connection, merchant: int, keyword: str, limit: int, offset: int
) -> list[ProductRow]:
    """A stretch of a merchant's products that have the keyword, the newest first."""
    rows = connection.execute(
        select(_P.id, _P.name, _P.sku)
        .where(*_having(merchant, keyword))
        .order_by(_P.created_at.desc(), _P.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [ProductRow(*row) for row in rows]


def _having(merchant: int, keyword: str = "") -> list[ColumnElement[bool]]:
    """A merchant's products; with a keyword, those that hold it in any case, `%` and `_` too."""
    there = [_P.merchant_id == merchant, _P.removed_at.is_(None)]
    if not keyword:
        return there
    return [*there, _P.folded.contains(folded(keyword), autoescape=True)]
