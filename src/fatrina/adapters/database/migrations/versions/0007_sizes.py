"""Add the sizes of a version's stored files."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("versions", sa.Column("sizes", sa.String(80), nullable=True))


def downgrade() -> None:
    """Revert the revision."""
    op.drop_column("versions", "sizes")
