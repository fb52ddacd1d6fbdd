"""Create and show products: what images hang on."""

from dataclasses import dataclass
from functools import partial

from fatrina.actions import Parts, ids
from fatrina.actions.images import Image
from fatrina.adapters.database import images, products, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import Caller


@dataclass(frozen=True, slots=True)
class Product:
    """A product and its images, in their order."""

    row: ProductRow
    images: tuple[Image, ...] = ()


def create(parts: Parts, caller: Caller, name: str, sku: str | None) -> Product:
    """Add a product without images.

    Raises:
        errors.Invalid: another product of this merchant has the SKU.
    """
    with parts.database.writing() as tx:
        if sku is not None and products.sku_taken(tx, caller.merchant_id, sku):
            raise errors.Invalid(errors.SkuTaken("sku", sku=sku))
        row = ProductRow(ids.fresh(partial(products.exists, tx)), name, sku)
        products.add(tx, caller.merchant_id, row, parts.clock())
    return Product(row)


def details(parts: Parts, caller: Caller, product: int) -> Product:
    """A product with its images.

    Raises:
        errors.Missing: the merchant has no such product.
    """
    with parts.database.reading() as look:
        row = products.find(look, caller.merchant_id, product)
        if row is None:
            raise errors.Missing
        shown = versions.current(look, product)
        entries = images.gallery(look, product).entries
    return Product(row, tuple(Image(entry, shown[entry.id].original) for entry in entries))
