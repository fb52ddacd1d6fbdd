"""Add videos, and products that can be removed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("images", sa.Column("video", sa.Text(), nullable=True))
    op.add_column("products", sa.Column("removed_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_products_listed",
        "products",
        ["merchant_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def downgrade() -> None:
    """Revert the revision."""
    op.drop_index("ix_products_listed", "products")
    op.drop_column("products", "removed_at")
    op.drop_column("images", "video")
