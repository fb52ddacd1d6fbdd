"""A store with one product, on a real database and storage, and helpers for its actions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

from sqlalchemy import select, text

from fatrina.actions import Services, access, clock, images, products, videos
from fatrina.actions.images import AttachImage, UpdateImage
from fatrina.actions.receiving import IncomingPhoto
from fatrina.actions.webhooks.outbox import DatabaseOutbox
from fatrina.adapters.database import Database
from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.postgres_housekeeping import PostgresHousekeeping
from fatrina.adapters.database.schema import versions
from fatrina.adapters.decoder import DecoderPool
from fatrina.adapters.housekeeping import FileHousekeeping, Housekeeping
from fatrina.adapters.http_client import Downloader
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import LocalStorage
from fatrina.domain import video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change, GalleryEntry
from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import Original
from fatrina.domain.types import ImageId, MerchantId, Millis, ProductId, TokenId
from fatrina.domain.views import ImageView
from tests import sample_photos

NOW = Millis(1_800_000_000_000)
NO_CHANGE = Change()
VIDEO_URL = "https://youtu.be/dQw4w9WgXcQ"


class Clock(clock.Clock):
    """A clock that tests set."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW

    def __call__(self) -> Millis:
        return Millis(self.now)


class StubDownloader:
    """Replaces the network: `pages` has the bytes of each link."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}

    def fetch(self, link: str, write: Callable[[bytes], None]) -> None:
        write(self.pages[link])


class PhotoImage(NamedTuple):
    """An image that shows a photo, so that its original is not None."""

    entry: GalleryEntry
    original: Original

    @classmethod
    def of(cls, image: ImageView) -> Self:
        assert image.original is not None
        return cls(image.entry, image.original)


class ImageState(NamedTuple):
    """The state of an image that clients can see, with the hash of its photo."""

    sort: float
    default: bool
    alt: str | None
    sha256: str


@dataclass(frozen=True)
class Store:
    services: Services
    caller: Caller
    product: ProductId

    @classmethod
    @contextmanager
    def open(cls, database: Database, folder: Path, decoders: DecoderPool) -> Iterator[Self]:
        with database:
            yield cls._over(database, folder, decoders)

    @classmethod
    def _over(cls, database: Database, folder: Path, decoders: DecoderPool) -> Self:
        clock = Clock()
        services = Services(
            database=database,
            storage=LocalStorage(folder / "media"),
            housekeeping=_housekeeping(database, folder),
            spool=Spool(folder / "incoming", 10_000_000),
            decoders=decoders,
            downloader=cast("Downloader", StubDownloader()),
            clock=clock,
            outbox=DatabaseOutbox("", clock),
        )
        store = cls(
            services, Caller(MerchantId(1), "shop1", TokenId(1), frozenset({WRITE})), ProductId(0)
        )
        return replace(store, product=ProductId(store.create_product()))

    @property
    def folder(self) -> Path:
        """The data directory."""
        return cast("LocalStorage", self.services.storage).root.parent

    def lose_housekeeping_lock(self) -> None:
        """Delete the file of the housekeeping lock, or end the session that holds it."""
        if isinstance(self.services.database, PostgresDatabase):
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name"
            with self.services.database.reading() as conn:
                conn.execute(text(query + " LIKE 'fatrina-housekeeping %'"))
        else:
            (self.folder / "housekeeping").unlink(missing_ok=True)

    @property
    def clock(self) -> Clock:
        return cast("Clock", self.services.clock)

    @property
    def downloader(self) -> StubDownloader:
        return cast("StubDownloader", self.services.downloader)

    def create_product(self) -> int:
        return products.create(self.services, self.caller, "Lamp", None).id

    @contextmanager
    def upload(self, data: bytes) -> Iterator[IncomingPhoto]:
        with self.services.spool.create_file() as file:
            file.write(data)
            yield IncomingPhoto(file)

    def attach(
        self, data: bytes, change: Change = NO_CHANGE, product: ProductId | None = None
    ) -> PhotoImage:
        product_id = product or self.product
        with self.upload(data) as photo:
            command = AttachImage(change, photo)
            return PhotoImage.of(images.attach(self.services, self.caller, product_id, command))

    def attach_video(
        self, change: Change = NO_CHANGE, product: ProductId | None = None
    ) -> ImageView:
        product_id = product or self.product
        return videos.attach(self.services, self.caller, product_id, change, video.parse(VIDEO_URL))

    def update(self, image: ImageId, data: bytes | None, change: Change = NO_CHANGE) -> PhotoImage:
        with ExitStack() as stack:
            photo = None if data is None else stack.enter_context(self.upload(data))
            command = UpdateImage(change, photo)
            return PhotoImage.of(images.update(self.services, self.caller, image, command))

    def remove(self, image: ImageId) -> None:
        images.remove(self.services, self.caller, image)

    def image_states(self, product: ProductId | None = None) -> dict[int, ImageState]:
        """Return the states of the product's images, in gallery order, in one read; omit videos."""
        details = products.details(self.services, self.caller, product or self.product)
        digests = {row["handle"]: row["sha256"] for row in self.version_rows()}
        return {
            entry.id: ImageState(entry.sort, entry.default, entry.alt, digests[original.handle])
            for entry, original in ((each.entry, each.original) for each in details.images)
            if original is not None
        }

    def version_rows(self, image: ImageId | None = None) -> list[dict[str, Any]]:
        """Return the rows of all versions, the oldest first."""
        query = select(versions).order_by(versions.c.id)
        if image:
            query = query.where(versions.c.image_id == image)
        with self.services.database.reading() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    def stored_keys(self) -> set[str]:
        return {listed.key for listed in self.services.storage.list()}

    def referenced_keys(self) -> set[str]:
        """Return the keys of the files that must be stored according to the database."""
        rows = [row for row in self.version_rows() if row["purged_at"] is None]
        return {key for row in rows for key in _original(row).keys().values()}

    def check_consistency(self) -> None:
        """Check that exactly the referenced files are stored, and that the spool is empty."""
        assert self.stored_keys() == self.referenced_keys()
        assert not self.services.spool.count_leftovers()
        assert self.services.spool._used == 0


def _original(row: dict[str, Any]) -> Original:
    kind, size = ImageFormat(row["kind"]), (row["width"], row["height"])
    return Original("shop1", row["handle"], row["secret"], kind, *size)


def _housekeeping(database: Database, folder: Path) -> Housekeeping:
    if isinstance(database, PostgresDatabase):
        return PostgresHousekeeping(database)
    return FileHousekeeping(folder)


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def photo(seed: int) -> bytes:
    """Return a small photo that is different for each seed."""
    return sample_photos.jpeg(width=40, height=30, seed=seed)


def fill(database: Database) -> None:
    """Create two merchants and a token of the first; each test copies this database."""
    with database:
        database.migrate()
        for code in ("shop1", "shop2"):
            access.create_merchant(database, code, NOW)
        assert access.issue_token(database, "shop1", WRITE, Millis(10**9), NOW)
