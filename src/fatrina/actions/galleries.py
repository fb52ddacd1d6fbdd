"""The gallery that a transaction is about to change: access checked, its product locked."""

from sqlalchemy import Connection

from fatrina.actions import access
from fatrina.adapters.database import images, products
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Gallery


def lock(tx: Connection, caller: Caller, product_id: int) -> Gallery:
    """Return a product's gallery, locked until the transaction ends.

    Raises:
        errors.InvalidToken: the caller's token was revoked or replaced meanwhile.
        errors.NotFound: the merchant has no such product.
    """
    access.check(tx, caller)
    if products.find(tx, caller.merchant_id, product_id, lock=True) is None:
        raise errors.NotFound
    return images.gallery(tx, product_id)


def lock_by_image(tx: Connection, caller: Caller, image_id: int) -> tuple[int, Gallery]:
    """Return the product that an image is in, and its gallery, locked likewise.

    Raises:
        errors.InvalidToken: the caller's token was revoked or replaced meanwhile.
        errors.NotFound: the merchant has no such image.
    """
    access.check(tx, caller)
    product = images.product_of(tx, caller.merchant_id, image_id, lock=True)
    if product is None:
        raise errors.NotFound
    gallery = images.gallery(tx, product)
    if all(entry.id != image_id for entry in gallery.entries):
        raise errors.NotFound
    return product, gallery
