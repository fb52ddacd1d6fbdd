"""The tables. Moments are milliseconds since the epoch; ids of products and images look random."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0008"
"""The newest of `migrations.versions`, which these tables are; tests hold the two together."""

# Counted up, in 64 bits; SQLite counts up a column of the type INTEGER alone, in 64 bits too.
_BIG_INTEGER_ID = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

merchants = Table(
    "merchants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(6), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("plan", String(16), nullable=False, server_default="plus"),
    # By which the owner grants apps access.
    Column("key_hash", String(64)),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("hint", String(16), nullable=False),
    Column("scope", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    # What an app was granted, when it is an app's.
    Column("grant_id", Integer),
)
Index(
    "ix_tokens_grant",
    tokens.c.grant_id,
    sqlite_where=text("grant_id IS NOT NULL"),
    postgresql_where=text("grant_id IS NOT NULL"),
)

products = Table(
    "products",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("name", Text, nullable=False),
    Column("sku", Text),
    Column("created_at", BigInteger, nullable=False),
    # A removed product keeps its row, so that its id is never used again, and gives its SKU up.
    Column("removed_at", BigInteger),
    # Name and SKU in the form in which keywords are looked for: `domain.text.searched`.
    Column("folded", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("merchant_id", "sku"),
)
Index(
    "ix_products_listed",
    products.c.merchant_id,
    products.c.created_at,
    products.c.id,
    sqlite_where=text("removed_at IS NULL"),
    postgresql_where=text("removed_at IS NULL"),
)

images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("product_id", ForeignKey(products.c.id), nullable=False),
    Column("age", Integer, nullable=False),
    Column("sort", Double, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("alt", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    # The link of a video, which has no version.
    Column("video", Text),
)
Index("ix_images_product", images.c.product_id)
# One default a product, held by the database as well as by the gallery's rules.
Index(
    "uq_images_default",
    images.c.product_id,
    unique=True,
    sqlite_where=text("is_default AND removed_at IS NULL"),
    postgresql_where=text("is_default AND removed_at IS NULL"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", _BIG_INTEGER_ID, primary_key=True),
    Column("image_id", ForeignKey(images.c.id), nullable=False),
    # Where its bytes lie, and what they are.
    Column("handle", String(12), nullable=False, unique=True),
    Column("secret", String(32), nullable=False),
    Column("kind", String(4), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    # What was sent, by whom, from where.
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("link", Text),
    # Bytes of its four stored files, separated by commas; null before revision 0007.
    Column("sizes", String(80)),
    Column("token_id", ForeignKey(tokens.c.id)),
    Column("created_at", BigInteger, nullable=False),
    # When it was replaced or removed, the alternative text it had then, when its bytes went.
    Column("retired_at", BigInteger),
    Column("alt", Text),
    Column("purged_at", BigInteger),
)
# One current version an image.
Index(
    "uq_versions_current",
    versions.c.image_id,
    unique=True,
    sqlite_where=text("retired_at IS NULL"),
    postgresql_where=text("retired_at IS NULL"),
)
Index("ix_versions_image", versions.c.image_id)
Index(
    "ix_versions_retired",
    versions.c.retired_at,
    sqlite_where=text("purged_at IS NULL AND retired_at IS NOT NULL"),
    postgresql_where=text("purged_at IS NULL AND retired_at IS NOT NULL"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("name", Text, nullable=False),
    Column("event", String(64), nullable=False),
    Column("url", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # Pairs as JSON.
    Column("headers", Text, nullable=False),
    Column("strategy", String(16), nullable=False),
    # Needed to sign, so it is kept as it is.
    Column("secret", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    # Attempts that failed since the last one that succeeded, and the pause after many of them.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("paused_until", BigInteger),
)
Index(
    "ix_subscriptions_merchant",
    subscriptions.c.merchant_id,
    sqlite_where=text("removed_at IS NULL"),
    postgresql_where=text("removed_at IS NULL"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _BIG_INTEGER_ID, primary_key=True),
    Column("subscription_id", ForeignKey(subscriptions.c.id), nullable=False),
    Column("product_id", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    # When it is to be tried next; it is over when there is none.
    Column("due_at", BigInteger),
    Column("done_at", BigInteger),
    Column("status", Integer),
    Column("problem", Text),
    # Older events of the subscription that were dropped when this one was recorded.
    Column("dropped", Integer, nullable=False, server_default="0"),
)
for _name, _columns, _where in (
    ("due", (deliveries.c.due_at,), "due_at IS NOT NULL"),
    (
        "order",
        (deliveries.c.subscription_id, deliveries.c.product_id, deliveries.c.id),
        "due_at IS NOT NULL",
    ),
    ("waiting", (deliveries.c.subscription_id, deliveries.c.id), "due_at IS NOT NULL"),
    ("done", (deliveries.c.done_at,), "done_at IS NOT NULL"),
):
    Index(
        f"ix_deliveries_{_name}",
        *_columns,
        sqlite_where=text(_where),
        postgresql_where=text(_where),
    )

apps = Table(
    "apps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", String(64)),
    # A list as JSON.
    Column("redirects", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)

# What a merchant granted an app: a family of tokens.
grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("app_id", ForeignKey(apps.c.id), nullable=False),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("scope", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
Index("ix_grants_app", grants.c.app_id)

authorization_codes = Table(
    "codes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("app_id", ForeignKey(apps.c.id), nullable=False),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("redirect", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("challenge", String(43)),
    Column("expires_at", BigInteger, nullable=False),
    # What it was used for, once it was.
    Column("grant_id", ForeignKey(grants.c.id)),
)

refresh_tokens = Table(
    "refreshes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("grant_id", ForeignKey(grants.c.id), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
