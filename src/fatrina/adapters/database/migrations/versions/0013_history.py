"""Let several versions share stored files, record more of each version, and log image changes."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
COMPATIBLE = "0013"
"""The sweep of an older version would delete files that versions share."""

_SHARED = (
    *("id", "image_id", "handle", "secret", "kind", "width", "height", "frames", "bytes"),
    *("sha256", "link", "sizes", "token_id", "created_at", "retired_at", "alt", "purged_at"),
)


def upgrade() -> None:
    """Apply the revision."""
    if op.get_bind().dialect.name == "sqlite":
        _recreate_versions()
    else:
        op.drop_constraint("uq_versions_handle", "versions")
        for column in _new_columns():
            op.add_column("versions", column)
    op.create_index("ix_versions_handle", "versions", ["handle"], unique=False)
    op.create_table(
        "image_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=True),
        sa.Column("actions", sa.String(length=100), nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_image_changes_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_image_changes_image_id")
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("fk_image_changes_token_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_changes")),
    )
    op.create_index("ix_image_changes_product", "image_changes", ["product_id", "id"])


def _new_columns() -> list["sa.Column[object]"]:
    return [
        sa.Column("sort", sa.Double(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=True),
        sa.Column("restored", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
    ]


def _recreate_versions() -> None:
    """Copy the table: SQLite cannot drop its unique constraint."""
    op.create_table(
        "versions_new",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(length=12), nullable=False),
        sa.Column("secret", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("sizes", sa.String(length=80), nullable=True),
        sa.Column("token_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("alt", sa.Text(), nullable=True),
        sa.Column("purged_at", sa.BigInteger(), nullable=True),
        *_new_columns(),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_versions_image_id")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_versions_token_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
    )
    columns = ", ".join(_SHARED)
    op.execute(f"INSERT INTO versions_new ({columns}) SELECT {columns} FROM versions")  # noqa: S608
    op.drop_table("versions")
    op.rename_table("versions_new", "versions")
    op.create_index("ix_versions_image", "versions", ["image_id"], unique=False)
    for name, column, where, unique in (
        (
            "ix_versions_retired",
            "retired_at",
            "purged_at IS NULL AND retired_at IS NOT NULL",
            False,
        ),
        ("uq_versions_current", "image_id", "retired_at IS NULL", True),
    ):
        op.create_index(name, "versions", [column], unique=unique, sqlite_where=sa.text(where))


def downgrade() -> None:
    """Revert the revision; it fails if versions share stored files."""
    op.drop_table("image_changes")
    op.drop_index("ix_versions_handle", "versions")
    with op.batch_alter_table("versions") as batch:
        for column in _new_columns():
            batch.drop_column(column.name)
        batch.create_unique_constraint("uq_versions_handle", ["handle"])
