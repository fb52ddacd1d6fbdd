"""Create, find, change and remove products: what images hang on."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

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
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.pagination import Page
from fatrina.domain.version import Version
from fatrina.domain.views import ProductView
from fatrina.domain.webhook import PRODUCT_CHANGE_EVENTS


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A page of a merchant's products."""

    products: tuple[ProductView, ...]
    page: Page
    total: int
    """How many there are on all pages."""


def create(
    services: Services,
    caller: Caller,
    name: str,
    sku: str | None,
    photos: Sequence[tuple[Change, PhotoLink]] = (),
) -> ProductView:
    """Add a product with all of its images, or nothing: every photo is stored before a row is.

    Raises:
        errors.ValidationFailed: another product of this merchant has the SKU, or there are too
            many images.
        errors.PhotoError, errors.ServiceUnavailable, errors.StorageFull.
    """
    Gallery().check_capacity(len(photos))
    with services.database.reading() as conn:
        _check_sku_free(conn, caller, sku)
        row = ProductRow(ids.new_id(partial(products.exists, conn)), name, sku)
        numbers = ids.new_ids(len(photos), partial(images.exists, conn))
    with ExitStack() as stack:
        section = StorageSection(services, stack)
        fresh = _ingest_links(services, caller, (link for _, link in photos), section)
        return _create(services, caller, row, [*zip(numbers, fresh, photos, strict=True)])


def _create(
    services: Services,
    caller: Caller,
    row: ProductRow,
    images_: Sequence[tuple[int, Version, tuple[Change, PhotoLink]]],
) -> ProductView:
    """One transaction: the product and all of its images."""

    def run(tx: Connection) -> ProductView:
        access.check_token(tx, caller)
        tokens.lock_merchant(tx, caller.merchant_id)
        _check_sku_free(tx, caller, row.sku)
        now = services.clock()
        products.add(tx, caller.merchant_id, row, now)
        gallery = Gallery()
        for image, version, (change, _) in images_:
            after = gallery.attach(image, change)
            images.save_gallery(tx, row.id, gallery, after, now)
            versions.add(tx, image, version, caller.token_id, now)
            gallery = after
        return load_views(tx, [row])[0]

    def committed(tx: Connection) -> ProductView | None:
        tokens.lock_merchant(tx, caller.merchant_id)
        if not products.exists(tx, row.id):
            return None
        return load_views(tx, [_require(products.find(tx, caller.merchant_id, row.id))])[0]

    return committing.commit(services, run, committed, [version for _, version, _ in images_])


def details(services: Services, caller: Caller, product_id: int) -> ProductView:
    """A product with its images.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.reading() as conn:
        row = _require(products.find(conn, caller.merchant_id, product_id))
        return load_views(conn, [row])[0]


def check_exists(services: Services, caller: Caller, product_id: int) -> int:
    """The id, when it is that of a product of the merchant; asked before a body is read.

    Raises:
        errors.NotFound: it has not.
    """
    with services.database.reading() as conn:
        return _require(products.find(conn, caller.merchant_id, product_id)).id


def find_by_sku(services: Services, caller: Caller, sku: str) -> int:
    """The product that has the SKU.

    Raises:
        errors.NotFound: none of the merchant's has.
    """
    with services.database.reading() as conn:
        product = products.find_by_sku(conn, caller.merchant_id, sku)
    if product is None:
        raise errors.NotFound
    return product


def list_products(services: Services, caller: Caller, page: Page, keyword: str = "") -> ProductPage:
    """A page of the merchant's products whose name or SKU has the keyword, the newest first."""
    with services.database.reading() as conn:
        total = products.count(conn, caller.merchant_id, keyword)
        rows = products.list_page(conn, caller.merchant_id, keyword, page.size, page.offset)
        return ProductPage(load_views(conn, rows), page, total)


def update(
    services: Services, caller: Caller, product_id: int, name: str | None, sku: str | None
) -> ProductView:
    """Change what is mentioned of a product; an empty SKU takes it away.

    Raises:
        errors.NotFound: the merchant has no such product.
        errors.ValidationFailed: another one has the SKU.
    """
    with services.database.writing() as tx:
        access.check_token(tx, caller)
        if sku:
            tokens.lock_merchant(tx, caller.merchant_id)
        before = _require(products.find(tx, caller.merchant_id, product_id, lock=True))
        if sku != before.sku:
            _check_sku_free(tx, caller, sku)
        kept = before.sku if sku is None else sku or None
        row = ProductRow(product_id, before.name if name is None else name, kept)
        if row != before:
            products.update_fields(tx, row)
            services.outbox.enqueue(tx, caller, product_id, PRODUCT_CHANGE_EVENTS)
        return load_views(tx, [row])[0]


def remove(services: Services, caller: Caller, product_id: int) -> None:
    """Take a product and its images away; records and, for a while, bytes are kept.

    Raises:
        errors.NotFound: the merchant has no such product.
    """
    with services.database.writing() as tx:
        gallery, now = galleries.lock(tx, caller, product_id), services.clock()
        images.save_gallery(tx, product_id, gallery, Gallery(), now)
        for entry in gallery.entries:
            versions.retire(tx, entry.id, entry.alt, now)
        products.remove(tx, product_id, now)


def _ingest_links(
    services: Services, caller: Caller, links: Iterable[PhotoLink], section: StorageSection
) -> list[Version]:
    """Every linked photo, fetched and stored; when one is refused, none is."""
    made: list[Version] = []
    with ExitStack() as undo:
        for link in links:
            with services.spool.create_file() as file:
                photo = receiving.download(services, link, file)
                with rendering.render(services, photo) as rendered:
                    version = storing.store(services, rendered, caller.merchant_code, section)
            undo.callback(storing.discard, services, version.original)
            made.append(version)
        undo.pop_all()
    return made


def _check_sku_free(conn: Connection, caller: Caller, sku: str | None) -> None:
    if sku and products.find_by_sku(conn, caller.merchant_id, sku) is not None:
        raise errors.ValidationFailed(errors.SkuTaken("sku", sku=sku))


def _require(row: ProductRow | None) -> ProductRow:
    if row is None:
        raise errors.NotFound
    return row
