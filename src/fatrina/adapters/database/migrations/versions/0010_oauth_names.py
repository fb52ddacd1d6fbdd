"""Rename the tables of authorization codes and refresh tokens to the terms of OAuth 2.0."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_RENAMED = (("codes", "authorization_codes"), ("refreshes", "refresh_tokens"))


def upgrade() -> None:
    """Apply the revision."""
    for old, new in _RENAMED:
        _rename(old, new)


def downgrade() -> None:
    """Revert the revision."""
    for old, new in _RENAMED:
        _rename(new, old)


def _rename(old: str, new: str) -> None:
    """Rename a table and its unique constraint."""
    op.rename_table(old, new)
    with op.batch_alter_table(new) as batch:
        batch.drop_constraint(f"uq_{old}_hash", type_="unique")
        batch.create_unique_constraint(f"uq_{new}_hash", ["hash"])
