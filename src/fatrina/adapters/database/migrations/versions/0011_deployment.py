"""Add the table with the oldest version of Fatrina that can use the tables."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
COMPATIBLE = "0010"


def upgrade() -> None:
    """Apply the revision."""
    deployment = op.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("compatible", sa.String(length=4), nullable=False),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.bulk_insert(deployment, [{"id": 1, "compatible": COMPATIBLE}])


def downgrade() -> None:
    """Revert the revision."""
    op.drop_table("deployment")
