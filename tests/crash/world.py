"""A small shop on disk, what is done to it, and what must be true of it at any time."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import select

from fatrina.actions import Services, access, backup, images, products
from fatrina.actions.clock import Clock
from fatrina.actions.images import AttachImage, UpdateImage
from fatrina.actions.receiving import IncomingPhoto, PhotoLink
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.actions.webhooks.outbox import DatabaseOutbox
from fatrina.adapters.database import Database, tokens
from fatrina.adapters.database.schema import images as image_rows
from fatrina.adapters.database.schema import merchants, versions
from fatrina.adapters.database.schema import products as product_rows
from fatrina.adapters.decoder import DecoderPool
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.http_client import Downloader
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import LocalStorage
from fatrina.data_directory import lock_data_directory
from fatrina.domain.access import WRITE, Caller, hash_token
from fatrina.domain.gallery import Change
from fatrina.domain.pagination import Page
from fatrina.domain.photo import ImageFormat, ImageInfo, Limits
from fatrina.domain.renditions import ROLES, Original
from fatrina.emulator.resetting import reset as reset_

DAY: Final = 86_400_000
KEEP: Final = 30 * DAY
NEW: Final = 0
"""Stands for the id of an image that was attached, which is random."""
_DUMP: Final = "dump.tar"


class Still(Clock):
    """A clock that stands still."""

    def __init__(self, now: int) -> None:
        super().__init__()
        self._now = now

    def __call__(self) -> int:
        return self._now


class StubDecoder:
    """Copies made-up bytes, from which the photo and the role can be told."""

    def __init__(self) -> None:
        self._digest = ""

    def open(self, photo: int, limits: Limits, *, plain: bool = False) -> ImageInfo:
        self._digest = sha256(os.pread(photo, limits.bytes, 0)).hexdigest()
        return ImageInfo(ImageFormat.JPEG, 2000, 1000)

    def render(self, files: list[int]) -> None:
        for role, file in zip(ROLES, files, strict=True):
            os.write(file, made(role, self._digest))


class StubDecoders:
    """Stands in for the processes, which are tried elsewhere."""

    limits = Limits()

    @contextmanager
    def acquire(self) -> Iterator[StubDecoder]:
        yield StubDecoder()


class StubDownloader:
    """Stands in for the network: what is behind a link is the link itself."""

    def fetch(self, link: str, write: Callable[[bytes], None]) -> None:
        write(link.encode())


def made(role: str, digest: str) -> bytes:
    """The bytes of one size of one photo."""
    return f"{role} of {digest}\n".encode() * len(role)


class Shop(NamedTuple):
    """One merchant's product with three images, and a product of another that has none."""

    folder: Path
    caller: Caller
    product: int
    first: int
    second: int
    newcomer: Caller
    empty: int


def services(folder: Path, now: int) -> Services:
    """The outside world over a data folder; only the decoders are stand-ins."""
    clock = Still(now)
    return Services(
        database=_database(folder / "fatrina.sqlite3"),
        storage=LocalStorage(folder / "media"),
        housekeeping=Housekeeping(folder),
        spool=Spool(folder / "incoming", 1_000_000),
        decoders=cast("DecoderPool", StubDecoders()),
        downloader=cast("Downloader", StubDownloader()),
        clock=clock,
        outbox=DatabaseOutbox("", clock),
    )


class _ReusableDatabase(Database):
    """A database that can be opened again after it was closed; it keeps its compiled statements."""

    def close(self) -> None:
        super().close()
        self._closed = False


@cache
def _database(path: Path) -> Database:
    """One for all the runs."""
    return _ReusableDatabase(path)


@contextmanager
def arrived(world: Services, data: bytes) -> Iterator[IncomingPhoto]:
    """A photo that was uploaded."""
    with world.spool.create_file() as file:
        file.write(data)
        yield IncomingPhoto(file)


def lay(folder: Path, now: int) -> Shop:
    """Lay out the shop: one picture is past its time, another's bytes nobody owns.

    A dump beside it is of a moment at which the last picture was not there yet.
    """
    past = services(folder, now - KEEP - DAY)
    past.database.migrate()
    caller, product = _merchant(past, "shop1")
    newcomer, empty = _merchant(past, "shop2")
    ids = []
    for data in (b"one", b"two", b"three"):
        with (folder / _DUMP).open("wb") as out:
            backup.dump(past.database, past.storage, out, _nothing)
        with arrived(past, data) as photo:
            ids.append(images.attach(past, caller, product, AttachImage(Change(), photo)).entry.id)
    with arrived(past, b"another one") as photo:
        images.update(past, caller, ids[0], UpdateImage(Change(), photo))
    litter = Original("shop1", "b" * 12, "c" * 32, ImageFormat.JPEG, 9, 9)
    with past.spool.create_file() as file:
        file.write(b"litter")
        past.storage.put({litter.key("original"): file.path})
    past.database.close()
    return Shop(folder, caller, product, ids[0], ids[1], newcomer, empty)


def _merchant(world: Services, code: str) -> tuple[Caller, int]:
    now = world.clock()
    access.create_merchant(world.database, code, now)
    token = access.issue_token(world.database, code, WRITE, 10 * KEEP, now)
    with world.database.reading() as conn:
        caller = tokens.find_caller(conn, hash_token(token or ""), now)
    assert caller is not None
    return caller, products.create(world, caller, "Lamp", None).id


# What is done


def update(world: Services, shop: Shop) -> None:
    """A new picture for the main image, which gives the default up and moves."""
    with arrived(world, b"new") as photo:
        change = Change(default=False, sort=9.0, alt="new")
        images.update(world, shop.caller, shop.first, UpdateImage(change, photo))


def same(world: Services, shop: Shop) -> None:
    """The same picture again, with everything else new."""
    with arrived(world, b"two") as photo:
        change = Change(default=True, sort=0.5, alt="same")
        images.update(world, shop.caller, shop.second, UpdateImage(change, photo))


def attach(world: Services, shop: Shop) -> None:
    """One image more, which takes the default."""
    with arrived(world, b"new") as photo:
        change = Change(default=True, sort=1.5, alt="new")
        images.attach(world, shop.caller, shop.product, AttachImage(change, photo))


def first(world: Services, shop: Shop) -> None:
    """A merchant's first image: no folder of its own is there yet."""
    with arrived(world, b"new") as photo:
        images.attach(world, shop.newcomer, shop.empty, AttachImage(Change(), photo))


def create(world: Services, shop: Shop) -> None:
    """A product with two images at once."""
    links = [PhotoLink(f"https://user.example/{name}") for name in ("one", "two")]
    pictures = [(Change(alt=link.url), link) for link in links]
    products.create(world, shop.newcomer, "Vase", "v-1", pictures)


def delete(world: Services, shop: Shop) -> None:
    """Take the main image out."""
    images.remove(world, shop.caller, shop.first)


def sweep(world: Services, shop: Shop) -> None:
    """Delete what is past its time, and the litter."""
    del shop
    Sweeper(world.database, world.storage, world.housekeeping, trust_clock=True).sweep(
        world.clock(), KEEP
    )


def reset(world: Services, _: Shop) -> None:
    """Empty the service but for the merchants."""
    reset_(world.database, world.storage, world.housekeeping, keep_merchants=True)


def restore(world: Services, shop: Shop) -> None:
    """Put back what was dumped: two pictures that are there still, and the rows of back then."""
    with (shop.folder / _DUMP).open("rb") as file:
        backup.restore(
            *(world.database, world.storage, world.housekeeping), world.spool, file, _nothing
        )


def _nothing() -> None:
    """Tell nobody how far it is."""


ACTIONS: Final[dict[str, Callable[[Services, Shop], None]]] = {
    each.__name__: each
    for each in (update, same, attach, first, create, delete, sweep, reset, restore)
}


# What must be true

State = list[tuple[Any, ...]]
"""How many products there are; of each image id, sort, default, alt, and the hash of its photo."""


def state(world: Services, shop: Shop) -> State:
    """What all products show; every file of it is there, whole and of one picture."""
    found: State = []
    listed = [products.list_products(world, each, Page()) for each in (shop.caller, shop.newcomer)]
    found.append(tuple(each.total for each in listed))
    for product in (product for each in listed for product in each.products):
        shown = product.images
        assert sum(image.entry.default for image in shown) == bool(shown)
        with world.database.reading() as conn:
            rows = conn.execute(
                select(versions.c.handle, versions.c.sha256).where(versions.c.retired_at.is_(None))
            )
            digests = {row.handle: row.sha256 for row in rows}
        for image in shown:
            assert image.original is not None
            known = image.entry.id if image.entry.id in (shop.first, shop.second) else NEW
            entry, digest = image.entry, digests[image.original.handle]
            found.append((known, entry.sort, entry.default, entry.alt, digest))
            _whole(world, image.original, digest)
    return found


def _whole(world: Services, original: Original, digest: str) -> None:
    for role, key in original.keys().items():
        blob = world.storage.open(key)
        assert b"".join(blob.chunks(0, 10_000)) == made(role, digest), f"{role} of another picture"
        blob.close()


def kept(world: Services) -> dict[str, int | None]:
    """The keys of all bytes that must be there, and when each was retired."""
    v = versions.c
    keys: dict[str, int | None] = {}
    with world.database.reading() as conn:
        rows = conn.execute(
            select(
                *(merchants.c.code, v.handle, v.secret, v.kind, v.width, v.height),
                *(v.sha256, v.retired_at),
            )
            .select_from(versions.join(image_rows).join(product_rows).join(merchants))
            .where(v.purged_at.is_(None))
        ).all()
    for code, handle, secret, kind, width, height, digest, retired in rows:
        original = Original(code, handle, secret, ImageFormat(kind), width, height)
        _whole(world, original, digest)
        keys |= dict.fromkeys(original.keys().values(), retired)
    return keys


def restarted(shop: Shop, now: int) -> State:
    """What the shop shows after a restart; one sweep removes the litter, and nothing but it."""
    with lock_data_directory(shop.folder) as folder:
        assert folder.is_owner
        world = services(shop.folder, now)
        try:
            world.spool.clear()
            found = state(world, shop)
            _swept(world, now)
            assert state(world, shop) == found
        finally:
            world.database.close()
    assert not list((shop.folder / "incoming").iterdir())
    return found


def _swept(world: Services, now: int) -> None:
    referenced = kept(world)
    stored = {listed.key for listed in world.storage.list()}
    assert referenced.keys() <= stored
    due = {key for key, retired in referenced.items() if retired and retired < now - KEEP}
    broom = Sweeper(world.database, world.storage, world.housekeeping, trust_clock=True)
    swept = broom.sweep(now, KEEP)
    assert swept == SweepResult(len(due) // len(ROLES), len(stored - referenced.keys()))
    assert {listed.key for listed in world.storage.list()} == referenced.keys() - due
    assert broom.sweep(now, KEEP) == SweepResult(0, 0)
