"""Sow a whole shop at once: merchants, tokens, products and their pictures, all or nothing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
from fatrina.domain.rate_limit import DEFAULT
from fatrina.domain.version import Version

PhotoWriter = Callable[[File], None]
"""Writes a picture's bytes into a file."""


@dataclass(frozen=True, slots=True)
class SeedImage:
    """An image or a video to be; `at` is its place in the seed, for whoever has to mend it."""

    pointer: str
    change: Change
    id: int | None = None
    write_photo: PhotoWriter | None = None
    link: str | None = None
    video_url: str | None = None


@dataclass(frozen=True, slots=True)
class SeedProduct:
    """A product to be."""

    pointer: str
    name: str
    sku: str | None = None
    id: int | None = None
    images: Sequence[SeedImage] = ()


@dataclass(frozen=True, slots=True)
class SeedToken:
    """A token to be; `text` is given where tests know it by heart."""

    text: str
    scope: str
    lifetime: int


@dataclass(frozen=True, slots=True)
class SeedMerchant:
    """A merchant to be, or one that is there already."""

    pointer: str
    code: str
    plan: str = DEFAULT
    tokens: Sequence[SeedToken] = ()
    products: Sequence[SeedProduct] = ()


class SeedError(Exception):
    """Something of the seed cannot be sown: where, and why."""

    def __init__(self, at: str, error: errors.ServiceError) -> None:
        super().__init__(at, error)
        self.pointer = at
        self.error = error


def seed(
    services: Services,
    merchants: Sequence[SeedMerchant],
    workers: int,
    progress: Callable[[], None] = lambda: None,
) -> int:
    """Add all of it, or nothing; how many pictures that were.

    Pictures are decoded by as many `workers` at once, and every one is stored before the one
    transaction begins; `progress` is called after each.

    Raises:
        SeedError: one of it cannot be: refused by the rules that hold for the API as well.
        errors.HousekeepingBusy: sweep, restore, reset or another seed is at work.
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
    wanted = [
        (merchant.code, picture)
        for merchant in merchants
        for product in merchant.products
        for picture in product.images
        if picture.video_url is None
    ]
    with services.database.reading() as conn:
        for merchant in merchants:
            _check_owner(conn, merchant, tokens.find_merchant_id(conn, merchant.code))
    made: dict[str, Version] = {}

    def develop(code: str, picture: SeedImage) -> None:
        with _for_place(picture.pointer), services.spool.create_file() as file:
            photo = _receive(services, picture, file)
            with rendering.render(services, photo) as rendered:
                made[picture.pointer] = storing.store(services, rendered, code, section)
        progress()

    stored = made.values()
    with (
        committing.cleanup_on_error(services, stored, BaseException),
        ThreadPoolExecutor(workers) as threads,
    ):
        try:
            for done in [threads.submit(develop, *each) for each in wanted]:
                done.result()
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    with (
        committing.cleanup_on_error(services, stored, SeedError, errors.StorageFull),
        services.database.writing() as tx,
    ):
        for merchant in merchants:
            _insert(services, tx, merchant, made)
    return len(made)


def _check_owner(conn: Connection, merchant: SeedMerchant, owner_id: int | None) -> None:
    """Pass unless a token that the seed names is another merchant's."""
    for number, token in enumerate(merchant.tokens):
        holder = tokens.find_owner(conn, hash_token(token.text))
        if holder is not None and holder != owner_id:
            with _for_place(f"{merchant.pointer}/tokens/{number}"):
                raise errors.ValidationFailed(errors.TokenTaken("token"))


def _receive(services: Services, picture: SeedImage, file: File) -> IncomingPhoto:
    if picture.write_photo is None:
        return receiving.download(services, PhotoLink(picture.link or "", "url"), file)
    picture.write_photo(file)
    return IncomingPhoto(file, field="file")


def _insert(
    services: Services, tx: Connection, merchant: SeedMerchant, made: dict[str, Version]
) -> None:
    now = services.clock()
    owner = tokens.find_merchant_id(tx, merchant.code)
    if owner is None:
        owner = tokens.add_merchant(tx, merchant.code, now, merchant.plan)
    tokens.lock_merchant(tx, owner)
    _check_owner(tx, merchant, owner)
    for token in merchant.tokens:
        _, row = access.build_token(token.scope, token.lifetime, now, token.text)
        tokens.upsert(tx, owner, row)
    for product in merchant.products:
        with _for_place(product.pointer):
            _add(services, tx, owner, product, made)


def _add(
    services: Services,
    tx: Connection,
    owner_id: int,
    product: SeedProduct,
    made: dict[str, Version],
) -> None:
    if product.sku and products.find_by_sku(tx, owner_id, product.sku) is not None:
        raise errors.ValidationFailed(errors.SkuTaken("sku", sku=product.sku))
    now = services.clock()
    number = _new_id(product.id, partial(products.exists, tx))
    products.add(tx, owner_id, ProductRow(number, product.name, product.sku), now)
    gallery = Gallery()
    for picture in product.images:
        with _for_place(picture.pointer):
            if picture.video_url is None:
                gallery.check_capacity()
            image = _new_id(picture.id, partial(images.exists, tx))
            after = gallery.attach(image, picture.change, picture.video_url)
            images.save_gallery(tx, number, gallery, after, now)
            gallery = after
            if picture.video_url is None:
                versions.add(tx, image, made[picture.pointer], None, now)


def _new_id(wanted: int | None, taken: Callable[[int], bool]) -> int:
    if wanted is None:
        return ids.new_id(taken)
    if taken(wanted):
        raise errors.ValidationFailed(errors.IdTaken("id", id=wanted))
    return wanted


@contextmanager
def _for_place(place: str) -> Iterator[None]:
    try:
        yield
    except errors.ServiceError as exc:
        raise SeedError(place, exc) from exc
