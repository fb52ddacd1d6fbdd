"""Add the webhook of an app, and the subscriptions by which apps receive their events."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
COMPATIBLE = "0013"


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("apps", sa.Column("webhook_url", sa.Text(), nullable=True))
    op.add_column("apps", sa.Column("webhook_secret", sa.Text(), nullable=True))
    op.add_column("subscriptions", sa.Column("app_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Revert the revision."""
    op.drop_column("subscriptions", "app_id")
    op.drop_column("apps", "webhook_secret")
    op.drop_column("apps", "webhook_url")
