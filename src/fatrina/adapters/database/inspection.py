"""Inspection of a database: damage, references between rows, row counts."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from fatrina.adapters.database.schema import images, merchants, products


class RowCounts(NamedTuple):
    """Numbers of merchants, and of products and images that are not removed."""

    merchants: int
    products: int
    images: int


def find_damage(conn: Connection) -> str | None:
    """Return the first damage that SQLite's quick check finds; None if it finds none.

    PostgreSQL has no such check for clients.
    """
    if conn.dialect.name != "sqlite":
        return None
    result = str(conn.scalar(text("PRAGMA quick_check(1)")))
    return None if result == "ok" else result


def list_orphaned_rows(conn: Connection) -> list[str]:
    """Return the table of each row that refers to a missing row; PostgreSQL prevents them."""
    if conn.dialect.name != "sqlite":
        return []
    return [str(row[0]) for row in conn.execute(text("PRAGMA foreign_key_check"))]


def count_rows(conn: Connection) -> RowCounts:
    """Return the numbers of merchants, products and images."""
    offered = products.c.removed_at.is_(None)
    shown = images.c.removed_at.is_(None)
    return RowCounts(
        conn.scalar(select(func.count(merchants.c.id))) or 0,
        conn.scalar(select(func.count(products.c.id)).where(offered)) or 0,
        conn.scalar(select(func.count(images.c.id)).where(shown)) or 0,
    )
