"""Tables. Timestamps are in milliseconds since the epoch; product and image ids look random."""

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

REVISION = "0016"
"""The newest revision in `migrations.versions`; a test compares its tables with these."""

# Auto-incremented, 64 bits. SQLite only auto-increments columns of type INTEGER, with 64 bits.
_BIG_INTEGER_ID = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row about this installation itself; it is neither dumped nor reset.
deployment = Table(
    "deployment",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # The oldest revision whose program can use the current tables: `COMPATIBLE` of the newest one.
    Column("compatible", String(4), nullable=False),
    # When the last sweep ran, of a database that several nodes share.
    Column("swept_at", BigInteger),
    info={"dumped": False},
)

# The buckets of rate limits, on PostgreSQL only. They are written at every request and may be lost,
# so that they are unlogged, and pages have room for new versions of their rows.
rate_limit_buckets = Table(
    "rate_limit_buckets",
    metadata,
    Column("merchant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("empty_at", BigInteger, nullable=False),
    # The result of the last request, and when it was counted.
    Column("accepted", Boolean, nullable=False),
    Column("counted_at", BigInteger, nullable=False),
    prefixes=["UNLOGGED"],
    postgresql_with={"fillfactor": 50},
    info={"dumped": False, "only": "postgresql"},
)

merchants = Table(
    "merchants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(6), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("plan", String(16), nullable=False, server_default="plus"),
    # Hash of the owner key, with which the merchant grants access to apps.
    Column("key_hash", String(64)),
    # The profile; see domain.merchant.
    Column("name", Text),
    Column("email", Text),
    Column("mobile", Text),
    Column("domain", Text),
    Column("avatar", Text),
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
    # The grant from which an app's token was issued; null for an operator's token.
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
    # A removed product keeps its row, so that its id is never reused, but not its SKU.
    Column("removed_at", BigInteger),
    # Name and SKU as keywords are matched against them: `domain.text.search_text`.
    Column("folded", Text, nullable=False, server_default=text("''")),
    # All other fields as JSON: `domain.product.Details`.
    Column("details", Text, nullable=False, server_default=text("'{}'")),
    # What lists are filtered by, from the details: the status of the product if it has an image,
    # and the ids of its categories, each between commas.
    Column("status", String(8), nullable=False, server_default=text("'sale'")),
    Column("category_ids", Text, nullable=False, server_default=text("''")),
    # When its fields were last changed; null if they never were.
    Column("updated_at", BigInteger),
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
    # URL of a video, which has no version.
    Column("video", Text),
)
Index("ix_images_product", images.c.product_id)
# One default image per product, enforced here as well as in `domain.gallery`.
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
    # Key of the stored files, and their properties. A version that restores an earlier one of the
    # same image has the same files.
    Column("handle", String(12), nullable=False),
    Column("secret", String(32), nullable=False),
    Column("kind", String(4), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    # The photo that was received: size, hash, link, and the token that sent it.
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("link", Text),
    # Sizes of the four stored files in bytes, comma-separated; null before revision 0007.
    Column("sizes", String(80)),
    Column("token_id", ForeignKey(tokens.c.id)),
    Column("created_at", BigInteger, nullable=False),
    # When it was replaced or removed, its alternative text at that time, when its bytes were
    # deleted.
    Column("retired_at", BigInteger),
    Column("alt", Text),
    Column("purged_at", BigInteger),
    # The image's sort and default flag when it was replaced; null before revision 0013.
    Column("sort", Double),
    Column("is_default", Boolean),
    # The number of the version that it restores, and the reason that the client gave.
    Column("restored", Integer),
    Column("reason", Text),
)
# One current version per image.
Index(
    "uq_versions_current",
    versions.c.image_id,
    unique=True,
    sqlite_where=text("retired_at IS NULL"),
    postgresql_where=text("retired_at IS NULL"),
)
Index("ix_versions_image", versions.c.image_id)
Index("ix_versions_handle", versions.c.handle)
Index(
    "ix_versions_retired",
    versions.c.retired_at,
    sqlite_where=text("purged_at IS NULL AND retired_at IS NOT NULL"),
    postgresql_where=text("purged_at IS NULL AND retired_at IS NOT NULL"),
)

# The log of the changes to a product's images.
image_changes = Table(
    "image_changes",
    metadata,
    Column("id", _BIG_INTEGER_ID, primary_key=True),
    Column("product_id", ForeignKey(products.c.id), nullable=False),
    # Null if the change concerns the order of all images.
    Column("image_id", ForeignKey(images.c.id)),
    # Names of `domain.history.Action`, separated by spaces.
    Column("actions", String(100), nullable=False),
    Column("token_id", ForeignKey(tokens.c.id)),
    Column("reason", Text),
    Column("created_at", BigInteger, nullable=False),
)
Index("ix_image_changes_product", image_changes.c.product_id, image_changes.c.id)

# A request that was executed with an idempotency key, and its response.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("id", _BIG_INTEGER_ID, primary_key=True),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    # The name of the endpoint.
    Column("operation", String(40), nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    # A JSON list of pairs.
    Column("headers", Text, nullable=False),
    # Null if it was too long.
    Column("body", Text),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("merchant_id", "operation", "key"),
)
Index("ix_idempotency_keys_expires_at", idempotency_keys.c.expires_at)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("name", Text, nullable=False),
    Column("event", String(64), nullable=False),
    Column("url", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # A JSON list of pairs.
    Column("headers", Text, nullable=False),
    Column("strategy", String(16), nullable=False),
    # Needed to sign, so it is not hashed.
    Column("secret", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    # Failed attempts since the last success, and the end of the pause after many of them.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("paused_until", BigInteger),
    # The app whose own events it receives; null for a subscription that a merchant created.
    Column("app_id", Integer),
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
    # When the next attempt is due; null if the delivery is finished.
    Column("due_at", BigInteger),
    Column("done_at", BigInteger),
    Column("status", Integer),
    Column("problem", Text),
    # Number of older events of the subscription dropped to make room for this one.
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
    # A JSON list.
    Column("redirects", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    # The scopes that the app may be granted, separated by spaces.
    Column("scopes", Text, nullable=False, server_default="products.read_write"),
    # Where the app receives its own events, and the secret that signs them.
    Column("webhook_url", Text),
    Column("webhook_secret", Text),
)

# A merchant's grant to an app; its tokens form one family.
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
    "authorization_codes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("app_id", ForeignKey(apps.c.id), nullable=False),
    Column("merchant_id", ForeignKey(merchants.c.id), nullable=False),
    Column("redirect", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("challenge", String(43)),
    Column("expires_at", BigInteger, nullable=False),
    # The grant for which it was redeemed; null until then.
    Column("grant_id", ForeignKey(grants.c.id)),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("grant_id", ForeignKey(grants.c.id), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
