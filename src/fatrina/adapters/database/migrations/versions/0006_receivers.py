"""Add a subscription's failure count and pause, and the count of dropped events."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    failures = sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    op.add_column("subscriptions", failures)
    op.add_column("subscriptions", sa.Column("paused_until", sa.BigInteger(), nullable=True))
    dropped = sa.Column("dropped", sa.Integer(), nullable=False, server_default="0")
    op.add_column("deliveries", dropped)
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["subscription_id", "id"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Revert the revision."""
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.drop_column("deliveries", "dropped")
    op.drop_column("subscriptions", "paused_until")
    op.drop_column("subscriptions", "failures")
