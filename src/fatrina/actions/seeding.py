"""Sow a whole shop at once: merchants, tokens, products and their pictures, all or nothing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from fatrina.actions import Parts, access, ids, ingest
from fatrina.actions.ingest import File, Linked, Photo, Storing
from fatrina.adapters.database import images, products, tokens, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import hashed
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.rate import DEFAULT
from fatrina.domain.version import Version

Bytes = Callable[[File], None]
"""Writes a picture's bytes into a file."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image or a video to be; `at` is its place in the seed, for whoever has to mend it."""

    at: str
    change: Change
    id: int | None = None
    bytes: Bytes | None = None
    link: str | None = None
    video: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product to be."""

    at: str
    name: str
    sku: str | None = None
    id: int | None = None
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A token to be; `text` is given where tests know it by heart."""

    text: str
    scope: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant to be, or one that is there already."""

    at: str
    code: str
    plan: str = DEFAULT
    tokens: Sequence[Token] = ()
    products: Sequence[Product] = ()


class SeedError(Exception):
    """Something of the seed cannot be sown: where, and why."""

    def __init__(self, at: str, refusal: errors.Refusal) -> None:
        super().__init__(at, refusal)
        self.at = at
        self.refusal = refusal


def seed(
    parts: Parts,
    merchants: Sequence[Merchant],
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
    with parts.housekeeping.exclusive("seed") as lease, ExitStack() as stack:

        def tick() -> None:
            lease.check()
            progress()

        return _seed(parts, merchants, workers, tick, Storing(parts, stack))


def _seed(
    parts: Parts,
    merchants: Sequence[Merchant],
    workers: int,
    progress: Callable[[], None],
    storing: Storing,
) -> int:
    wanted = [
        (merchant.code, picture)
        for merchant in merchants
        for product in merchant.products
        for picture in product.pictures
        if picture.video is None
    ]
    with parts.database.reading() as look:
        for merchant in merchants:
            _must_be_own(look, merchant, tokens.merchant_id(look, merchant.code))
    made: dict[str, Version] = {}

    def develop(code: str, picture: Picture) -> None:
        with _at(picture.at), parts.spool.new() as file:
            made[picture.at] = ingest.develop(parts, _arrived(parts, picture, file), code, storing)
        progress()

    stored = made.values()
    with (
        ingest.discarding(parts, stored, BaseException),
        ThreadPoolExecutor(workers) as threads,
    ):
        try:
            for done in [threads.submit(develop, *each) for each in wanted]:
                done.result()
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    with (
        ingest.discarding(parts, stored, SeedError, errors.StorageFull),
        parts.database.writing() as tx,
    ):
        for merchant in merchants:
            _sow(parts, tx, merchant, made)
    return len(made)


def _must_be_own(look: Connection, merchant: Merchant, owner: int | None) -> None:
    """Pass unless a token that the seed names is another merchant's."""
    for number, token in enumerate(merchant.tokens):
        holder = tokens.holder(look, hashed(token.text))
        if holder is not None and holder != owner:
            with _at(f"{merchant.at}/tokens/{number}"):
                raise errors.Invalid(errors.TokenTaken("token"))


def _arrived(parts: Parts, picture: Picture, file: File) -> Photo:
    if picture.bytes is None:
        return ingest.fetch(parts, Linked(picture.link or "", "url"), file)
    picture.bytes(file)
    return Photo(file, field="file")


def _sow(parts: Parts, tx: Connection, merchant: Merchant, made: dict[str, Version]) -> None:
    now = parts.clock()
    owner = tokens.merchant_id(tx, merchant.code)
    if owner is None:
        owner = tokens.add_merchant(tx, merchant.code, now, merchant.plan)
    tokens.lock(tx, owner)
    _must_be_own(tx, merchant, owner)
    for token in merchant.tokens:
        _, row = access.made(token.scope, token.milliseconds, now, token.text)
        tokens.replace(tx, owner, row)
    for product in merchant.products:
        with _at(product.at):
            _add(parts, tx, owner, product, made)


def _add(
    parts: Parts, tx: Connection, owner: int, product: Product, made: dict[str, Version]
) -> None:
    if product.sku and products.by_sku(tx, owner, product.sku) is not None:
        raise errors.Invalid(errors.SkuTaken("sku", sku=product.sku))
    now = parts.clock()
    number = _free(product.id, partial(products.exists, tx))
    products.add(tx, owner, ProductRow(number, product.name, product.sku), now)
    gallery = Gallery()
    for picture in product.pictures:
        with _at(picture.at):
            if picture.video is None:
                gallery.must_have_room()
            image = _free(picture.id, partial(images.exists, tx))
            after = gallery.attach(image, picture.change, picture.video)
            images.save(tx, number, gallery, after, now)
            gallery = after
            if picture.video is None:
                versions.add(tx, image, made[picture.at], None, now)


def _free(wanted: int | None, taken: Callable[[int], bool]) -> int:
    if wanted is None:
        return ids.fresh(taken)
    if taken(wanted):
        raise errors.Invalid(errors.IdTaken("id", id=wanted))
    return wanted


@contextmanager
def _at(place: str) -> Iterator[None]:
    try:
        yield
    except errors.Refusal as refusal:
        raise SeedError(place, refusal) from refusal
