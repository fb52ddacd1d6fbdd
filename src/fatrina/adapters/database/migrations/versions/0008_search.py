"""Add the searchable text of products, and 64-bit ids in the tables that grow most."""

import sqlalchemy as sa
from alembic import op

from fatrina.domain import text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BATCH = 1000
_COUNTED = ("versions", "deliveries")
_PRODUCTS = sa.table(
    "products",
    sa.column("id", sa.Integer),
    sa.column("name", sa.Text),
    sa.column("sku", sa.Text),
    sa.column("folded", sa.Text),
)


def upgrade() -> None:
    """Apply the revision."""
    empty = sa.text("''")
    op.add_column("products", sa.Column("folded", sa.Text(), nullable=False, server_default=empty))
    _fill(op.get_bind())
    _resize(sa.Integer(), sa.BigInteger())


def downgrade() -> None:
    """Revert the revision."""
    _resize(sa.BigInteger(), sa.Integer())
    op.drop_column("products", "folded")


def _fill(connection: sa.Connection) -> None:
    """Compute the searchable text of every product."""
    rows, last = _PRODUCTS.c, -1
    query = sa.select(rows.id, rows.name, rows.sku).order_by(rows.id).limit(_BATCH)
    fill = sa.update(_PRODUCTS).where(rows.id == sa.bindparam("product"))
    fill = fill.values(folded=sa.bindparam("text"))
    while batch := connection.execute(query.where(rows.id > last)).all():
        folded = [{"product": n, "text": text.search_text(name, sku)} for n, name, sku in batch]
        connection.execute(fill, folded)
        last = batch[-1].id


def _resize(before: sa.Integer, after: sa.Integer) -> None:
    """Change the type of auto-incremented ids; in SQLite they always have 64 bits."""
    if op.get_bind().dialect.name == "sqlite":
        return
    kind = after.compile(op.get_bind().dialect)
    for table in _COUNTED:
        op.alter_column(table, "id", existing_type=before, type_=after, existing_nullable=False)
        op.execute(f"ALTER SEQUENCE {table}_id_seq AS {kind}")
