"""Create, find, change and remove products: what images hang on."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Parts, access, galleries, ids, ingest
from fatrina.actions.announce import announce
from fatrina.actions.ingest import Linked, Storing
from fatrina.actions.shown import Product, with_images
from fatrina.adapters.database import images, products, tokens, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import Caller
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.page import Page
from fatrina.domain.version import Version
from fatrina.domain.webhook import OF_PRODUCTS


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a merchant's products."""

    products: tuple[Product, ...]
    page: Page
    total: int
    """How many there are on all pages."""


def create(
    parts: Parts,
    caller: Caller,
    name: str,
    sku: str | None,
    pictures: Sequence[tuple[Change, Linked]] = (),
) -> Product:
    """Add a product with all of its images, or nothing: every photo is stored before a row is.

    Raises:
        errors.Invalid: another product of this merchant has the SKU, or there are too many images.
        errors.PhotoRefused, errors.Unavailable, errors.StorageFull.
    """
    Gallery().must_have_room(len(pictures))
    with parts.database.reading() as look:
        _must_be_free(look, caller, sku)
        row = ProductRow(ids.fresh(partial(products.exists, look)), name, sku)
        numbers = ids.several(len(pictures), partial(images.exists, look))
    with ExitStack() as stack:
        storing = Storing(parts, stack)
        fresh = _developed(parts, caller, (link for _, link in pictures), storing)
        return _create(parts, caller, row, [*zip(numbers, fresh, pictures, strict=True)])


def _create(
    parts: Parts,
    caller: Caller,
    row: ProductRow,
    images_: Sequence[tuple[int, Version, tuple[Change, Linked]]],
) -> Product:
    """One transaction: the product and all of its images."""

    def run(tx: Connection) -> Product:
        access.check(tx, caller)
        tokens.lock(tx, caller.merchant_id)
        _must_be_free(tx, caller, row.sku)
        now = parts.clock()
        products.add(tx, caller.merchant_id, row, now)
        gallery = Gallery()
        for image, version, (change, _) in images_:
            after = gallery.attach(image, change)
            images.save(tx, row.id, gallery, after, now)
            versions.add(tx, image, version, caller.token_id, now)
            gallery = after
        return with_images(tx, [row])[0]

    def committed(tx: Connection) -> Product | None:
        tokens.lock(tx, caller.merchant_id)
        if not products.exists(tx, row.id):
            return None
        return with_images(tx, [_must(products.find(tx, caller.merchant_id, row.id))])[0]

    return ingest.commit(parts, run, committed, [version for _, version, _ in images_])


def details(parts: Parts, caller: Caller, product: int) -> Product:
    """A product with its images.

    Raises:
        errors.Missing: the merchant has no such product.
    """
    with parts.database.reading() as look:
        row = _must(products.find(look, caller.merchant_id, product))
        return with_images(look, [row])[0]


def must_exist(parts: Parts, caller: Caller, product: int) -> int:
    """The id, when it is that of a product of the merchant; asked before a body is read.

    Raises:
        errors.Missing: it has not.
    """
    with parts.database.reading() as look:
        return _must(products.find(look, caller.merchant_id, product)).id


def by_sku(parts: Parts, caller: Caller, sku: str) -> int:
    """The product that has the SKU.

    Raises:
        errors.Missing: none of the merchant's has.
    """
    with parts.database.reading() as look:
        product = products.by_sku(look, caller.merchant_id, sku)
    if product is None:
        raise errors.Missing
    return product


def listed(parts: Parts, caller: Caller, page: Page, keyword: str = "") -> Listed:
    """A page of the merchant's products whose name or SKU has the keyword, the newest first."""
    with parts.database.reading() as look:
        total = products.count(look, caller.merchant_id, keyword)
        rows = products.listed(look, caller.merchant_id, keyword, page.size, page.before)
        return Listed(with_images(look, rows), page, total)


def update(
    parts: Parts, caller: Caller, product: int, name: str | None, sku: str | None
) -> Product:
    """Change what is mentioned of a product; an empty SKU takes it away.

    Raises:
        errors.Missing: the merchant has no such product.
        errors.Invalid: another one has the SKU.
    """
    with parts.database.writing() as tx:
        access.check(tx, caller)
        if sku:
            tokens.lock(tx, caller.merchant_id)
        before = _must(products.find(tx, caller.merchant_id, product, lock=True))
        if sku != before.sku:
            _must_be_free(tx, caller, sku)
        kept = before.sku if sku is None else sku or None
        row = ProductRow(product, before.name if name is None else name, kept)
        if row != before:
            products.change(tx, row)
            announce(parts, tx, caller, product, OF_PRODUCTS)
        return with_images(tx, [row])[0]


def remove(parts: Parts, caller: Caller, product: int) -> None:
    """Take a product and its images away; records and, for a while, bytes are kept.

    Raises:
        errors.Missing: the merchant has no such product.
    """
    with parts.database.writing() as tx:
        gallery, now = galleries.locked(tx, caller, product), parts.clock()
        images.save(tx, product, gallery, Gallery(), now)
        for entry in gallery.entries:
            versions.retire(tx, entry.id, entry.alt, now)
        products.remove(tx, product, now)


def _developed(
    parts: Parts, caller: Caller, links: Iterable[Linked], storing: Storing
) -> list[Version]:
    """Every linked photo, fetched and stored; when one is refused, none is."""
    made: list[Version] = []
    with ExitStack() as undo:
        for link in links:
            with parts.spool.new() as file:
                photo = ingest.fetch(parts, link, file)
                version = ingest.develop(parts, photo, caller.merchant, storing)
            undo.callback(ingest.discard, parts, version.original)
            made.append(version)
        undo.pop_all()
    return made


def _must_be_free(look: Connection, caller: Caller, sku: str | None) -> None:
    if sku and products.by_sku(look, caller.merchant_id, sku) is not None:
        raise errors.Invalid(errors.SkuTaken("sku", sku=sku))


def _must(row: ProductRow | None) -> ProductRow:
    if row is None:
        raise errors.Missing
    return row
