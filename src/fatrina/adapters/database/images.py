"""Queries for images and videos, the entries of galleries."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, insert, select, update

from fatrina.adapters.database.schema import images, products
from fatrina.domain.gallery import Gallery, GalleryEntry
from fatrina.domain.types import ImageId, MerchantId, Millis, ProductId

_I = images.c
_ENTRY = (_I.id, _I.age, _I.sort, _I.is_default, _I.alt, _I.video)
# Statements of an update are built once: building one takes as long as executing it.
_OWNED = (
    _I.id == bindparam("image"),
    _I.removed_at.is_(None),
    products.c.merchant_id == bindparam("merchant"),
)
_SELECT_PRODUCT = select(_I.product_id).join(products).where(*_OWNED)
_SELECT_PRODUCT_FOR_UPDATE = _SELECT_PRODUCT.with_for_update(of=products, key_share=True)
_SELECT_OWNED = select(*_ENTRY).join(products).where(*_OWNED)
_SELECT_GALLERY = select(*_ENTRY).where(
    _I.product_id == bindparam("product"), _I.removed_at.is_(None)
)
_UPDATE_ENTRY = (
    update(images)
    .where(_I.id == bindparam("image"))
    .values(sort=bindparam("sort"), is_default=bindparam("is_default"), alt=bindparam("alt"))
)


def exists(conn: Connection, image_id: ImageId) -> bool:
    """Return whether any merchant uses or has used the id."""
    return conn.scalar(select(_I.id).where(_I.id == image_id)) is not None


def find_product_id(
    conn: Connection, merchant_id: MerchantId, image_id: ImageId, *, lock: bool = False
) -> ProductId | None:
    """Return the product id of a merchant's image; None if there is no such image.

    With `lock`, lock the product's row until the transaction ends.
    """
    product_id: ProductId | None = conn.scalar(
        _SELECT_PRODUCT_FOR_UPDATE if lock else _SELECT_PRODUCT,
        {"image": image_id, "merchant": merchant_id},
    )
    return product_id


def find(conn: Connection, merchant_id: MerchantId, image_id: ImageId) -> GalleryEntry | None:
    """Return a merchant's image; None if there is no such image or it is deleted."""
    row = conn.execute(_SELECT_OWNED, {"image": image_id, "merchant": merchant_id}).first()
    return None if row is None else GalleryEntry(*row)


def find_removed(conn: Connection, image_id: ImageId) -> GalleryEntry | None:
    """Return a deleted image, or None; the caller has locked its gallery."""
    row = conn.execute(select(*_ENTRY).where(_I.id == image_id, _I.removed_at.is_not(None))).first()
    return None if row is None else GalleryEntry(*row)


def list_removed(
    conn: Connection, product_id: ProductId, since: Millis
) -> list[tuple[GalleryEntry, Millis]]:
    """Return a product's images deleted after `since`, the latest first, and when they were."""
    rows = conn.execute(
        select(_I.removed_at, *_ENTRY)
        .where(_I.product_id == product_id, _I.removed_at > since)
        .order_by(_I.removed_at.desc(), _I.id)
    )
    return [(GalleryEntry(*entry), removed_at) for removed_at, *entry in rows]


def unremove(conn: Connection, image_id: ImageId) -> None:
    """Return a deleted image to its gallery, not as the default."""
    conn.execute(update(images).where(_I.id == image_id).values(removed_at=None, is_default=False))


def load_gallery(conn: Connection, product_id: ProductId) -> Gallery:
    """Return a product's gallery."""
    return Gallery.of(
        GalleryEntry(*row) for row in conn.execute(_SELECT_GALLERY, {"product": product_id})
    )


def load_galleries(conn: Connection, product_ids: Collection[int]) -> dict[int, Gallery]:
    """Return the galleries of several products by product id, empty ones included."""
    rows = conn.execute(
        select(_I.product_id, *_ENTRY).where(
            _I.product_id.in_(product_ids), _I.removed_at.is_(None)
        )
    )
    entries: dict[int, list[GalleryEntry]] = {product_id: [] for product_id in product_ids}
    for product, *row in rows:
        entries[product].append(GalleryEntry(*row))
    return {product: Gallery.of(each) for product, each in entries.items()}


def save_gallery(
    conn: Connection, product_id: ProductId, before: Gallery, after: Gallery, now: Millis
) -> None:
    """Write the differences between two states of a gallery.

    An image that stops being the default is written before the one that becomes it.
    """
    old_ids = {entry.id for entry in before.entries}
    new_ids = {entry.id for entry in after.entries}
    for removed_id in old_ids - new_ids:
        conn.execute(
            update(images).where(_I.id == removed_id).values(removed_at=now, is_default=False)
        )
    for entry in after.changed_since(before):
        state = {"sort": entry.sort, "is_default": entry.default, "alt": entry.alt}
        if entry.id in old_ids:
            conn.execute(_UPDATE_ENTRY, {"image": entry.id, **state})
        else:
            row = {"id": entry.id, "product_id": product_id, "age": entry.age, "created_at": now}
            conn.execute(insert(images).values(row | state | {"video": entry.video}))
