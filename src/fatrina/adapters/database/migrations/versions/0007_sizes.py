"""How many bytes the stored files of a version have."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("versions", sa.Column("sizes", sa.String(80), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("versions", "sizes")
