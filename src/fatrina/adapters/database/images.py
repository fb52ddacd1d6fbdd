"""Images, as rows: the entries of galleries."""

from sqlalchemy import Connection, bindparam, insert, select, update

from fatrina.adapters.database.schema import images, products
from fatrina.domain.gallery import Entry, Gallery

_ENTRY = (images.c.id, images.c.age, images.c.sort, images.c.is_default, images.c.alt)
_SET = (
    update(images)
    .where(images.c.id == bindparam("image"))
    .values(sort=bindparam("sort"), is_default=bindparam("is_default"), alt=bindparam("alt"))
)


def exists(connection: Connection, image: int) -> bool:
    """Whether the id is or was taken, by whomever."""
    return connection.scalar(select(images.c.id).where(images.c.id == image)) is not None


def product_of(connection: Connection, merchant: int, image: int) -> int | None:
    """The product that a merchant's image belongs to."""
    return connection.scalar(
        select(images.c.product_id)
        .join(products)
        .where(
            images.c.id == image,
            images.c.removed_at.is_(None),
            products.c.merchant_id == merchant,
        )
    )


def gallery(connection: Connection, product: int) -> Gallery:
    """A product's images."""
    rows = connection.execute(
        select(*_ENTRY).where(images.c.product_id == product, images.c.removed_at.is_(None))
    )
    return Gallery.of(Entry(*row) for row in rows)


def save(connection: Connection, product: int, before: Gallery, after: Gallery, now: int) -> None:
    """Write what differs between two states of a gallery; who gives the default up comes first."""
    known = {entry.id for entry in before.entries}
    kept = {entry.id for entry in after.entries}
    for gone in known - kept:
        connection.execute(
            update(images).where(images.c.id == gone).values(removed_at=now, is_default=False)
        )
    for entry in after.changed(before):
        state = {"sort": entry.sort, "is_default": entry.default, "alt": entry.alt}
        if entry.id in known:
            connection.execute(_SET, {"image": entry.id, **state})
        else:
            row = {"id": entry.id, "product_id": product, "age": entry.age, "created_at": now}
            connection.execute(insert(images).values(row | state))
