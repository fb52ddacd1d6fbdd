"""Add the scopes of apps, and the profiles of merchants."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PROFILE = ("name", "email", "mobile", "domain", "avatar")


def upgrade() -> None:
    """Apply the revision."""
    default = sa.text("'products.read_write'")
    op.add_column("apps", sa.Column("scopes", sa.Text(), nullable=False, server_default=default))
    for name in _PROFILE:
        op.add_column("merchants", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    """Revert the revision."""
    for name in _PROFILE:
        op.drop_column("merchants", name)
    op.drop_column("apps", "scopes")
