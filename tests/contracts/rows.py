"""Sample rows for the database tests."""

from sqlalchemy import Connection

from fatrina.adapters.database import images, versions
from fatrina.domain.gallery import Change, GalleryEntry
from fatrina.domain.photo import ImageFormat
from fatrina.domain.renditions import Original
from fatrina.domain.types import ImageId, Millis, ProductId
from fatrina.domain.version import Source, Version

PRODUCT, OTHER = 20_000_000, 20_000_001


def version(number: int) -> Version:
    original = Original("shop1", f"{number:012}", "s" * 32, ImageFormat.WEBP, 1200, 800)
    return Version(original, Source(2**40, "f" * 64, None), frames=3)


def attach(
    tx: Connection, image: int, product: int = PRODUCT, change: Change | None = None
) -> None:
    before = images.load_gallery(tx, ProductId(product))
    images.save_gallery(
        tx, ProductId(product), before, before.attach(ImageId(image), change or Change()), Millis(5)
    )
    versions.add(tx, ImageId(image), version(image), None, Millis(5))


def entry(image: int, alt: str | None = None) -> GalleryEntry:
    return GalleryEntry(ImageId(image), 1, 2.5, default=True, alt=alt)
