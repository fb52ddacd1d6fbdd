"""Create, find, list, update and remove products."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from fatrina.actions import (
    Services,
    access,
    committing,
    galleries,
    ids,
    receiving,
    rendering,
    storing,
)
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.storing import StorageSection
from fatrina.actions.views import load_views
from fatrina.adapters.database import images, products, tokens, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors, product
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.history import Action
from fatrina.domain.pagination import Page
from fatrina.domain.product import ALL, Details, ProductFilter
from fatrina.domain.types import ImageId, ProductId
from fatrina.domain.version import Version
from fatrina.domain.views import ProductView
from fatrina.domain.webhook import PRODUCT_CHANGE_EVENTS, PRODUCT_CREATED, PRODUCT_DELETED

NO_DETAILS: Final[Details] = {}


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A page of a merchant's products."""

    products: tuple[ProductView, ...]
    page: Page
    total: int
    """The number of products on all pages."""


def create(  # noqa: PLR0913, PLR0917  the fields of one request
    services: Services,
    caller: Caller,
    name: str,
    sku: str | None,
    photos: Sequence[tuple[Change, PhotoLink]] = (),
    details: Details = NO_DETAILS,
) -> ProductView:
    """Create a product with all of its images, or nothing.

    All photos are stored before the transaction that inserts the rows.

    Raises:
        errors.ValidationFailed: another product of this merchant has the SKU, there are too many
            photos, or `details` is too large.
        errors.PhotoError, errors.ServiceUnavailable, errors.StorageFull.
    """
    Gallery().check_capacity(len(photos))
    details = product.merge(NO_DETAILS, details)
    with services.database.reading() as conn:
        _check_sku_free(conn, caller, sku)
        product_id = ProductId(ids.new_id(partial(products.exists, conn)))
        row = ProductRow(product_id, name, sku, details)
        image_ids = ids.new_ids(len(photos), partial(images.exists, conn))
    with ExitStack() as stack:
        section = StorageSection(services, stack)
        stored = _store_linked_photos(services, caller, (link for _, link in photos), section)
        changes = [change for change, _ in photos]
        new_images = [*zip(image_ids, stored, changes, strict=True)]
        return _create(services, caller, row, new_images)


def _create(
    services: Services,
    caller: Caller,
    row: ProductRow,
    new_images: Sequence[tuple[int, Version, Change]],
) -> ProductView:
    """Insert the product and all of its images in one transaction."""

    def run(tx: Connection) -> ProductView:
        access.check_token(tx, caller)
        tokens.lock_merchant(tx, caller.merchant_id)
        _check_sku_free(tx, caller, row.sku)
        now = services.clock()
        products.add(tx, caller.merchant_id, row, now)
        gallery = Gallery()
        for image_id, version, change in new_images:
            after = gallery.attach(ImageId(image_id), change)
            images.save_gallery(tx, row.id, gallery, after, now)
            versions.add(tx, ImageId(image_id), version, caller.token_id, now)
            galleries.record_change(tx, caller, row.id, ImageId(image_id), [Action.ATTACHED], now)
            gallery = after
        services.outbox.enqueue(tx, caller, row.id, (PRODUCT_CREATED,))
        return load_views(tx, [row._replace(created_at=now)])[0]

    def find_committed(tx: Connection) -> ProductView | None:
        tokens.lock_merchant(tx, caller.merchant_id)
        if not products.exists(tx, row.id):
            return None
        return load_views(tx, [_require(products.find(tx, caller.merchant_id, row.id))])[0]

    return committing.commit(
        services, run, find_committed, [version for _, version, _ in new_images]
    )


def details(services: Services, caller: Caller, product_id: ProductId) -> ProductView:
    """Return a product with its images.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.reading() as conn:
        row = _require(products.find(conn, caller.merchant_id, product_id))
        return load_views(conn, [row])[0]


def check_exists(services: Services, caller: Caller, product_id: ProductId) -> ProductId:
    """Return the id of a product of the merchant; called before the body is read.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.reading() as conn:
        return _require(products.find(conn, caller.merchant_id, product_id)).id


def find_by_sku(services: Services, caller: Caller, sku: str) -> ProductId:
    """Return the id of the merchant's product with this SKU.

    Raises:
        errors.NotFound: no product of the merchant has it.
    """
    with services.database.reading() as conn:
        product_id = products.find_by_sku(conn, caller.merchant_id, sku)
    if product_id is None:
        raise errors.NotFound
    return product_id


def list_products(
    services: Services,
    caller: Caller,
    page: Page,
    wanted: ProductFilter = ALL,
) -> ProductPage:
    """Return a page of the products that match a filter, the newest first."""
    with services.database.reading() as conn:
        total = products.count(conn, caller.merchant_id, wanted)
        rows = products.list_page(conn, caller.merchant_id, wanted, page.size, page.offset)
        return ProductPage(load_views(conn, rows), page, total)


def update(  # noqa: PLR0913, PLR0917  the fields of one request
    services: Services,
    caller: Caller,
    product_id: ProductId,
    name: str | None = None,
    sku: str | None = None,
    details: Details = NO_DETAILS,
) -> ProductView:
    """Change the given fields of a product; an empty SKU, and None in `details`, remove a field.

    Raises:
        errors.NotFound: the merchant has no such product.
        errors.ValidationFailed: another product of the merchant has the SKU, or the product's
            details become too large.
    """
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        if sku:
            tokens.lock_merchant(tx, caller.merchant_id)
        before = _require(products.find(tx, caller.merchant_id, product_id, lock=True))
        if sku != before.sku:
            _check_sku_free(tx, caller, sku)
        new_sku = before.sku if sku is None else sku or None
        row = before._replace(
            name=before.name if name is None else name,
            sku=new_sku,
            details=product.merge(before.details, details),
        )
        if row != before:
            row = row._replace(updated_at=services.clock())
            products.update_fields(tx, row)
            services.outbox.enqueue(tx, caller, product_id, PRODUCT_CHANGE_EVENTS)
        return services.recorder.record(tx, load_views(tx, [row])[0])


def remove(services: Services, caller: Caller, product_id: ProductId) -> None:
    """Remove a product and its images; rows are kept, files until the sweep deletes them.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.writing() as tx:
        gallery, now = galleries.lock(tx, caller, product_id), services.clock()
        services.outbox.enqueue(tx, caller, product_id, (PRODUCT_DELETED,))
        images.save_gallery(tx, product_id, gallery, Gallery(), now)
        for entry in gallery.entries:
            versions.retire(tx, entry, now)
        products.remove(tx, product_id, now)
        services.recorder.record(tx, None)


def _store_linked_photos(
    services: Services, caller: Caller, links: Iterable[PhotoLink], section: StorageSection
) -> list[Version]:
    """Download, render and store every linked photo; after an error, none of them is kept."""
    stored: list[Version] = []
    with ExitStack() as cleanup:
        for link in links:
            with services.spool.create_file() as file:
                photo = receiving.download(services, link, file)
                with rendering.render(services, photo) as rendered:
                    version = storing.store(services, rendered, caller.merchant_code, section)
            cleanup.callback(storing.discard, services, version.original)
            stored.append(version)
        cleanup.pop_all()
    return stored


def _check_sku_free(conn: Connection, caller: Caller, sku: str | None) -> None:
    if sku and products.find_by_sku(conn, caller.merchant_id, sku) is not None:
        raise errors.ValidationFailed(errors.SkuTaken("sku", sku=sku))


def _require(row: ProductRow | None) -> ProductRow:
    if row is None:
        raise errors.NotFound
    return row
