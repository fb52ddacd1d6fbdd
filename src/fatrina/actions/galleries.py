"""The gallery that a transaction is about to change: access checked, its product locked."""

from sqlalchemy import Connection

from fatrina.actions import access
from fatrina.adapters.database import images, products
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Gallery


def locked(tx: Connection, caller: Caller, product: int) -> Gallery:
    """Return a product's gallery, locked until the transaction ends.

    Raises:
        errors.TokenInvalid: the caller's token was revoked or replaced meanwhile.
        errors.Missing: the merchant has no such product.
    """
    access.check(tx, caller)
    if products.find(tx, caller.merchant_id, product, lock=True) is None:
        raise errors.Missing
    return images.gallery(tx, product)


def locked_of(tx: Connection, caller: Caller, image: int) -> tuple[int, Gallery]:
    """Return the product that an image is in, and its gallery, locked likewise.

    Raises:
        errors.TokenInvalid: the caller's token was revoked or replaced meanwhile.
        errors.Missing: the merchant has no such image.
    """
    access.check(tx, caller)
    product = images.product_of(tx, caller.merchant_id, image, lock=True)
    if product is None:
        raise errors.Missing
    gallery = images.gallery(tx, product)
    if all(entry.id != image for entry in gallery.entries):
        raise errors.Missing
    return product, gallery
