"""Seed a service with apps, merchants, tokens, webhooks, products and images: all or nothing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection

from fatrina.actions import Services, committing, ids, receiving, rendering, storing
from fatrina.actions.receiving import File, IncomingPhoto, PhotoLink
from fatrina.actions.storing import StorageSection
from fatrina.adapters.database import images, products, sequences, tokens, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import hash_token
from fatrina.domain.gallery import Gallery
from fatrina.domain.product import merge
from fatrina.domain.types import ImageId, MerchantId, ProductId
from fatrina.domain.version import Version
from fatrina.emulator import seed_access
from fatrina.emulator.seed_records import Seed, SeedError, SeedImage, SeedMerchant, SeedProduct

Job = tuple[str, SeedImage]
"""The code of a merchant, and an image whose photo must be stored for it."""
Created = dict[str, Any]
"""What was created, with its ids, as JSON."""


def seed(
    services: Services,
    content: Seed,
    workers: int,
    progress: Callable[[], None] = lambda: None,
) -> list[Created]:
    """Create everything, or nothing; return the created ids of each merchant.

    `workers` threads decode photos in parallel, equal ones only once. All of them are stored
    before the one transaction begins; `progress` is called after each.

    Raises:
        SeedError: a part violates a rule, the same as for API requests.
        errors.HousekeepingBusy: a sweep, a restore, a reset or another seed is running.
    """
    with services.housekeeping.exclusive("seed") as lease, ExitStack() as stack:

        def tick() -> None:
            lease.check_held()
            progress()

        return _seed(services, content, workers, tick, StorageSection(services, stack))


def _seed(
    services: Services,
    content: Seed,
    workers: int,
    progress: Callable[[], None],
    section: StorageSection,
) -> list[Created]:
    with services.database.reading() as conn:
        for merchant in content.merchants:
            _check_token_owners(conn, merchant, tokens.find_merchant_id(conn, merchant.code))
    stored: dict[str, Version] = {}

    def store(jobs: Sequence[Job]) -> None:
        _store_photo(services, jobs, stored, section)
        for _ in jobs:
            progress()

    new_versions = stored.values()
    with (
        committing.cleanup_on_error(services, new_versions, BaseException),
        ThreadPoolExecutor(workers) as executor,
    ):
        try:
            for future in [executor.submit(store, each) for each in _group_photos(content)]:
                future.result()
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    with (
        committing.cleanup_on_error(services, new_versions, SeedError, errors.StorageFull),
        services.database.writing(bulk=True) as tx,
    ):
        created = [
            _insert_merchant(services, tx, merchant, stored) for merchant in content.merchants
        ]
        seed_access.upsert_apps(tx, content.apps, services.clock())
        sequences.advance(tx)
    return created


def _group_photos(content: Seed) -> list[list[Job]]:
    """Return the images with a photo, those with the same photo in one list."""
    groups: dict[str, list[Job]] = {}
    for merchant in content.merchants:
        for product in merchant.products:
            for image in product.images:
                if image.video_url is None:
                    key = image.photo_key or image.pointer
                    groups.setdefault(key, []).append((merchant.code, image))
    return list(groups.values())


def _store_photo(
    services: Services,
    jobs: Sequence[Job],
    stored: dict[str, Version],
    section: StorageSection,
) -> None:
    """Receive and decode the photo of `jobs` once, and store it for each of them."""
    *others, last = jobs
    with _at_pointer(jobs[0][1].pointer), services.spool.create_file() as file:
        photo = _receive(services, jobs[0][1], file)
        with rendering.render(services, photo) as rendered:
            for code, image in others:
                with rendering.duplicate(services, rendered) as copy:
                    stored[image.pointer] = storing.store(services, copy, code, section)
            code, image = last
            stored[image.pointer] = storing.store(services, rendered, code, section)


def _check_token_owners(
    conn: Connection, merchant: SeedMerchant, merchant_id: MerchantId | None
) -> None:
    """Raise if a token in the seed belongs to another merchant.

    Raises:
        SeedError: with the pointer of that token.
    """
    for index, token in enumerate(merchant.tokens):
        holder_id = tokens.find_owner(conn, hash_token(token.text))
        if holder_id is not None and holder_id != merchant_id:
            with _at_pointer(f"{merchant.pointer}/tokens/{index}"):
                raise errors.ValidationFailed(errors.TokenTaken("token"))


def _receive(services: Services, image: SeedImage, file: File) -> IncomingPhoto:
    if image.write_photo is None:
        return receiving.download(services, PhotoLink(image.link or "", "url"), file)
    image.write_photo(file)
    return IncomingPhoto(file, field="file")


def _insert_merchant(
    services: Services, tx: Connection, merchant: SeedMerchant, stored: dict[str, Version]
) -> Created:
    now = services.clock()
    with _at_pointer(merchant.pointer):
        merchant_id = seed_access.find_or_add_merchant(tx, merchant, now)
    tokens.lock_merchant(tx, merchant_id)
    tokens.set_profile(tx, merchant.code, merchant.profile)
    _check_token_owners(tx, merchant, merchant_id)
    seed_access.upsert_tokens(tx, merchant_id, merchant, now)
    webhook_ids = []
    for webhook in merchant.webhooks:
        with _at_pointer(webhook.pointer):
            webhook_ids.append(seed_access.add_webhook(tx, merchant_id, webhook, now))
    created = []
    for product in merchant.products:
        with _at_pointer(product.pointer):
            created.append(_insert_product(services, tx, merchant_id, product, stored))
    return {
        "code": merchant.code,
        "id": merchant_id,
        "products": created,
        "webhooks": webhook_ids,
    }


def _insert_product(
    services: Services,
    tx: Connection,
    merchant_id: MerchantId,
    product: SeedProduct,
    stored: dict[str, Version],
) -> Created:
    if product.sku and products.find_by_sku(tx, merchant_id, product.sku) is not None:
        raise errors.ValidationFailed(errors.SkuTaken("sku", sku=product.sku))
    now = services.clock()
    product_id = ProductId(_choose_id(product.id, partial(products.exists, tx)))
    details = merge({}, product.details)
    products.add(tx, merchant_id, ProductRow(product_id, product.name, product.sku, details), now)
    gallery = Gallery()
    image_ids = []
    for image in product.images:
        with _at_pointer(image.pointer):
            if image.video_url is None:
                gallery.check_capacity()
            image_id = ImageId(_choose_id(image.id, partial(images.exists, tx)))
            after = gallery.attach(image_id, image.change, image.video_url)
            images.save_gallery(tx, product_id, gallery, after, now)
            gallery = after
            image_ids.append(image_id)
            if image.video_url is None:
                versions.add(tx, image_id, stored[image.pointer], None, now)
    return {"id": product_id, "sku": product.sku, "images": image_ids}


def _choose_id(requested: int | None, is_taken: Callable[[int], bool]) -> int:
    if requested is None:
        return ids.new_id(is_taken)
    if is_taken(requested):
        raise errors.ValidationFailed(errors.IdTaken("id", id=requested))
    return requested


@contextmanager
def _at_pointer(pointer: str) -> Iterator[None]:
    """Convert a service error into a `SeedError` with this JSON pointer."""
    try:
        yield
    except errors.ServiceError as exc:
        raise SeedError(pointer, exc) from exc
