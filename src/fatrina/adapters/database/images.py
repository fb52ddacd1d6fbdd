"""Images and videos, as rows: the entries of galleries."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, insert, select, update

from fatrina.adapters.database.schema import images, products
from fatrina.domain.gallery import Entry, Gallery

_I = images.c
_ENTRY = (_I.id, _I.age, _I.sort, _I.is_default, _I.alt, _I.video)
# Statements of the update's road are built once: building one costs as much as running it.
_PRODUCT_OF = (
    select(_I.product_id)
    .join(products)
    .where(
        _I.id == bindparam("image"),
        _I.removed_at.is_(None),
        products.c.merchant_id == bindparam("merchant"),
    )
)
_LOCK_PRODUCT_OF = _PRODUCT_OF.with_for_update(of=products, key_share=True)
_GALLERY = select(*_ENTRY).where(_I.product_id == bindparam("product"), _I.removed_at.is_(None))
_SET = (
    update(images)
    .where(_I.id == bindparam("image"))
    .values(sort=bindparam("sort"), is_default=bindparam("is_default"), alt=bindparam("alt"))
)


def exists(conn: Connection, image_id: int) -> bool:
    """Whether the id is or was taken, by whomever."""
    return conn.scalar(select(_I.id).where(_I.id == image_id)) is not None


def product_of(
    conn: Connection, merchant_id: int, image_id: int, *, lock: bool = False
) -> int | None:
    """The product that a merchant's image belongs to; `lock` as in `products.find`."""
    found: int | None = conn.scalar(
        _LOCK_PRODUCT_OF if lock else _PRODUCT_OF, {"image": image_id, "merchant": merchant_id}
    )
    return found


def gallery(conn: Connection, product_id: int) -> Gallery:
    """A product's images."""
    return Gallery.of(Entry(*row) for row in conn.execute(_GALLERY, {"product": product_id}))


def galleries(conn: Connection, wanted: Collection[int]) -> dict[int, Gallery]:
    """The images of several products, by product."""
    rows = conn.execute(
        select(_I.product_id, *_ENTRY).where(_I.product_id.in_(wanted), _I.removed_at.is_(None))
    )
    entries: dict[int, list[Entry]] = {product: [] for product in wanted}
    for product, *row in rows:
        entries[product].append(Entry(*row))
    return {product: Gallery.of(each) for product, each in entries.items()}


def save(conn: Connection, product_id: int, before: Gallery, after: Gallery, now: int) -> None:
    """Write what differs between two states of a gallery; who gives the default up comes first."""
    known = {entry.id for entry in before.entries}
    kept = {entry.id for entry in after.entries}
    for gone in known - kept:
        conn.execute(update(images).where(_I.id == gone).values(removed_at=now, is_default=False))
    for entry in after.changed(before):
        state = {"sort": entry.sort, "is_default": entry.default, "alt": entry.alt}
        if entry.id in known:
            conn.execute(_SET, {"image": entry.id, **state})
        else:
            row = {"id": entry.id, "product_id": product_id, "age": entry.age, "created_at": now}
            conn.execute(insert(images).values(row | state | {"video": entry.video}))
