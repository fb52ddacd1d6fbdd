"""Add the rate-limit buckets that nodes share, on PostgreSQL; with SQLite they are in a file."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
COMPATIBLE = "0011"


def upgrade() -> None:
    """Apply the revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "rate_limit_buckets",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("empty_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_rate_limit_buckets")),
        prefixes=["UNLOGGED"],
        postgresql_with={"fillfactor": 50},
    )


def downgrade() -> None:
    """Revert the revision."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("rate_limit_buckets")
