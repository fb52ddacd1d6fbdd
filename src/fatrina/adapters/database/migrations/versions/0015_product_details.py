"""Add the fields of products other than name and SKU, and what lists are filtered by."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
COMPATIBLE = "0013"

_COLUMNS = ("details", "status", "category_ids", "updated_at")


def upgrade() -> None:
    """Apply the revision."""
    for name, kind, default in (
        ("details", sa.Text(), "'{}'"),
        ("status", sa.String(length=8), "'sale'"),
        ("category_ids", sa.Text(), "''"),
    ):
        column = sa.Column(name, kind, nullable=False, server_default=sa.text(default))
        op.add_column("products", column)
    op.add_column("products", sa.Column("updated_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Revert the revision."""
    for name in _COLUMNS:
        op.drop_column("products", name)
