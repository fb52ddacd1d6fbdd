"""Add the plan of each merchant."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    plan = sa.Column("plan", sa.String(16), nullable=False, server_default="plus")
    op.add_column("merchants", plan)


def downgrade() -> None:
    """Revert the revision."""
    op.drop_column("merchants", "plan")
