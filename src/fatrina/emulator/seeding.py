"""Seed a service with merchants, tokens, products and images: everything or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Services, access, committing, ids, receiving, rendering, storing
from fatrina.actions.receiving import File, IncomingPhoto, PhotoLink
from fatrina.actions.storing import StorageSection
from fatrina.adapters.database import images, products, tokens, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import hash_token
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.rate_limit import DEFAULT_PLAN
from fatrina.domain.types import ImageId, MerchantId, Millis, ProductId
from fatrina.domain.version import Version

PhotoWriter = Callable[[File], None]
"""Writes a photo's bytes to a file."""


@dataclass(frozen=True, slots=True)
class SeedImage:
    """An image or a video to create; `pointer` is its JSON pointer for error messages."""

    pointer: str
    change: Change
    id: int | None = None
    write_photo: PhotoWriter | None = None
    link: str | None = None
    video_url: str | None = None


@dataclass(frozen=True, slots=True)
class SeedProduct:
    """A product to create."""

    pointer: str
    name: str
    sku: str | None = None
    id: int | None = None
    images: Sequence[SeedImage] = ()


@dataclass(frozen=True, slots=True)
class SeedToken:
    """A token to create; its text is given, so that tests can use a constant."""

    text: str
    scope: str
    lifetime: Millis
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class SeedMerchant:
    """A merchant to create, or an existing one to add to."""

    pointer: str
    code: str
    plan: str = DEFAULT_PLAN
    tokens: Sequence[SeedToken] = ()
    products: Sequence[SeedProduct] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    """Fields of `domain.merchant.Profile`."""


class SeedError(Exception):
    """An error in one part of the seed, and the JSON pointer of that part."""

    def __init__(self, pointer: str, error: errors.ServiceError) -> None:
        super().__init__(pointer, error)
        self.pointer = pointer
        self.error = error


def seed(
    services: Services,
    merchants: Sequence[SeedMerchant],
    workers: int,
    progress: Callable[[], None] = lambda: None,
) -> int:
    """Create everything, or nothing; return the number of photos.

    `workers` threads decode photos in parallel. All of them are stored before the one transaction
    begins; `progress` is called after each.

    Raises:
        SeedError: a part violates a rule, the same as for API requests.
        errors.HousekeepingBusy: a sweep, a restore, a reset or another seed is running.
    """
    with services.housekeeping.exclusive("seed") as lease, ExitStack() as stack:

        def tick() -> None:
            lease.check_held()
            progress()

        return _seed(services, merchants, workers, tick, StorageSection(services, stack))


def _seed(
    services: Services,
    merchants: Sequence[SeedMerchant],
    workers: int,
    progress: Callable[[], None],
    section: StorageSection,
) -> int:
    photos = [
        (merchant.code, image)
        for merchant in merchants
        for product in merchant.products
        for image in product.images
        if image.video_url is None
    ]
    with services.database.reading() as conn:
        for merchant in merchants:
            _check_token_owners(conn, merchant, tokens.find_merchant_id(conn, merchant.code))
    stored: dict[str, Version] = {}

    def store(merchant_code: str, image: SeedImage) -> None:
        with _at_pointer(image.pointer), services.spool.create_file() as file:
            photo = _receive(services, image, file)
            with rendering.render(services, photo) as rendered:
                stored[image.pointer] = storing.store(services, rendered, merchant_code, section)
        progress()

    new_versions = stored.values()
    with (
        committing.cleanup_on_error(services, new_versions, BaseException),
        ThreadPoolExecutor(workers) as executor,
    ):
        try:
            for future in [executor.submit(store, *each) for each in photos]:
                future.result()
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    with (
        committing.cleanup_on_error(services, new_versions, SeedError, errors.StorageFull),
        services.database.writing(bulk=True) as tx,
    ):
        for merchant in merchants:
            _insert_merchant(services, tx, merchant, stored)
    return len(stored)


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
) -> None:
    now = services.clock()
    merchant_id = tokens.find_merchant_id(tx, merchant.code)
    if merchant_id is None:
        merchant_id = tokens.add_merchant(tx, merchant.code, now, merchant.plan)
    tokens.lock_merchant(tx, merchant_id)
    tokens.set_profile(tx, merchant.code, merchant.profile)
    _check_token_owners(tx, merchant, merchant_id)
    for token in merchant.tokens:
        _, row = access.build_token(token.scope, token.lifetime, now, token.text)
        tokens.upsert(tx, merchant_id, row)
    for product in merchant.products:
        with _at_pointer(product.pointer):
            _insert_product(services, tx, merchant_id, product, stored)


def _insert_product(
    services: Services,
    tx: Connection,
    merchant_id: MerchantId,
    product: SeedProduct,
    stored: dict[str, Version],
) -> None:
    if product.sku and products.find_by_sku(tx, merchant_id, product.sku) is not None:
        raise errors.ValidationFailed(errors.SkuTaken("sku", sku=product.sku))
    now = services.clock()
    product_id = ProductId(_choose_id(product.id, partial(products.exists, tx)))
    products.add(tx, merchant_id, ProductRow(product_id, product.name, product.sku), now)
    gallery = Gallery()
    for image in product.images:
        with _at_pointer(image.pointer):
            if image.video_url is None:
                gallery.check_capacity()
            image_id = ImageId(_choose_id(image.id, partial(images.exists, tx)))
            after = gallery.attach(image_id, image.change, image.video_url)
            images.save_gallery(tx, product_id, gallery, after, now)
            gallery = after
            if image.video_url is None:
                versions.add(tx, image_id, stored[image.pointer], None, now)


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
